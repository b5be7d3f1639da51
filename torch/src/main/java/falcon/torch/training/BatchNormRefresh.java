package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Node;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Replacements;
import falcon.torch.execution.StreamedPass;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

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
            Moments moments =
                Moments.join(
                    pass.visit((execution, _) -> {
                      execution.runTo(number);
                      return Moments.of(execution.value(node.inputs().getFirst()));
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

  /// Count, mean and sum of squared deviations per channel.
  private static final class Moments {
    private long count;
    private final double[] mean;
    private final double[] squares;

    private Moments(long count, double[] mean, double[] squares) {
      this.count = count;
      this.mean = mean;
      this.squares = squares;
    }

    static Moments of(Tensor values) {
      try (var _ = new PointerScope()) {
        // Channels last: with one row per position the reduction runs over contiguous memory.
        Tensor rows = values.movedim(1, values.dim() - 1).reshape(-1, values.size(1));
        var varianceAndMean =
            torch.var_mean(rows, new long[] {0}, new ScalarOptional(new Scalar(0)), false);
        double[] squares = Torch.doubles(varianceAndMean.get0());
        double[] mean = Torch.doubles(varianceAndMean.get1());
        long count = values.numel() / mean.length;
        for (int c = 0; c < squares.length; c++) {
          squares[c] *= count;
        }
        return new Moments(count, mean, squares);
      }
    }

    /// Joins moments by the update of Chan, Golub and LeVeque, in chunk order.
    static Moments join(List<Moments> parts) {
      Moments joined = parts.getFirst();
      for (Moments part : parts.subList(1, parts.size())) {
        long count = joined.count + part.count;
        for (int c = 0; c < joined.mean.length; c++) {
          double difference = part.mean[c] - joined.mean[c];
          joined.mean[c] += difference * part.count / count;
          joined.squares[c] +=
              part.squares[c] + difference * difference * joined.count * part.count / count;
        }
        joined.count = count;
      }
      return joined;
    }

    float[] mean() {
      var values = new float[mean.length];
      for (int c = 0; c < values.length; c++) {
        values[c] = (float) mean[c];
      }
      return values;
    }

    float[] unbiasedVariance() {
      var values = new float[squares.length];
      for (int c = 0; c < values.length; c++) {
        values[c] = (float) (squares[c] / Math.max(1, count - 1));
      }
      return values;
    }
  }
}
