package falcon.runtime.operator;

/// Functions of the first elements of an array, in loops without branches that the JIT compiler
/// vectorises. Relative errors are below 4e-7; NaN stays NaN.
final class Functions {
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.1219444e-4f;

  /// Arguments beyond these give infinity and zero.
  private static final float MOST_EXPONENT = 89;

  private static final float LEAST_EXPONENT = -104;

  /// Makes a truncation of a number above −2^8 the next lower whole number.
  private static final int SHIFT = 256;

  /// Above this the hyperbolic tangent is computed from exponentials, below by a polynomial.
  private static final float TANH_EDGE = 0.7f;

  /// Above this the error function is computed from exponentials, below by a polynomial.
  private static final float ERF_EDGE = 1;

  private static final float STEEP = 1e9f;

  private Functions() {}

  /// Computes e^x in place: x = k ln 2 + r, e^x = 2^k Σ rⁱ/i!.
  static void exp(float[] x, int n, Workspace workspace) {
    int[] bits = workspace.bits(2 * n);
    for (int i = 0; i < n; i++) {
      float a = Math.min(Math.max(x[i], LEAST_EXPONENT), MOST_EXPONENT);
      int k = (int) (a * LOG2_E + (SHIFT + 0.5f)) - SHIFT;
      float r = a - k * LN2_HIGH - k * LN2_LOW;
      float p = 1f / 720 + r * (1f / 5040);
      p = 1f / 120 + r * p;
      p = 1f / 24 + r * p;
      p = 1f / 6 + r * p;
      p = 0.5f + r * p;
      p = 1 + r * p;
      x[i] = 1 + r * p;
      bits[i] = k;
    }
    for (int i = 0; i < n; i++) {
      int k = bits[i];
      int half = k >> 1; // two factors, since 2^k itself may be no normal number
      bits[i] = (half + 127) << 23;
      bits[i + n] = (k - half + 127) << 23;
    }
    float[] powers = workspace.powers(2 * n);
    for (int i = 0; i < n; i++) {
      x[i] = x[i] * powers[i] * powers[i + n];
    }
  }

  /// Computes 1 / (1 + e^−x) in place.
  static void sigmoid(float[] x, int n, Workspace workspace) {
    for (int i = 0; i < n; i++) {
      x[i] = -x[i];
    }
    exp(x, n, workspace);
    for (int i = 0; i < n; i++) {
      x[i] = 1 / (1 + x[i]);
    }
  }

  /// Computes tanh x in place: 1 − 2 / (e^2x + 1) for large x, an odd polynomial for small ones.
  static void tanh(float[] x, int n, Workspace workspace) {
    float[] large = workspace.floats(Workspace.SLOTS - 1, n);
    for (int i = 0; i < n; i++) {
      large[i] = 2 * Math.abs(x[i]);
    }
    exp(large, n, workspace);
    for (int i = 0; i < n; i++) {
      float sign = Math.min(Math.max(x[i] * STEEP, -1), 1);
      float far = sign * (1 - 2 / (large[i] + 1));
      float s = Math.min(Math.max(x[i], -TANH_EDGE), TANH_EDGE);
      float u = s * s;
      float p = 0.020032447f + u * -0.005094828f;
      p = -0.053529456f + u * p;
      p = 0.13328476f + u * p;
      p = -0.33333135f + u * p;
      float near = s + s * u * p;
      float share = Math.min(Math.max((Math.abs(x[i]) - TANH_EDGE) * STEEP, 0), 1);
      x[i] = near + share * (far - near);
    }
  }

  /// Computes the error function in place: an odd polynomial for small x, formula 7.1.26 of
  /// Abramowitz and Stegun, Handbook of Mathematical Functions, for large ones.
  static void erf(float[] x, int n, Workspace workspace) {
    float[] large = workspace.floats(Workspace.SLOTS - 1, n);
    for (int i = 0; i < n; i++) {
      float a = Math.min(Math.abs(x[i]), 6);
      large[i] = -a * a;
    }
    exp(large, n, workspace);
    for (int i = 0; i < n; i++) {
      float a = Math.min(Math.abs(x[i]), 6);
      float t = 1 / (1 + 0.3275911f * a);
      float q = -1.4531521f + t * 1.0614054f;
      q = 1.4214138f + t * q;
      q = -0.28449672f + t * q;
      q = 0.2548296f + t * q;
      float sign = Math.min(Math.max(x[i] * STEEP, -1), 1);
      float far = sign * (1 - q * t * large[i]);
      float s = Math.min(Math.max(x[i], -ERF_EDGE), ERF_EDGE);
      float u = s * s;
      float p = -8.018855e-4f + u * 7.882497e-5f;
      p = 0.005189312f + u * p;
      p = -0.026854329f + u * p;
      p = 0.11283597f + u * p;
      p = -0.37612626f + u * p;
      p = 1.1283791f + u * p;
      float near = s * p;
      float share = Math.min(Math.max((Math.abs(x[i]) - ERF_EDGE) * STEEP, 0), 1);
      x[i] = near + share * (far - near);
    }
  }
}
