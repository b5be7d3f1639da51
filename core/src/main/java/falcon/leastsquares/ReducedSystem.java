package falcon.leastsquares;

import falcon.linear.Cholesky;

/// A factored principal submatrix of a symmetric matrix: the scratch memory of one worker of
/// [ExactChannels], reused from channel to channel.
final class ReducedSystem {
  private final double[] reduced;
  private final double[] full;
  private double[] values = {};
  private Cholesky factored = new Cholesky(values, 0);

  /// @param inputs number of rows of the whole matrix
  ReducedSystem(int inputs) {
    this.reduced = new double[inputs];
    this.full = new double[inputs];
  }

  /// Returns the vector of the system: the right-hand side before [#solve], the solution after it.
  double[] reduced() {
    return reduced;
  }

  /// Returns a scratch vector over all inputs.
  double[] full() {
    return full;
  }

  /// Factors the rows and columns `indices` of a matrix plus a ridge.
  ///
  /// @param matrix `[k, k]`, row-major
  /// @return whether the system is positive definite
  boolean factor(double[] matrix, int k, int[] indices, double ridge) {
    int m = indices.length;
    if (values.length < m * m) {
      values = new double[m * m];
    }
    for (int i = 0; i < m; i++) {
      int from = indices[i] * k;
      int to = i * m;
      for (int j = i; j < m; j++) {
        values[to + j] = matrix[from + indices[j]];
      }
      values[to + i] += ridge;
    }
    factored = new Cholesky(values, m);
    return factored.factor(null) == Cholesky.POSITIVE_DEFINITE;
  }

  /// Solves the factored system for [#reduced].
  void solve() {
    factored.solve(reduced);
  }
}
