package falcon.quadratic;

import falcon.kernel.Chunks;
import falcon.kernel.ScalarKernels;
import java.util.concurrent.ExecutorService;

/// `A = UᵀU` of a symmetric positive definite matrix in float64, and solves with it.
///
/// A matrix is an array of rows of which only the upper triangle (j ≥ i) is read; the factor takes
/// its place. Rows are arrays of their own because that is what the compiler vectorises. Everything
/// runs in the calling thread unless an executor is passed.
final class Cholesky {
  /// Rows that are finished before the rest of the triangle is updated by all of them at once.
  private static final int PANEL = 32;

  /// Rows that are finished one by one; the width of the innermost kernel.
  private static final int STRIP = 4;

  /// A pivot below this share of its diagonal entry is rounding noise: the factorisation of a
  /// matrix of a few thousand rows is accurate to about 1e-13 of the diagonal.
  private static final double LEAST_RELATIVE_PIVOT = 1e-13;

  /// What [#factor] gives back when every pivot was positive.
  static final int POSITIVE_DEFINITE = -1;

  private Cholesky() {}

  /// Replaces the upper triangle of `a` by U.
  ///
  /// @param a `[m, m]`, rows at least m long; entries left of the diagonal may change
  /// @return [#POSITIVE_DEFINITE], or the row whose pivot is not positive beyond rounding; `a` is
  ///     then half finished
  static int factor(double[][] a, int m) {
    double[] diagonal = new double[m];
    for (int i = 0; i < m; i++) {
      diagonal[i] = a[i][i];
    }
    for (int panel = 0; panel < m; panel += PANEL) {
      int panelEnd = Math.min(panel + PANEL, m);
      for (int strip = panel; strip < panelEnd; strip += STRIP) {
        int stripEnd = Math.min(strip + STRIP, panelEnd);
        for (int k = strip; k < stripEnd; k++) {
          for (int q = strip; q < k; q++) {
            ScalarKernels.addScaled(a[k], -a[q][k], a[q], k, m);
          }
          double pivot = a[k][k];
          if (!(pivot > LEAST_RELATIVE_PIVOT * diagonal[k])
              || !(pivot < Double.POSITIVE_INFINITY)) {
            return k;
          }
          scale(a[k], 1 / Math.sqrt(pivot), k, m);
        }
        ScalarKernels.subtractProducts(a, strip, stripEnd, stripEnd, panelEnd, m);
      }
      ScalarKernels.subtractProducts(a, panel, panelEnd, panelEnd, m, m);
    }
    return POSITIVE_DEFINITE;
  }

  private static void scale(double[] row, double factor, int from, int to) {
    for (int j = from; j < to; j++) {
      row[j] *= factor;
    }
  }

  /// Solves `UᵀU x = b` in place.
  ///
  /// @param u what [#factor] left
  /// @param b `[m]`, becomes x
  static void solve(double[][] u, int m, double[] b) {
    forward(u, 0, m, b);
    for (int k = m - 1; k >= 0; k--) {
      b[k] = (b[k] - ScalarKernels.dot(u[k], b, k + 1, m)) / u[k][k];
    }
  }

  /// Solves `Uᵀ x = b` in place where `b` is zero before `first`.
  private static void forward(double[][] u, int first, int m, double[] b) {
    for (int k = first; k < m; k++) {
      b[k] /= u[k][k];
      ScalarKernels.addScaled(b, -b[k], u[k], k + 1, m);
    }
  }

  /// `(UᵀU)⁻¹`, both triangles: row i solves the system for the i-th unit vector.
  ///
  /// @param u what [#factor] left
  /// @return `[m, m]`, symmetric to rounding
  static double[][] inverse(double[][] u, int m, ExecutorService executor) {
    double[][] lower = transpose(u, m, executor);
    double[][] inverse = new double[m][];
    Chunks.run(
        executor,
        m,
        i -> {
          double[] x = new double[m];
          x[i] = 1;
          forward(u, i, m, x);
          // U x = y by columns of U, which are the rows of its transpose.
          for (int k = m - 1; k >= 0; k--) {
            x[k] /= u[k][k];
            ScalarKernels.addScaled(x, -x[k], lower[k], 0, k);
          }
          inverse[i] = x;
        });
    return inverse;
  }

  private static double[][] transpose(double[][] u, int m, ExecutorService executor) {
    double[][] lower = new double[m][];
    Chunks.run(
        executor,
        m,
        k -> {
          double[] row = new double[k + 1];
          for (int i = 0; i <= k; i++) {
            row[i] = u[i][k];
          }
          lower[k] = row;
        });
    return lower;
  }
}
