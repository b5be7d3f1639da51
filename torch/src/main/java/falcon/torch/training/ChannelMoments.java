package falcon.torch.training;

import falcon.torch.Torch;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Count, mean and sum of squared deviations of each channel of a value.
public final class ChannelMoments {
  private long count;
  private final double[] mean;
  private final double[] squares;

  private ChannelMoments(long count, double[] mean, double[] squares) {
    this.count = count;
    this.mean = mean;
    this.squares = squares;
  }

  /// Returns the moments of a value's channels.
  ///
  /// @param axis axis of the channels, negative: counted from the last
  public static ChannelMoments of(Tensor values, int axis) {
    long rank = values.dim();
    long channels = Math.floorMod(axis, rank);
    try (var _ = new PointerScope()) {
      // Channels last: with one row per position the reduction runs over contiguous memory.
      Tensor rows = values.movedim(channels, rank - 1).reshape(-1, values.size(channels));
      var varianceAndMean =
          torch.var_mean(rows, new long[] {0}, new ScalarOptional(new Scalar(0)), false);
      double[] squares = Torch.doubles(varianceAndMean.get0());
      double[] mean = Torch.doubles(varianceAndMean.get1());
      long count = values.numel() / mean.length;
      for (int c = 0; c < squares.length; c++) {
        squares[c] *= count;
      }
      return new ChannelMoments(count, mean, squares);
    }
  }

  /// Joins moments by the update of Chan, Golub and LeVeque, in chunk order.
  public static ChannelMoments join(List<ChannelMoments> parts) {
    ChannelMoments joined = parts.getFirst();
    for (ChannelMoments part : parts.subList(1, parts.size())) {
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

  /// Returns the mean of each channel.
  public float[] mean() {
    var values = new float[mean.length];
    for (int c = 0; c < values.length; c++) {
      values[c] = (float) mean[c];
    }
    return values;
  }

  /// Returns the variance of each channel over the samples themselves.
  double[] variances() {
    var variances = squares.clone();
    for (int c = 0; c < variances.length; c++) {
      variances[c] /= count;
    }
    return variances;
  }

  /// Returns the variance of each channel, the unbiased one.
  public float[] unbiasedVariance() {
    var values = new float[squares.length];
    for (int c = 0; c < values.length; c++) {
      values[c] = (float) (squares[c] / Math.max(1, count - 1));
    }
    return values;
  }
}
