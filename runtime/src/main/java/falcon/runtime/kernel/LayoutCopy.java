package falcon.runtime.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Copies an activation from one layout to another; writes elements only, so zeros stay.
///
/// Immutable; parts may run in any order, on any thread.
public final class LayoutCopy {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /// Elements of a part at least.
  private static final long PART_ELEMENTS = 65_536;

  private static final int MOST_PARTS = 8;

  private final PlaneLayout from;
  private final PlaneLayout to;
  private final int[] fromColumns;
  private final int[] toColumns;
  private final boolean isContiguous;

  private LayoutCopy(PlaneLayout from, PlaneLayout to) {
    this.from = from;
    this.to = to;
    fromColumns = columns(from);
    toColumns = columns(to);
    isContiguous =
        from.lanes() == 1 && to.lanes() == 1 && from.columnPhases() == 1 && to.columnPhases() == 1;
  }

  /// Returns a copy between two layouts of the same extent.
  ///
  /// @throws IllegalArgumentException if the extents differ, or a row of a layout takes 8 GiB
  public static LayoutCopy of(PlaneLayout from, PlaneLayout to) {
    if (!from.extent().equals(to.extent())) {
      throw new IllegalArgumentException(
          "%s cannot be copied to %s".formatted(from.extent(), to.extent()));
    }
    return new LayoutCopy(from, to);
  }

  /// Returns the elements from column 0 to each column of a row.
  private static int[] columns(PlaneLayout layout) {
    int[] columns = new int[layout.extent().width()];
    for (int x = 0; x < columns.length; x++) {
      columns[x] = Math.toIntExact(layout.offset(0, 0, 0, x) - layout.offset(0, 0, 0, 0));
    }
    return columns;
  }

  /// Returns the number of pieces that the work is cut into.
  public int parts() {
    Extent extent = from.extent();
    long elements = (long) extent.images() * extent.channels() * extent.height() * extent.width();
    return Math.clamp(elements / PART_ELEMENTS, 1, Math.min(MOST_PARTS, planes()));
  }

  private int planes() {
    return Math.multiplyExact(from.extent().images(), from.extent().channels());
  }

  /// Copies one piece.
  ///
  /// @param source of [PlaneLayout#bytes] of the first layout, or row-major without slack
  /// @param target of [PlaneLayout#bytes] of the second layout, or row-major without slack
  /// @throws IndexOutOfBoundsException if a segment is too small
  public void run(MemorySegment source, MemorySegment target, int part) {
    int first = (int) ((long) planes() * part / parts());
    int end = (int) ((long) planes() * (part + 1) / parts());
    for (int plane = first; plane < end; plane++) {
      int image = plane / from.extent().channels();
      int channel = plane % from.extent().channels();
      for (int row = 0; row < from.extent().height(); row++) {
        long at = from.offset(image, channel, row, 0) * Float.BYTES;
        long start = to.offset(image, channel, row, 0) * Float.BYTES;
        copyRow(source, at, target, start);
      }
    }
  }

  private void copyRow(MemorySegment source, long at, MemorySegment target, long start) {
    if (isContiguous) {
      MemorySegment.copy(source, at, target, start, (long) fromColumns.length * Float.BYTES);
      return;
    }
    for (int x = 0; x < fromColumns.length; x++) {
      target.set(
          FLOAT,
          start + (long) toColumns[x] * Float.BYTES,
          source.get(FLOAT, at + (long) fromColumns[x] * Float.BYTES));
    }
  }
}
