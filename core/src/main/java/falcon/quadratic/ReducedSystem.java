package falcon.quadratic;

/// Some rows and columns of a symmetric matrix, factored: the scratch memory of one worker of
/// [ChannelLeastSquares], reused from channel to channel.
final class ReducedSystem {
  private double[][] rows = {};
  private final int largest;
  private final double[] reduced;
  private final double[] full;

  /// @param largest rows of the largest system that is expected
  /// @param inputs rows of the whole matrix
  ReducedSystem(int largest, int inputs) {
    this.largest = largest;
    this.reduced = new double[inputs];
    this.full = new double[inputs];
  }

  /// A vector of the system: the right side before [#solve], the solution after it.
  double[] reduced() {
    return reduced;
  }

  /// A vector over all inputs, free to use.
  double[] full() {
    return full;
  }

  /// Factors the rows and columns `indices` of a matrix plus a ridge.
  ///
  /// @return whether the system is positive definite
  boolean factor(double[][] matrix, int[] indices, double ridge) {
    int m = indices.length;
    if (rows.length < m) {
      int size = Math.max(m, largest);
      rows = new double[size][size];
    }
    for (int i = 0; i < m; i++) {
      double[] from = matrix[indices[i]];
      double[] to = rows[i];
      for (int j = i; j < m; j++) {
        to[j] = from[indices[j]];
      }
      to[i] += ridge;
    }
    return Cholesky.factor(rows, m) == Cholesky.POSITIVE_DEFINITE;
  }

  /// Solves the factored system of m rows for [#reduced].
  void solve(int m) {
    Cholesky.solve(rows, m, reduced);
  }
}
