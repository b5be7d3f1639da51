package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Node;
import falcon.torch.Precision;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Replacements;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;

/// Re-estimates BatchNormalization's running mean and variance.
///
/// The statistics are exact averages over all samples, layer after layer: those of a layer are
/// taken of its inputs after all earlier layers are normalised with their new statistics. There is
/// no momentum and no dependence on the division of the samples. The variance is the unbiased one,
/// as in training.
public final class BatchNormRefresh {
  /// Default limit of the bytes of the values of samples in progress.
  public static final long DEFAULT_BYTES = 4L << 30;

  private BatchNormRefresh() {}

  /// Refreshes like the longer method, with [#DEFAULT_BYTES].
  public static Network refresh(Network network, SampleSource samples, Workers workers) {
    return refresh(network, samples, DEFAULT_BYTES, workers);
  }

  /// Refreshes the statistics of a network.
  ///
  /// @param bytes greatest size of the values of samples in progress: where not all samples fit,
  ///     the first ones that do are used
  /// @return the network with new statistics, otherwise unchanged; statistics that several nodes
  ///     share, or that are computed, stay
  public static Network refresh(
      Network network, SampleSource samples, long bytes, Workers workers) {
    if (network.nodes().stream().noneMatch(node -> node.is("BatchNormalization"))) {
      return network;
    }
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      List<Node> nodes = loaded.program().nodes();
      int fitting = StreamedPass.fitting(loaded, samples, bytes, 1);
      try (var pass = new StreamedPass(loaded, samples, 0, fitting, workers)) {
        var replacements = new Replacements(loaded);
        for (int i = 0; i < nodes.size(); i++) {
          Node node = nodes.get(i);
          if (node.is("BatchNormalization") && hasOwnStatistics(loaded.program(), node)) {
            int number = i;
            ChannelMoments moments =
                ChannelMoments.join(
                    pass.visit((execution, _) -> {
                      execution.runTo(number);
                      return ChannelMoments.of(execution.value(node.inputs().getFirst()), 1);
                    }));
            replacements.put(node.inputs().get(3), moments.mean());
            replacements.put(node.inputs().get(4), moments.unbiasedVariance());
          }
        }
        return replacements.into(network);
      }
    }
  }

  private static boolean hasOwnStatistics(GraphProgram program, Node node) {
    return node.inputs().subList(3, 5).stream()
        .allMatch(
            name -> program.network().initializers().containsKey(name) && program.uses(name) == 1);
  }
}
