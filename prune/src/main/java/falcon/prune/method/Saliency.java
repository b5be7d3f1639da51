package falcon.prune.method;

import falcon.budget.CostTable;

/// The saliency: the value of keeping a weight.
///
/// The type float32 holds the squares of weights of 1e-18 to 1e18 or so. Squares of other weights
/// are compressed into this range: first, if most weights are outside, all are multiplied by a
/// power of two; then the remaining outliers are moved towards the range, so that a greater weight
/// never has the smaller saliency.
public final class Saliency {
  /// The upper limit, 2^80: squares above it are compressed, which leaves room for costs.
  private static final float GREATEST = 0x1p80f;

  /// The lower limit, 2^−120: squares below it, which float32 would round, are compressed.
  private static final float LEAST = 0x1p-120f;

  /// The number of binades of the square per binade of the weight above the range.
  private static final double SLOPE_ABOVE = 0.1;

  /// The same number below the range, so that the least square is still a normal number.
  private static final double SLOPE_BELOW = 0.025;

  private Saliency() {}

  /// Returns w² — the saliency of FALCON (arXiv:2403.07094), section 2, for the identity metric.
  ///
  /// @param weights finite weights
  /// @return finite saliencies; zero where the weight is zero; in units of a power of two common to
  ///     all weights, if they need one
  public static float[] squares(float[] weights) {
    return squared(weights.clone());
  }

  /// Squares weights in place.
  private static float[] squared(float[] weights) {
    int unit = unit(weights);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = square(weights[i], unit);
    }
    return weights;
  }

  /// Returns the squares of weights in units of their own.
  ///
  /// @param weights finite weights
  /// @param units what each weight is multiplied by, `[p]`, finite
  /// @return saliencies as of [#squares]
  public static float[] squares(float[] weights, float[] units) {
    var scaled = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      scaled[i] = Math.clamp(weights[i] * units[i], -Float.MAX_VALUE, Float.MAX_VALUE);
    }
    return squared(scaled);
  }

  /// Returns w² f^exponent, where f is the number of MACs of the weight: weights that are used at
  /// many positions disturb the outputs more often than their size indicates.
  ///
  /// @param weights finite weights
  /// @param exponent exponent of f, 0 for w² alone
  /// @return saliencies as of [#squares]
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

  /// Returns the power of two that the weights are multiplied by: 0, unless the median of those
  /// that are not zero has a square outside of the range.
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

  /// @param before number of weights other than zero that are below the median
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

  /// Returns the binary exponent of a number, subnormal ones included.
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
