package falcon.prune.method;

import falcon.budget.CostTable;

/// What keeping a weight is worth.
///
/// float32 holds the squares of weights of 1e-18 to 1e18 or so. Squares of others are brought in:
/// first all weights are multiplied by a power of two, where most of them would be outside; then
/// what still is outside is drawn towards the range, so that a greater weight never has the smaller
/// saliency.
public final class Saliency {
  /// Squares from this one on are drawn in, which leaves room for costs: 2^80.
  private static final float GREATEST = 0x1p80f;

  /// Squares below this one, which float32 would round, are drawn in: 2^−120.
  private static final float LEAST = 0x1p-120f;

  /// Binades of the square that one binade of the weight becomes beyond the range.
  private static final double SLOPE_ABOVE = 0.1;

  /// The same below the range, so that the least square is still a normal number.
  private static final double SLOPE_BELOW = 0.025;

  private Saliency() {}

  /// w² — the saliency of FALCON (arXiv:2403.07094), section 2, for the identity metric.
  ///
  /// @param weights finite
  /// @return finite; zero where the weight is; in units of all weights' common power of two, if
  ///     they need one
  public static float[] squares(float[] weights) {
    int unit = unit(weights);
    var saliency = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      saliency[i] = square(weights[i], unit);
    }
    return saliency;
  }

  /// w² f^exponent, f the MACs of the weight: weights that are used at many positions disturb the
  /// outputs more often than their size says.
  ///
  /// @param weights finite
  /// @param exponent 0 for w² alone
  /// @return as [#squares]
  public static float[] squaresTimesCost(float[] weights, CostTable costs, double exponent) {
    int unit = unit(weights);
    var saliency = new float[weights.length];
    for (CostTable.Layer layer : costs.layers()) {
      float factor = (float) Math.pow((double) Math.max(1, layer.macsPerWeight()), exponent);
      for (int i = layer.offset(); i < layer.end(); i++) {
        saliency[i] = Math.min(square(weights[i], unit) * factor, Float.MAX_VALUE);
      }
    }
    return saliency;
  }

  private static boolean isInside(float square) {
    return square >= LEAST && square <= GREATEST;
  }

  /// Power of two that the weights are multiplied by: 0, unless the middle one of those that are
  /// not zero has a square outside of the range.
  private static int unit(float[] weights) {
    int outside = 0;
    int others = 0;
    for (float weight : weights) {
      if (weight != 0) {
        if (isInside(weight * weight)) {
          others++;
        } else {
          outside++;
        }
      }
    }
    return outside > others ? -middleExponent(weights, (outside + others) / 2) : 0;
  }

  /// @param before how many weights other than zero are below the middle one
  private static int middleExponent(float[] weights, int before) {
    int least = -149;
    var counts = new int[Float.MAX_EXPONENT - least + 1];
    for (float weight : weights) {
      if (weight != 0) {
        counts[exponent(weight) - least]++;
      }
    }
    int exponent = least;
    int seen = counts[0];
    while (seen <= before) {
      exponent++;
      seen += counts[exponent - least];
    }
    return exponent;
  }

  /// Of numbers below the normal range, too.
  private static int exponent(float weight) {
    return Math.getExponent((double) weight);
  }

  private static float square(float weight, int unit) {
    float square = weight * weight;
    if (weight == 0 || (unit == 0 && isInside(square))) {
      return square;
    }
    double exact = Math.scalb((double) weight * weight, 2 * unit);
    if (exact > GREATEST) {
      return (float) (GREATEST * Math.pow(exact / GREATEST, SLOPE_ABOVE / 2));
    }
    return exact < LEAST
        ? (float) (LEAST * Math.pow(exact / LEAST, SLOPE_BELOW / 2))
        : (float) exact;
  }
}
