package falcon.runtime.operator;

/// Sums and extrema of the first elements of an array. Sums are in double precision, in four
/// strands that take the elements in turn and are added in the end.
final class Rows {
  private Rows() {}

  static double sum(float[] x, int n) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i <= n - 4; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    for (; i < n; i++) {
      a += x[i];
    }
    return a + b + (c + d);
  }

  /// Returns Σ (x − shift)².
  static double squares(float[] x, int n, float shift) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i <= n - 4; i += 4) {
      float p = x[i] - shift;
      float q = x[i + 1] - shift;
      float r = x[i + 2] - shift;
      float s = x[i + 3] - shift;
      a += p * p;
      b += q * q;
      c += r * r;
      d += s * s;
    }
    for (; i < n; i++) {
      float p = x[i] - shift;
      a += p * p;
    }
    return a + b + (c + d);
  }

  /// Returns the greatest element; NaN if one is.
  static float most(float[] x, int n) {
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      most = Math.max(most, x[i]);
    }
    return most;
  }
}
