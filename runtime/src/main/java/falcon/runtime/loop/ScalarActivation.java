package falcon.runtime.loop;

/// The activation functions of one number; the vector twin does the same operations in the same
/// order, so its bits are the same.
@SuppressWarnings("FloatingPointLiteralPrecision") // digits as published; the compiler rounds them
public final class ScalarActivation {
  /// Beyond these, eˣ is no normal float32.
  public static final float LEAST_EXPONENT = -87.3f;

  /// See [#LEAST_EXPONENT].
  public static final float GREATEST_EXPONENT = 88.0f;

  /// 1 / ln 2.
  public static final float LOG2_E = 1.44269504f;

  /// Added and subtracted, it rounds a number below 2²² to an integer.
  public static final float ROUNDING = 12_582_912f;

  /// ln 2 in two parts; the product of the first and an integer below 2⁸ is exact.
  public static final float LN2_UPPER = 0.693359375f;

  /// The rest of ln 2.
  public static final float LN2_LOWER = -2.12194440e-4f;

  /// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2, highest power first (Cephes, `expf`).
  private static final float[] EXPONENTIAL = {
    1.9875691500e-4f,
    1.3981999507e-3f,
    8.3334519073e-3f,
    4.1665795894e-2f,
    1.6666665459e-1f,
    5.0000001201e-1f
  };

  /// erf(z) = 1 − t · p(t) · e^(−z²), t = 1 / (1 + [#ERROR_SCALE] z), z ≥ 0, highest power first;
  /// absolute error 1.5e-7 (Abramowitz and Stegun, 7.1.26).
  private static final float[] ERROR = {
    1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f
  };

  /// The scale of t in erf.
  public static final float ERROR_SCALE = 0.3275911f;

  /// 1 / √2.
  public static final float HALF_ROOT = 0.70710678f;

  /// 1 / 6.
  public static final float SIXTH = 1 / 6f;

  private static final int FRACTION_BITS = 23;

  private ScalarActivation() {}

  /// Returns a coefficient of the exponential's polynomial, highest power first.
  public static float exponential(int index) {
    return EXPONENTIAL[index];
  }

  /// Returns a coefficient of the error function's polynomial, highest power first.
  public static float error(int index) {
    return ERROR[index];
  }

  /// Returns the function's value.
  public static float of(EndLoop.Function function, float x) {
    return switch (function.activation()) {
      case CLIP -> clip(x, function.low(), function.high());
      case SIGMOID -> sigmoid(x);
      case SILU -> x * sigmoid(x);
      case HARD_SWISH -> x * clip(Math.fma(x, SIXTH, 0.5f), 0, 1);
      case GELU -> gelu(x);
    };
  }

  private static float sigmoid(float x) {
    return 1 / (1 + exp(-x));
  }

  private static float gelu(float x) {
    float z = Math.abs(x) * HALF_ROOT;
    float t = 1 / Math.fma(z, ERROR_SCALE, 1f);
    float sum = ERROR[0];
    for (int i = 1; i < ERROR.length; i++) {
      sum = Math.fma(sum, t, ERROR[i]);
    }
    float rest = sum * t * exp(-(z * z));
    return 0.5f * x * (x < 0 ? rest : 2 - rest);
  }

  private static float exp(float given) {
    float x = clip(given, LEAST_EXPONENT, GREATEST_EXPONENT);
    float n = Math.fma(x, LOG2_E, ROUNDING) - ROUNDING;
    float r = Math.fma(n, -LN2_LOWER, Math.fma(n, -LN2_UPPER, x));
    float sum = EXPONENTIAL[0];
    for (int i = 1; i < EXPONENTIAL.length; i++) {
      sum = Math.fma(sum, r, EXPONENTIAL[i]);
    }
    float value = Math.fma(sum, r * r, r + 1);
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) + ((int) n << FRACTION_BITS));
  }

  private static float clip(float x, float low, float high) {
    float raised = x < low ? low : x;
    return raised > high ? high : raised;
  }
}
