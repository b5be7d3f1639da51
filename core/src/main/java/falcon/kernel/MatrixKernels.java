package falcon.kernel;

import java.lang.foreign.MemorySegment;

/// Loops over a gradient matrix. Implementations are stateless; arguments are not checked beyond
/// the bounds of their arrays.
///
/// Numbers of the matrix are float32 or bfloat16, which float64 holds exactly; all products and
/// sums are in float64.
public interface MatrixKernels {
  /// Adds `product_i += Σ_j x_ij v_j`: for each row, partial sum `j mod 16` takes term j, then
  /// partials 0 to 15 are added in order.
  ///
  /// @param product at least `x.rows()` values
  /// @param v at least `x.columns()` values
  void addProducts(double[] product, RowPanel x, double[] v);

  /// Adds `sum_j += Σ_i f_i x_ij` in the following order, m being a quarter of the rows, rounded
  /// down:
  ///
  /// ```
  /// sum_j += (f_i x_ij + f_(m+i) x_(m+i)j) + (f_(2m+i) x_(2m+i)j + f_(3m+i) x_(3m+i)j)
  /// ```
  ///
  /// for i = 0 … m − 1 in order, then the rows from 4m on one by one. Rows that far apart make four
  /// streams of bytes, each read in order, which memory serves faster.
  ///
  /// @param sum at least `x.columns()` values
  /// @param factors f, at least `x.rows()` values
  void addScaledRows(double[] sum, double[] factors, RowPanel x);

  /// Returns `Σ_j x_j²` of float32 numbers, each square exact: partial sum `j mod 16` takes term j,
  /// then partials 0 to 15 are added in order.
  ///
  /// @param offsetBytes offset of `x_0`, a multiple of 4
  double squaredNorm(MemorySegment x, long offsetBytes, int count);

  /// Rounds float32 numbers to bfloat16, to nearest, ties to even; infinities and NaN stay what
  /// they are, and a finite number that rounds beyond the range becomes infinite.
  ///
  /// @param fromBytes offset of the first float32, a multiple of 4
  /// @param toBytes offset of the first bfloat16, a multiple of 2
  void narrow(MemorySegment from, long fromBytes, MemorySegment to, long toBytes, int count);
}
