package falcon.torch.reconstruction;

import falcon.model.ExamplesFirst;
import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Replacements;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.ChannelMoments;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/// Gives the outputs of pruned layers the means and variances that they have in the dense network,
/// channel by channel, through the layers' weights and biases:
///
/// ```
/// w_i ← s_i w_i     b_i ← b̄_i + μ̄_i − s_i μ_i      s_i = σ̄_i / σ_i
/// ```
///
/// with μ and σ of the products over samples and positions, the bar for the dense network; those of
/// a layer are taken after all earlier layers have their new weights. This is what
/// [BatchNormRefresh] does where a BatchNormalization follows the layer; zeros stay zeros.
public final class ChannelRestoration {
  /// Deviation below which a channel counts as constant, as a share of the dense one.
  private static final double LEAST = 1e-3;

  private ChannelRestoration() {}

  /// A layer that can be restored.
  private record Layer(LayerMatrix matrix, LayerNeighbourhood neighbourhood) {
    LayerMatrix.Use use() {
      return matrix.uses().getFirst();
    }
  }

  /// Returns whether a network has pruned layers that can be restored: layers with one use, a bias
  /// of their own, and weights that are not the dense ones. Recurrent layers cannot.
  public static boolean isPossible(Network dense, Network pruned) {
    return !layers(new GraphProgram(ExamplesFirst.of(dense)), pruned).isEmpty();
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
      List<Layer> layers = layers(loadedDense.program(), pruned);
      if (layers.isEmpty()) {
        return pruned;
      }
      int fitting = StreamedPass.fitting(loaded, samples, bytes, 2);
      List<ChannelMoments> wanted = new ArrayList<>();
      try (var pass = new StreamedPass(loadedDense, samples, 0, fitting, workers)) {
        layers.forEach(layer -> wanted.add(moments(pass, layer.use())));
      }
      try (var pass = new StreamedPass(loaded, samples, 0, fitting, workers)) {
        var replacements = new Replacements(loaded);
        for (int l = 0; l < layers.size(); l++) {
          Layer layer = layers.get(l);
          restore(layer, moments(pass, layer.use()), wanted.get(l), replacements);
        }
        return replacements.into(pruned);
      }
    }
  }

  /// Returns the moments of a layer's outputs, and leaves the pass in front of the layer.
  private static ChannelMoments moments(StreamedPass pass, LayerMatrix.Use use) {
    return ChannelMoments.join(
        pass.visit((execution, _) -> {
          execution.runTo(use.nodeIndex());
          try (var ahead = execution.fork()) {
            ahead.watch(use.output());
            ahead.runTo(use.nodeIndex() + 1);
            return ChannelMoments.of(ahead.value(use.output()), use.geometry().outputAxis());
          }
        }));
  }

  private static void restore(
      Layer layer, ChannelMoments found, ChannelMoments wanted, Replacements replacements) {
    String added = LayerNeighbourhood.biasOperand(layer.use());
    float[] mean = found.mean();
    var shift = new float[mean.length];
    float[] inOutput = added == null ? shift.clone() : replacements.values(added);
    float[] denseMean = wanted.mean();
    float[] variance = found.unbiasedVariance();
    float[] denseVariance = wanted.unbiasedVariance();
    float[] weights = replacements.values(layer.matrix().tensorName());
    for (int i = 0; i < shift.length; i++) {
      double deviation = Math.sqrt(variance[i]);
      double denseDeviation = Math.sqrt(denseVariance[i]);
      double scale = deviation > LEAST * denseDeviation ? denseDeviation / deviation : 1;
      for (int at : layer.matrix().order().indexes(i, 1)) {
        weights[at] *= (float) scale;
      }
      shift[i] = (float) (denseMean[i] - scale * (mean[i] - inOutput[i]));
    }
    replacements.put(layer.matrix().tensorName(), weights);
    layer.neighbourhood().applyShift(shift, replacements);
  }

  /// Returns the layers that can be restored, in the order of their nodes.
  private static List<Layer> layers(GraphProgram program, Network pruned) {
    Network dense = program.network();
    var layers = new ArrayList<Layer>();
    dense
        .initializers()
        .forEach((name, tensor) -> {
          if (tensor.shape().size() > 1
              && !Objects.equals(pruned.initializers().get(name), tensor)) {
            LayerMatrix matrix = LayerMatrix.solvable(program, name);
            if (matrix != null && !matrix.products().getFirst().isRecurrent()) {
              layers.add(new Layer(matrix, LayerNeighbourhood.of(program, matrix)));
            }
          }
        });
    layers.removeIf(layer -> !layer.neighbourhood().canShift());
    layers.sort(Comparator.comparingInt(layer -> layer.use().nodeIndex()));
    return layers;
  }
}
