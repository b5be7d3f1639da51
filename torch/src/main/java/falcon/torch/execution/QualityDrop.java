package falcon.torch.execution;

import org.jspecify.annotations.Nullable;

/// How much lower the quality of a network is than that of the dense one on the same samples, in
/// percentage points, with its 95 % interval for all samples of the kind. Below 0 the network is
/// the better one.
///
/// For right and wrong answers the interval is Tango's score interval of the difference of paired
/// proportions, which is sound for few samples and for few answers that differ: it holds the
/// differences Δ with |T(Δ)| ≤ 1.96,
///
/// ```
/// T(Δ) = (b − c − nΔ) / √(n (2q + Δ (1 − Δ)))      b: wrong here, right there;  c: the reverse
/// q    = (√(B² − 4AC) − B) / 2A,  A = 2n,  B = (2n − b + c) Δ − b − c,  C = −c Δ (1 − Δ)
/// ```
///
/// so T(0) is McNemar's test. For other losses it is Student's for the mean difference. Source:
/// Tango 1998, "Equivalence test and confidence interval for the difference in proportions for the
/// paired-sample design".
///
/// @param points the drop on these samples
/// @param low lower end of the interval
/// @param high upper end
/// @param samples number of samples
public record QualityDrop(double points, double low, double high, int samples) {
  /// Quantile 0.975 of the normal distribution.
  private static final double NORMAL = 1.959964;

  /// Bisections until an end of an interval is exact in float64.
  private static final int BISECTIONS = 60;

  /// Returns the drop of right answers.
  ///
  /// @param lost samples that the network gets wrong and the dense one right
  /// @param won samples where it is the reverse
  /// @param samples number of all samples, 1 or more
  static QualityDrop ofAnswers(int lost, int won, int samples) {
    return new QualityDrop(
        100.0 * (lost - won) / samples,
        -100 * greatest(won, lost, samples),
        100 * greatest(lost, won, samples),
        samples);
  }

  /// Returns the greatest difference Δ with T(Δ) ≥ −1.96.
  private static double greatest(int lost, int won, int samples) {
    double low = (double) (lost - won) / samples; // T is 0 here, and falls from here on
    double high = 1;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (score(lost, won, samples, middle) >= -NORMAL) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double score(int b, int c, int n, double delta) {
    double linear = (2.0 * n - b + c) * delta - b - c;
    double constant = -c * delta * (1 - delta);
    double root = Math.sqrt(Math.max(0, linear * linear - 8.0 * n * constant));
    double q = (root - linear) / (4.0 * n);
    double variance = n * (2 * q + delta * (1 - delta));
    double excess = b - c - n * delta;
    return excess == 0 ? 0 : excess / Math.sqrt(Math.max(Double.MIN_NORMAL, variance));
  }

  /// Returns the drop of a quality `100 (1 − Σ losses / scale)`.
  ///
  /// @param differences losses of the network less those of the dense one
  /// @return null for fewer than two samples, or where a loss is not finite
  static @Nullable QualityDrop ofLosses(double[] differences, double scale) {
    double sum = 0;
    for (double difference : differences) {
      sum += difference;
    }
    Interval interval = Interval.ofLosses(differences, scale);
    return interval == null
        ? null
        : new QualityDrop(
            100 * sum / scale, 100 - interval.high(), 100 - interval.low(), differences.length);
  }

  /// Returns the number of samples below which no drop of right answers is within a number of
  /// points beyond chance, not even one of no sample at all: z² (100 − most) / most.
  ///
  /// @param most percentage points, above 0 and below 100
  public static int leastSamples(double most) {
    return (int) Math.ceil(NORMAL * NORMAL * (100 - most) / most);
  }
}
