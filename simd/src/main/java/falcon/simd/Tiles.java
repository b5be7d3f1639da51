package falcon.simd;

import falcon.kernel.DenseKernels;

/// The innermost loops of [SimdDense] for one width of vectors. Classes of their own, because a
/// vector is a register only where its species is a constant.
///
/// ```
/// C_rj ← fma(A_qr, B_qj, C_rj)      q = 0 … depth − 1 in order, r = 0 … 3, j = 0 … width − 1
/// ```
///
/// `A_qr = a[fromA + q · strideA + r]`, `B_qj = b[fromB + q · width + j]`, `C_rj = c[fromC + r · strideC +
/// j]`.
sealed interface Tiles permits Tiles128, Tiles256, Tiles512 {
  /// Rows of a tile.
  int HEIGHT = 4;

  /// Columns of a float32 tile.
  int FLOAT_WIDTH = DenseKernels.FLOAT_WIDTH;

  /// Columns of a float64 tile.
  int DOUBLE_WIDTH = 32;

  /// Adds to a float32 tile.
  void add(
      float[] a,
      int fromA,
      int strideA,
      float[] b,
      int fromB,
      int depth,
      float[] c,
      int fromC,
      int strideC);

  /// Adds to a float64 tile.
  void add(
      double[] a,
      int fromA,
      int strideA,
      double[] b,
      int fromB,
      int depth,
      double[] c,
      int fromC,
      int strideC);
}
