package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Replacements;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.WeightOrder;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Gives the outputs of pruned layers the means and variances that they have in the dense network,
/// channel by channel, through the layers' weights and biases:
///
/// ```
/// w_i ← s_i w_i     b_i ← μ̄_i − s_i (μ_i − b_i)      s_i = σ̄_i / σ_i
/// ```
///
/// with μ and σ over samples and positions, the bar for the dense network; those of a layer are
/// taken after all earlier layers have their new weights. This is what [BatchNormRefresh] does
/// where a BatchNormalization follows the layer; zeros stay zeros.
public final class ChannelRestoration {
  /// Deviation below which a channel counts as constant, as a share of the dense one.
  private static final double LEAST = 1e-3;

  private ChannelRestoration() {}

  /// A layer that can be restored.
  ///
  /// @param weights name of the weights
  /// @param use the node that multiplies by them
  /// @param axis axis of the products' channels; -1 for the last
  /// @param bias name of the bias
  /// @param isBiasBehind whether the bias is added by the node behind, not in the products
  private record Layer(
      String weights, LayerMatrix.Use use, int axis, String bias, boolean isBiasBehind) {}

  /// Returns whether a network has pruned layers that can be restored: convolutions and linear
  /// layers with a bias of their own, whose weights are not the dense ones.
  public static boolean isPossible(Network dense, Network pruned) {
    return !layers(new GraphProgram(pruned), dense, pruned).isEmpty();
  }

  /// Restores the means and variances of a pruned network.
  ///
  /// @param pruned the dense network with other weights
  /// @param bytes greatest size of the values of samples in progress: where not all samples fit,
  ///     the first ones that do are used
  /// @return the network with new weights and biases in the layers of [#isPossible]; all other
  ///     tensors are unchanged
  public static Network restore(
      Network dense, Network pruned, SampleSource samples, long bytes, Workers workers) {
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(pruned, Precision.FLOAT32)) {
      List<Layer> layers = layers(loaded.program(), dense, pruned);
      if (layers.isEmpty()) {
        return pruned;
      }
      int fitting = StreamedPass.fitting(loaded, samples, bytes, 2);
      List<ChannelMoments> wanted = new ArrayList<>();
      try (var pass = new StreamedPass(loadedDense, samples, 0, fitting, workers)) {
        layers.forEach(layer -> wanted.add(moments(pass, layer)));
      }
      try (var pass = new StreamedPass(loaded, samples, 0, fitting, workers)) {
        var replacements = new Replacements(loaded);
        for (int l = 0; l < layers.size(); l++) {
          replace(layers.get(l), moments(pass, layers.get(l)), wanted.get(l), replacements, loaded);
        }
        return replacements.into(pruned);
      }
    }
  }

  /// Returns the moments of a layer's products, and leaves the pass in front of the layer.
  private static ChannelMoments moments(StreamedPass pass, Layer layer) {
    int node = layer.use().nodeIndex();
    return ChannelMoments.join(
        pass.visit((execution, _) -> {
          execution.runTo(node);
          try (var ahead = execution.fork()) {
            ahead.watch(layer.use().output());
            ahead.runTo(node + 1);
            return ChannelMoments.of(ahead.value(layer.use().output()), layer.axis());
          }
        }));
  }

  private static void replace(
      Layer layer,
      ChannelMoments found,
      ChannelMoments wanted,
      Replacements replacements,
      LoadedNetwork loaded) {
    WeightOrder order = LayerMatrix.of(loaded.program(), layer.weights()).order();
    float[] weights = replacements.values(layer.weights());
    float[] bias = replacements.values(layer.bias());
    float[] mean = found.mean();
    float[] denseMean = wanted.mean();
    float[] variance = found.unbiasedVariance();
    float[] denseVariance = wanted.unbiasedVariance();
    for (int i = 0; i < bias.length; i++) {
      double deviation = Math.sqrt(variance[i]);
      double denseDeviation = Math.sqrt(denseVariance[i]);
      double scale = deviation > LEAST * denseDeviation ? denseDeviation / deviation : 1;
      for (int at : order.indexes(i, 1)) {
        weights[at] *= (float) scale;
      }
      double restored =
          layer.isBiasBehind()
              ? bias[i] + denseMean[i] - scale * mean[i]
              : denseMean[i] - scale * (mean[i] - bias[i]);
      bias[i] = (float) restored;
    }
    replacements.put(layer.weights(), weights);
    replacements.put(layer.bias(), bias);
  }

  /// Returns the layers that can be restored, in the order of their nodes.
  private static List<Layer> layers(GraphProgram program, Network dense, Network pruned) {
    var layers = new ArrayList<Layer>();
    pruned
        .initializers()
        .forEach((name, tensor) -> {
          if (tensor.shape().size() > 1
              && !Objects.equals(tensor, dense.initializers().get(name))) {
            Layer layer = layer(program, name);
            if (layer != null) {
              layers.add(layer);
            }
          }
        });
    layers.sort((a, b) -> Integer.compare(a.use().nodeIndex(), b.use().nodeIndex()));
    return layers;
  }

  /// @return null if it cannot be restored
  private static @Nullable Layer layer(GraphProgram program, String weights) {
    LayerMatrix matrix = LayerMatrix.solvable(program, weights);
    if (matrix == null || matrix.uses().size() != 1) {
      return null;
    }
    LayerMatrix.Use use = matrix.uses().getFirst();
    Node node = use.node();
    int outputs = matrix.order().groups() * matrix.order().outputs();
    if (node.is("Conv") || isPlainGemm(node, use)) {
      String bias = node.inputs().size() > 2 ? node.input(2) : null;
      return bias != null && isOwn(program, bias, outputs)
          ? new Layer(weights, use, 1, bias, false)
          : null;
    }
    if (node.is("MatMul") && use.operand() == 1) {
      String bias = biasBehind(program, use.output(), outputs);
      return bias == null ? null : new Layer(weights, use, -1, bias, true);
    }
    return null;
  }

  private static boolean isPlainGemm(Node node, LayerMatrix.Use use) {
    return node.is("Gemm")
        && use.operand() == 1
        && node.integer("transA", 0) == 0
        && node.real("alpha", 1) == 1
        && node.real("beta", 1) == 1;
  }

  /// Returns the bias that the only reader of some products adds; null if there is none.
  private static @Nullable String biasBehind(GraphProgram program, String products, int outputs) {
    List<Node> readers = program.network().consumers(products);
    if (readers.size() != 1 || program.uses(products) != 1 || !readers.getFirst().is("Add")) {
      return null;
    }
    return readers.getFirst().inputs().stream()
        .filter(name -> isOwn(program, name, outputs))
        .findFirst()
        .orElse(null);
  }

  /// Returns whether a value is a bias of a number for each output that nothing else reads.
  private static boolean isOwn(GraphProgram program, String name, int outputs) {
    Tensor bias = program.network().initializers().get(name);
    return bias != null
        && bias.type().isFloatingPoint()
        && bias.shape().equals(List.of((long) outputs))
        && program.uses(name) == 1;
  }
}
