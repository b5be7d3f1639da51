package falcon.torch;

import falcon.model.Network;
import falcon.model.Node;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Estimates BatchNormalization's running mean and variance anew.
///
/// Exact averages over all samples, layer after layer: the statistics of a layer are those of its inputs
/// once all earlier layers are normalised with their new ones. No momentum, no dependence on how the
/// samples are cut. The variance is the unbiased one, as in training.
public final class BatchNormRefresh {
  private BatchNormRefresh() {}

  /// @return the network with new statistics, otherwise the same
  public static Network refresh(Network network, SampleSource samples, Workers workers) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32);
        var pass = new StreamedPass(loaded, samples, workers)) {
      var replacements = new Replacements(loaded);
      List<Node> nodes = network.nodes();
      for (int i = 0; i < nodes.size(); i++) {
        Node node = nodes.get(i);
        if (node.is("BatchNormalization")) {
          String input = node.inputs().getFirst();
          Moments moments =
              Moments.join(
                  pass.advance(i, (execution, chunk) -> Moments.of(execution.value(input))));
          replacements.put(node.inputs().get(3), moments.mean());
          replacements.put(node.inputs().get(4), moments.unbiasedVariance());
        }
      }
      return replacements.into(network);
    }
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
        // channels last: with one row a position the reduction runs over contiguous memory
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

    /// Chan, Golub and LeVeque's update, in chunk order.
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
