package falcon.runtime.operator;

/// Sums and extrema of the first elements of an array. Sums are in double precision, in four
/// strands that take the elements in turn and are added in the end.
final class Rows {
  private Rows() {}

  static double sum(float[] x, int n) {
    return sum(x, 0, n);
  }

  /// Returns the sum of some elements.
  static double sum(float[] x, int from, int to) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = from;
    for (; i <= to - 4; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    for (; i < to; i++) {
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
    return most(x, 0, n);
  }

  /// Returns the greatest of some elements; NaN if one is.
  static float most(float[] x, int from, int to) {
    float a = Float.NEGATIVE_INFINITY;
    float b = a;
    float c = a;
    float d = a;
    int i = from;
    for (; i <= to - 4; i += 4) {
      a = Math.max(a, x[i]);
      b = Math.max(b, x[i + 1]);
      c = Math.max(c, x[i + 2]);
      d = Math.max(d, x[i + 3]);
    }
    for (; i < to; i++) {
      a = Math.max(a, x[i]);
    }
    return Math.max(Math.max(a, b), Math.max(c, d));
  }
}
