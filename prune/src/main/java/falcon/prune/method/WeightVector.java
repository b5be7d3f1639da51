package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.prune.options.PruningException;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/// Converts the prunable weights of a network to one vector, in the order of a [CostTable], and
/// back.
public final class WeightVector {
  private WeightVector() {}

  /// Requires all prunable weights to be finite.
  ///
  /// @throws PruningException if one is not; the message names layer and weight
  public static void requireFinite(Network network, CostTable costs) {
    for (CostTable.Layer layer : costs.layers()) {
      requireFinite(layer, network.tensor(layer.name()).toFloats());
    }
  }

  private static void requireFinite(CostTable.Layer layer, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "Weight %d of layer '%s' is %s.%nThe network is damaged or its training diverged; only finite weights can be pruned."
                .formatted(i, layer.name(), values[i]));
      }
    }
  }

  /// Returns all prunable weights, `[p]`.
  ///
  /// @throws PruningException if one is not finite; the message names layer and weight
  public static float[] of(Network network, CostTable costs) {
    var weights = new float[costs.weightCount()];
    for (CostTable.Layer layer : costs.layers()) {
      float[] values = network.tensor(layer.name()).toFloats();
      requireFinite(layer, values);
      System.arraycopy(values, 0, weights, layer.offset(), layer.count());
    }
    return weights;
  }

  /// Returns the prunable weights that are not zero.
  public static Mask nonZero(Network network, CostTable costs) {
    return nonZero(network::tensor, costs);
  }

  /// Returns the prunable weights that are not zero.
  ///
  /// @param tensors the weight tensor of each layer, by name
  public static Mask nonZero(Function<String, Tensor> tensors, CostTable costs) {
    var words = new long[Mask.wordCount(costs.weightCount())];
    for (CostTable.Layer layer : costs.layers()) {
      float[] values = tensors.apply(layer.name()).toFloats();
      for (int i = 0; i < values.length; i++) {
        if (values[i] != 0) {
          words[(layer.offset() + i) >> 6] |= 1L << (layer.offset() + i);
        }
      }
    }
    return Mask.ofWords(costs.weightCount(), words);
  }

  /// Returns the indexes of the weights that a mask keeps, by tensor.
  public static Map<String, BitSet> kept(Mask mask, CostTable costs) {
    var kept = new LinkedHashMap<String, BitSet>();
    for (CostTable.Layer layer : costs.layers()) {
      var ofLayer = new BitSet(layer.count());
      for (int i = 0; i < layer.count(); i++) {
        ofLayer.set(i, mask.isKept(layer.offset() + i));
      }
      kept.put(layer.name(), ofLayer);
    }
    return kept;
  }

  /// Returns the network with the given prunable weights, zero where the mask does not keep them.
  public static Network into(Network network, float[] weights, Mask mask, CostTable costs) {
    var replaced = new LinkedHashMap<String, Tensor>();
    for (CostTable.Layer layer : costs.layers()) {
      var values = new float[layer.count()];
      for (int i = 0; i < values.length; i++) {
        values[i] = mask.isKept(layer.offset() + i) ? weights[layer.offset() + i] : 0f;
      }
      replaced.put(layer.name(), network.tensor(layer.name()).withFloats(values));
    }
    return network.withTensors(replaced);
  }
}
