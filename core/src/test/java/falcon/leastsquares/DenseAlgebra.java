package falcon.leastsquares;

import java.util.SplittableRandom;

/// The oracle: linear algebra in float64, short enough to be checked by eye.
public final class DenseAlgebra {
  private DenseAlgebra() {}

  /// Solves `a x = b` by Gaussian elimination with row pivoting; arguments are not changed.
  public static double[] solve(double[][] a, double[] b) {
    int m = b.length;
    double[][] left = new double[m][];
    double[] x = b.clone();
    for (int i = 0; i < m; i++) {
      left[i] = a[i].clone();
    }
    for (int k = 0; k < m; k++) {
      int pivot = k;
      for (int i = k + 1; i < m; i++) {
        if (Math.abs(left[i][k]) > Math.abs(left[pivot][k])) {
          pivot = i;
        }
      }
      double[] row = left[pivot];
      left[pivot] = left[k];
      left[k] = row;
      double value = x[pivot];
      x[pivot] = x[k];
      x[k] = value;
      for (int i = k + 1; i < m; i++) {
        double factor = left[i][k] / left[k][k];
        for (int j = k; j < m; j++) {
          left[i][j] -= factor * left[k][j];
        }
        x[i] -= factor * x[k];
      }
    }
    for (int k = m - 1; k >= 0; k--) {
      for (int j = k + 1; j < m; j++) {
        x[k] -= left[k][j] * x[j];
      }
      x[k] /= left[k][k];
    }
    return x;
  }

  /// Returns a random `[m, m]` positive definite matrix: a Gram matrix of m + 3 samples plus
  /// `ridge`.
  public static double[][] positiveDefinite(SplittableRandom random, int m, double ridge) {
    double[][] samples = new double[m + 3][m];
    for (double[] sample : samples) {
      for (int i = 0; i < m; i++) {
        sample[i] = random.nextGaussian();
      }
    }
    double[][] gram = new double[m][m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        for (double[] sample : samples) {
          gram[i][j] += sample[i] * sample[j];
        }
      }
      gram[i][i] += ridge;
    }
    return gram;
  }

  public static double[] flat(double[][] rows) {
    int columns = rows[0].length;
    double[] flat = new double[rows.length * columns];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * columns, columns);
    }
    return flat;
  }
}
