package falcon.linear;

import java.util.Arrays;

/// The innermost blocks of the Cholesky factorisations: at most 32 rows, in float64, row by row.
final class SmallTriangle {
  /// The greatest number of rows.
  static final int ROWS = 32;

  private SmallTriangle() {}

  /// Replaces the upper triangle of a symmetric matrix by U with `A = UᵀU`.
  ///
  /// @param a rows; entries left of the diagonal are not read
  /// @param least the lower bounds of the pivots; that of row i is at index `offset + i`
  /// @return the row whose pivot is too small or not finite, −1 if there is none
  static int factor(double[][] a, int rows, double[] least, int offset) {
    for (int k = 0; k < rows; k++) {
      double[] row = a[k];
      double pivot = row[k];
      if (!(pivot > least[offset + k]) || !(pivot < Double.POSITIVE_INFINITY)) {
        return k;
      }
      double scale = 1 / Math.sqrt(pivot);
      for (int j = k; j < rows; j++) {
        row[j] *= scale;
      }
      for (int i = k + 1; i < rows; i++) {
        double factor = row[i];
        double[] target = a[i];
        for (int j = i; j < rows; j++) {
          target[j] -= factor * row[j];
        }
      }
    }
    return -1;
  }

  /// Computes `U⁻¹`, upper triangular, zeros elsewhere.
  ///
  /// @param inverse `[ROWS, ROWS]`; written
  static void invert(double[][] u, int rows, double[][] inverse) {
    for (int i = ROWS - 1; i >= 0; i--) {
      double[] row = inverse[i];
      Arrays.fill(row, 0);
      if (i >= rows) {
        continue;
      }
      // U V = I, row i: u_ii v_i = e_i − Σ_q u_iq v_q, q > i
      row[i] = 1;
      for (int q = i + 1; q < rows; q++) {
        double factor = u[i][q];
        double[] below = inverse[q];
        for (int j = q; j < rows; j++) {
          row[j] -= factor * below[j];
        }
      }
      double scale = 1 / u[i][i];
      for (int j = i; j < rows; j++) {
        row[j] *= scale;
      }
    }
  }
}
