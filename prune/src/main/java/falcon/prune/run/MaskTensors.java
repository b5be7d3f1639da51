package falcon.prune.run;

import falcon.budget.Mask;
import falcon.model.DataType;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.WeightStorage;
import falcon.prune.plan.PruningPlan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Converts a mask to tensors: one of BOOL for each prunable tensor, of its name and shape, where
/// 1 = kept.
public final class MaskTensors {
  private MaskTensors() {}

  /// Returns the tensors of a mask, in graph order.
  public static StateDict of(Mask mask, List<PruningPlan.PrunableLayer> layers) {
    var tensors = new LinkedHashMap<String, Tensor>();
    int offset = 0;
    for (PruningPlan.PrunableLayer layer : layers) {
      var kept = new byte[layer.count()];
      for (int i = 0; i < kept.length; i++) {
        kept[i] = mask.isKept(offset + i) ? (byte) 1 : 0;
      }
      tensors.put(layer.name(), Tensor.ofBytes(DataType.BOOL, layer.shape(), kept));
      offset += layer.count();
    }
    return new StateDict(tensors, Map.of());
  }

  /// Returns the tensors of a mask as those of the constants that a file holds: a layer that is a
  /// part of a constant, or made of several, marks its elements of theirs. Elements of a constant
  /// that no layer is made of are kept.
  ///
  /// @param masks of all layers
  /// @param storages how the file stores layers, by layer
  static StateDict stored(StateDict masks, Map<String, WeightStorage> storages) {
    var stored = new LinkedHashMap<String, Tensor>();
    masks
        .tensors()
        .forEach((layer, mask) -> {
          WeightStorage storage = storages.get(layer);
          if (storage == null || storage.constants().containsKey(layer)) {
            stored.put(layer, mask);
          } else {
            storage
                .weightByElement()
                .forEach((constant, weights) ->
                    stored.put(
                        constant,
                        marked(
                            Objects.requireNonNull(storage.constants().get(constant)),
                            stored.get(constant),
                            weights,
                            mask)));
          }
        });
    return new StateDict(stored, Map.of());
  }

  private static Tensor marked(
      List<Long> shape, @Nullable Tensor before, int[] weights, Tensor mask) {
    var kept = new byte[weights.length];
    for (int i = 0; i < kept.length; i++) {
      byte earlier = before == null ? 1 : before.bytes().get(i);
      kept[i] = weights[i] < 0 ? earlier : mask.bytes().get(weights[i]);
    }
    return Tensor.ofBytes(DataType.BOOL, shape, kept);
  }

  /// Returns the mask that tensors of this form hold.
  ///
  /// @throws IllegalArgumentException if a layer's tensor is missing or of another type or shape
  static Mask mask(StateDict state, List<PruningPlan.PrunableLayer> layers) {
    var kept = new boolean[layers.stream().mapToInt(PruningPlan.PrunableLayer::count).sum()];
    int offset = 0;
    for (PruningPlan.PrunableLayer layer : layers) {
      Tensor tensor = state.tensors().get(layer.name());
      if (tensor == null
          || tensor.type() != DataType.BOOL
          || !tensor.shape().equals(layer.shape())) {
        throw new IllegalArgumentException(
            "the mask of '%s' is %s, wanted is BOOL%s"
                .formatted(layer.name(), tensor == null ? "missing" : tensor, layer.shape()));
      }
      for (int i = 0; i < layer.count(); i++) {
        kept[offset + i] = tensor.bytes().get(i) != 0;
      }
      offset += layer.count();
    }
    return Mask.ofKept(kept);
  }
}
