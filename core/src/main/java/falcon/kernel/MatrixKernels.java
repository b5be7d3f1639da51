package falcon.kernel;

import java.lang.foreign.MemorySegment;

/// Loops over a gradient matrix. Stateless; arguments are not checked beyond the bounds of their
/// arrays.
///
/// Numbers of the matrix are float32 or bfloat16, which float64 holds exactly; all products and sums
/// are in float64.
public interface MatrixKernels {
  /// `product_i += Σ_j x_ij v_j`: for each row, partial sum `j mod 16` takes term j, then partials 0
  /// to 15 are added in order.
  ///
  /// @param product at least `x.rows()` values
  /// @param v at least `x.columns()` values
  void addProducts(double[] product, RowPanel x, double[] v);

  /// `sum_j += Σ_i f_i x_ij`: four rows at a time, `sum_j += (f_0 x_0j + f_1 x_1j) + (f_2 x_2j + f_3
  /// x_3j)`, groups in order, then the rest one by one.
  ///
  /// @param sum at least `x.columns()` values
  /// @param factors f, at least `x.rows()` values
  void addScaledRows(double[] sum, double[] factors, RowPanel x);

  /// `sum_j += x_ij²`, rows in order, each square exact.
  ///
  /// @param sum at least `x.columns()` values
  void addSquaredRows(double[] sum, RowPanel x);

  /// `Σ_j x_j²` of float32 numbers, each square exact: partial sum `j mod 16` takes term j, then
  /// partials 0 to 15 are added in order.
  ///
  /// @param offsetBytes of `x_0`, a multiple of 4
  double squaredNorm(MemorySegment x, long offsetBytes, int count);

  /// Rounds float32 numbers to bfloat16, to nearest, ties to even; what is not finite stays so, and
  /// a finite number that rounds beyond the range becomes infinite.
  ///
  /// @param fromBytes offset of the first float32, a multiple of 4
  /// @param toBytes offset of the first bfloat16, a multiple of 2
  void narrow(MemorySegment from, long fromBytes, MemorySegment to, long toBytes, int count);
}
