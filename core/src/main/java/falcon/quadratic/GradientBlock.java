package falcon.quadratic;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The columns of a [GradientMatrix] that belong to one layer.
///
/// @param name of the layer
/// @param offset index of its first weight among all weights
/// @param count how many weights it has
/// @param values `[n, count]` float32, row-major; owned by the matrix
record GradientBlock(String name, int offset, int count, MemorySegment values) {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  /// Index after its last weight.
  int end() {
    return offset + count;
  }

  /// Where a value stands; `column` counts within the layer.
  long index(int row, int column) {
    return (long) row * count + column;
  }

  /// Copies `length` values of a row, from `column` on.
  void copy(int row, int column, float[] to, int length) {
    MemorySegment.copy(values, FLOAT, index(row, column) * Float.BYTES, to, 0, length);
  }

  /// Copies columns `columns[from] … columns[from + count − 1]`, which all lie in this layer, of a
  /// row.
  ///
  /// @param columns indices among all weights
  /// @param at index of the first value written
  void gather(int row, int[] columns, int from, MemorySegment to, long at, int count) {
    long base = index(row, 0) - offset;
    for (int c = 0; c < count; c++) {
      to.setAtIndex(FLOAT, at + c, values.getAtIndex(FLOAT, base + columns[from + c]));
    }
  }
}
