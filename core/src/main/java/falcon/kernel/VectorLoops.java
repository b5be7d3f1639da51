package falcon.kernel;

/// The innermost loops, in plain Java.
///
/// Every result is defined by its formula and the order of additions given with it, so that a
/// vectorised twin can give the same bits. Loops that end in an array run over one index that all
/// arrays share, write one array, and add at most four products to it: of the loop shapes tried on
/// JDK 25 that is the largest that the compiler always turns into full-width vector code. With two
/// or more written rows that depends on the method that the loop is inlined into, and loops of six
/// products stay scalar.
///
/// No argument is checked beyond the bounds of its array. The class has no state.
public final class VectorLoops {
  private VectorLoops() {}

  /// Returns `Σ_j x_j v_(from+j)`, j = 0 … count − 1, each product exact in float64: partial sum
  /// `j mod 16` takes term j, then partials 0 to 15 are added in order.
  ///
  /// @param x at least `count` values
  /// @param v at least `from + count` values
  public static double dot(float[] x, double[] v, int from, int count) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    double s8 = 0, s9 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0, s14 = 0, s15 = 0;
    int j = 0;
    int k = from;
    for (; j <= count - 16; j += 16, k += 16) {
      s0 += x[j] * v[k];
      s1 += x[j + 1] * v[k + 1];
      s2 += x[j + 2] * v[k + 2];
      s3 += x[j + 3] * v[k + 3];
      s4 += x[j + 4] * v[k + 4];
      s5 += x[j + 5] * v[k + 5];
      s6 += x[j + 6] * v[k + 6];
      s7 += x[j + 7] * v[k + 7];
      s8 += x[j + 8] * v[k + 8];
      s9 += x[j + 9] * v[k + 9];
      s10 += x[j + 10] * v[k + 10];
      s11 += x[j + 11] * v[k + 11];
      s12 += x[j + 12] * v[k + 12];
      s13 += x[j + 13] * v[k + 13];
      s14 += x[j + 14] * v[k + 14];
      s15 += x[j + 15] * v[k + 15];
    }
    double[] partial = {s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15};
    for (int lane = 0; j < count; j++, lane++) {
      partial[lane] += x[j] * v[from + j];
    }
    return sum(partial);
  }

  /// Returns `Σ_j x_j v_j`, j = from … to − 1: partial sum `(j − from) mod 16` takes term j, then
  /// partials 0 to 15 are added in order.
  public static double dot(double[] x, double[] v, int from, int to) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    double s8 = 0, s9 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0, s14 = 0, s15 = 0;
    int j = from;
    for (; j <= to - 16; j += 16) {
      s0 += x[j] * v[j];
      s1 += x[j + 1] * v[j + 1];
      s2 += x[j + 2] * v[j + 2];
      s3 += x[j + 3] * v[j + 3];
      s4 += x[j + 4] * v[j + 4];
      s5 += x[j + 5] * v[j + 5];
      s6 += x[j + 6] * v[j + 6];
      s7 += x[j + 7] * v[j + 7];
      s8 += x[j + 8] * v[j + 8];
      s9 += x[j + 9] * v[j + 9];
      s10 += x[j + 10] * v[j + 10];
      s11 += x[j + 11] * v[j + 11];
      s12 += x[j + 12] * v[j + 12];
      s13 += x[j + 13] * v[j + 13];
      s14 += x[j + 14] * v[j + 14];
      s15 += x[j + 15] * v[j + 15];
    }
    double[] partial = {s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15};
    for (int lane = 0; j < to; j++, lane++) {
      partial[lane] += x[j] * v[j];
    }
    return sum(partial);
  }

  private static double sum(double[] partial) {
    double sum = 0;
    for (double term : partial) {
      sum += term;
    }
    return sum;
  }

  /// Adds `sum_j += factor · x_j`, j = 0 … count − 1.
  public static void addScaled(double[] sum, double factor, float[] x, int count) {
    for (int j = 0; j < count; j++) {
      sum[j] += factor * x[j];
    }
  }

  /// Adds `sum_j += factor · x_j`, j = from … to − 1.
  public static void addScaled(double[] sum, double factor, double[] x, int from, int to) {
    for (int j = from; j < to; j++) {
      sum[j] += factor * x[j];
    }
  }

  /// Adds `sum_j += (f_0 x0_j + f_1 x1_j) + (f_2 x2_j + f_3 x3_j)` with `f_r = factors[first + r]`
  /// and `xr = rows[r]`, j = 0 … count − 1.
  public static void addFourScaled(
      double[] sum, double[] factors, int first, float[][] rows, int count) {
    float[] x0 = rows[0];
    float[] x1 = rows[1];
    float[] x2 = rows[2];
    float[] x3 = rows[3];
    double f0 = factors[first];
    double f1 = factors[first + 1];
    double f2 = factors[first + 2];
    double f3 = factors[first + 3];
    for (int j = 0; j < count; j++) {
      sum[j] += (f0 * x0[j] + f1 * x1[j]) + (f2 * x2[j] + f3 * x3[j]);
    }
  }
}
