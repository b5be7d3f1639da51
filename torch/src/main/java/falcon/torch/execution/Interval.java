package falcon.torch.execution;

import org.jspecify.annotations.Nullable;

/// Where a percentage that was measured on some samples lies, with 95 % confidence, if these were
/// drawn at random from all there are.
///
/// @param low lower end in percent; of an output fidelity it may be below 0
/// @param high upper end in percent, at most 100
public record Interval(double low, double high) {
  /// Quantile 0.975 of the normal distribution.
  private static final double NORMAL = 1.959964;

  /// Quantiles 0.975 of Student's distribution with 1 to 10 degrees of freedom.
  private static final double[] STUDENT = {
    12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.30600, 2.26216, 2.22814
  };

  /// Returns the interval of a share of samples: Wilson's, which is sound for few samples and for
  /// shares near 0 and 100 %. Source: Wilson 1927, "Probable inference, the law of succession, and
  /// statistical inference".
  ///
  /// @param hits from 0 to `count`
  /// @param count 1 or more
  static Interval ofShare(int hits, int count) {
    double share = (double) hits / count;
    double square = NORMAL * NORMAL / count;
    double centre = share + square / 2;
    double half = NORMAL * Math.sqrt(share * (1 - share) / count + square / (4 * count));
    return new Interval(
        hits == 0 ? 0 : 100 * (centre - half) / (1 + square),
        hits == count ? 100 : 100 * (centre + half) / (1 + square));
  }

  /// Returns the interval of 100 (1 − Σ losses / scale): Student's for the mean loss. The scale is
  /// taken as known.
  ///
  /// @param losses of single samples, 0 or more
  /// @param scale above 0
  /// @return null for fewer than two samples, or where a loss is not finite
  static @Nullable Interval ofLosses(double[] losses, double scale) {
    int count = losses.length;
    double sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    double mean = sum / count;
    double squares = 0;
    for (double loss : losses) {
      squares += (loss - mean) * (loss - mean);
    }
    if (count < 2 || !Double.isFinite(squares)) {
      return null;
    }
    double half = student(count - 1) * Math.sqrt(squares / (count - 1) * count);
    return new Interval(
        100 * (1 - (sum + half) / scale), Math.min(100, 100 * (1 - (sum - half) / scale)));
  }

  /// Returns the quantile 0.975; beyond the table by Cornish and Fisher's expansion, to 0.001.
  private static double student(int freedom) {
    double cube = NORMAL * NORMAL * NORMAL;
    return freedom <= STUDENT.length
        ? STUDENT[freedom - 1]
        : NORMAL
            + (cube + NORMAL) / (4.0 * freedom)
            + (5 * cube * NORMAL * NORMAL + 16 * cube + 3 * NORMAL) / (96.0 * freedom * freedom);
  }
}
