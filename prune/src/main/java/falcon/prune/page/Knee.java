package falcon.prune.page;

import org.jspecify.annotations.Nullable;

/// The knee of a curve: from there on less budget costs much more quality.
///
/// ```
/// x̂ = (x − min x) / (max x − min x),  ŷ alike;  knee = argmax ŷ − x̂, where that is above 0
/// ```
///
/// Source: Satopää, Albrecht, Irwin, Raghavan 2011, "Finding a 'Kneedle' in a haystack", for a
/// concave increasing curve; the points are taken as they are, without smoothing. Of equal ones the
/// smallest budget is the knee.
final class Knee {
  /// Number of points below which a curve has no knee.
  private static final int LEAST_POINTS = 3;

  private Knee() {}

  /// Returns the number of the knee's point.
  ///
  /// @param x budgets, in any order
  /// @param y quality at each
  /// @return null if there is none: too few points, or none lies above the chord
  static @Nullable Integer of(double[] x, double[] y) {
    if (x.length < LEAST_POINTS) {
      return null;
    }
    Integer knee = null;
    double greatest = 0;
    for (int i = 0; i < x.length; i++) {
      double distance = normalised(y, i) - normalised(x, i);
      boolean isFurther = distance > greatest;
      boolean isSmaller = knee != null && distance == greatest && x[i] < x[knee];
      if (isFurther || isSmaller) {
        knee = i;
        greatest = distance;
      }
    }
    return knee;
  }

  private static double normalised(double[] values, int at) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return high > low ? (values[at] - low) / (high - low) : 0;
  }
}
