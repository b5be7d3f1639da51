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

  /// Columns from one column to the next of the same phase in both layouts.
  private final int step;

  private final boolean isContiguous;

  private LayoutCopy(PlaneLayout from, PlaneLayout to) {
    this.from = from;
    this.to = to;
    step = from.columnPhases() * to.columnPhases();
    isContiguous = from.lanes() == 1 && to.lanes() == 1 && step == 1;
  }

  /// Returns a copy between two layouts of the same extent.
  ///
  /// @throws IllegalArgumentException if the extents differ
  public static LayoutCopy of(PlaneLayout from, PlaneLayout to) {
    if (!from.extent().equals(to.extent())) {
      throw new IllegalArgumentException(
          "%s cannot be copied to %s".formatted(from.extent(), to.extent()));
    }
    return new LayoutCopy(from, to);
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
        copyRow(source, target, image, channel, row);
      }
    }
  }

  private void copyRow(
      MemorySegment source, MemorySegment target, int image, int channel, int row) {
    int width = from.extent().width();
    if (isContiguous) {
      long read = from.offset(image, channel, row, 0) * Float.BYTES;
      long written = to.offset(image, channel, row, 0) * Float.BYTES;
      MemorySegment.copy(source, read, target, written, (long) width * Float.BYTES);
      return;
    }
    long readStep = (long) to.columnPhases() * from.lanes() * Float.BYTES;
    long writtenStep = (long) from.columnPhases() * to.lanes() * Float.BYTES;
    for (int phase = 0; phase < Math.min(step, width); phase++) {
      long read = from.offset(image, channel, row, phase) * Float.BYTES;
      long written = to.offset(image, channel, row, phase) * Float.BYTES;
      int count = Math.ceilDiv(width - phase, step);
      for (int i = 0; i < count; i++) {
        target.set(FLOAT, written + i * writtenStep, source.get(FLOAT, read + i * readStep));
      }
    }
  }
}
