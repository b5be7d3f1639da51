package falcon.kernel;

/// Products of dense matrices in the calling thread.
///
/// ```
/// C_ij ← fma(±A_qi, B_qj, C_ij)      q = 0 … depth − 1 in order, for each i < rows, j < columns
/// ```
///
/// There is one rounding per term and the order of terms is fixed: an entry has the same bits
/// however rows, columns and lanes are cut. Operands are blocks of larger row-major arrays and may
/// lie in one array as long as C overlaps neither A nor B. Implementations are stateless and take
/// less than 2 MiB of scratch memory while they run. Arguments are not checked beyond the bounds of
/// their arrays.
public interface DenseKernels {
  /// Number of columns for which a float32 product needs no copy of A and B: B has this many
  /// columns, and its row stride is the same number.
  int FLOAT_WIDTH = 64;

  /// The position of a block in its array: entry (row, column) has index
  /// `from + row · rowStride + column · columnStride`. Swapped strides make the transposed block.
  record Block(int from, int rowStride, int columnStride) {
    /// Returns a block of a row-major matrix.
    public static Block of(int from, int rowStride) {
      return new Block(from, rowStride, 1);
    }

    /// Returns the same entries with rows and columns exchanged.
    public Block transposed() {
      return new Block(from, columnStride, rowStride);
    }

    int index(int row, int column) {
      return from + row * rowStride + column * columnStride;
    }
  }

  /// The size of a product and the part of it that is wanted.
  ///
  /// @param rows rows of C, columns of A
  /// @param columns columns of C and B
  /// @param depth number of rows of A and B
  /// @param isNegative whether products are subtracted: A's entries change sign, which is exact
  /// @param isUpper whether only entries with `j ≥ i` must be right; others may be written or not
  record Extent(int rows, int columns, int depth, boolean isNegative, boolean isUpper) {}

  /// Adds `AᵀB` to C in float32.
  ///
  /// @param inA block of `a`, `[depth, rows]`
  /// @param inB block of `b`, `[depth, columns]`, column stride 1
  /// @param inC block of `c`, `[rows, columns]`, column stride 1
  void addProduct(float[] a, Block inA, float[] b, Block inB, float[] c, Block inC, Extent extent);

  /// Adds `AᵀB` to C in float64, otherwise like the float32 method.
  void addProduct(
      double[] a, Block inA, double[] b, Block inB, double[] c, Block inC, Extent extent);
}
