package falcon.kernel;

import java.lang.foreign.MemorySegment;

/// Pieces of some rows of a matrix: `x_ij`, i = 0 … rows − 1, j = 0 … columns − 1.
///
/// @param values the memory that holds them, in native byte order; owned by whoever made the panel
/// @param offsetBytes offset of `x_00`
/// @param strideBytes distance from `x_ij` to `x_(i+1)j`
/// @param rows number of rows
/// @param columns number of columns
/// @param format format of each number
public record RowPanel(
    MemorySegment values,
    long offsetBytes,
    long strideBytes,
    int rows,
    int columns,
    FloatFormat format) {

  /// Returns the offset of row i, in bytes.
  public long rowBytes(int i) {
    return offsetBytes + i * strideBytes;
  }
}
