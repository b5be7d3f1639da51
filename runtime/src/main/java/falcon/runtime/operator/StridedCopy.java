package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A copy of a box of elements between two places, each with a stride for every axis: transposing,
/// slicing, repeating, joining.
final class StridedCopy implements Step {
  /// Rows and columns of the tiles in which a transposition is done, so that both sides stay in
  /// cache.
  private static final int TILE = 16;

  /// Where elements are read: the first one's index and the stride of each axis, in elements.
  static final class Source {
    private final MemorySegment memory;
    private final long offset;
    private final int[] strides;

    /// @param strides one for each axis of the result; 0 repeats, negative ones run backwards
    Source(MemorySegment memory, long offset, int[] strides) {
      this.memory = memory;
      this.offset = offset;
      this.strides = strides;
    }
  }

  private final MemorySegment from;
  private final MemorySegment to;
  private final Storage storage;
  private final int[] sizes; // outer axes, then the inner two
  private final long[] reads;
  private final long[] writes;
  private final long firstRead;
  private final long firstWrite;
  private final int outer;
  private final int parts;

  /// @param sizes sizes of the box
  /// @param writes strides in the result
  StridedCopy(Source source, int[] sizes, MemorySegment to, int[] writes, Destination destination) {
    from = source.memory;
    this.to = to;
    storage = destination.storage;
    firstRead = source.offset;
    firstWrite = destination.offset;
    List<long[]> axes = joined(sizes, source.strides, writes);
    int rank = axes.size();
    this.sizes = new int[rank];
    reads = new long[rank];
    this.writes = new long[rank];
    int count = 1;
    for (int i = 0; i < rank; i++) {
      this.sizes[i] = (int) axes.get(i)[0];
      reads[i] = axes.get(i)[1];
      this.writes[i] = axes.get(i)[2];
      count *= i < rank - 2 ? this.sizes[i] : 1;
    }
    outer = count;
    long all = (long) count * this.sizes[rank - 1] * this.sizes[rank - 2];
    parts = Step.parts(all, (long) count * this.sizes[rank - 2]);
  }

  /// Where elements are written.
  ///
  /// @param offset index of the first element
  record Destination(Storage storage, long offset) {}

  /// Fills a value from a source.
  static StridedCopy into(Value out, Source source) {
    int[] shape = out.shape();
    return new StridedCopy(
        source, shape, out.memory(), strides(shape), new Destination(out.storage(), 0));
  }

  /// Copies a value as it is.
  static StridedCopy whole(MemorySegment from, Value out) {
    return into(out, new Source(from, 0, strides(out.shape())));
  }

  /// Returns the row-major strides of a shape.
  static int[] strides(int[] shape) {
    var strides = new int[shape.length];
    int step = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = step;
      step *= shape[axis];
    }
    return strides;
  }

  /// Joins axes that both sides run through alike, and puts the axis that is read contiguously next
  /// to the last.
  private static List<long[]> joined(int[] sizes, int[] reads, int[] writes) {
    List<long[]> axes = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] == 1) {
        continue;
      }
      long[] last = axes.isEmpty() ? null : axes.getLast();
      if (last != null
          && last[1] == (long) reads[i] * sizes[i]
          && last[2] == (long) writes[i] * sizes[i]) {
        axes.set(axes.size() - 1, new long[] {last[0] * sizes[i], reads[i], writes[i]});
      } else {
        axes.add(new long[] {sizes[i], reads[i], writes[i]});
      }
    }
    while (axes.size() < 2) {
      axes.addFirst(new long[] {1, 0, 0});
    }
    if (axes.getLast()[1] != 1) {
      for (int i = 0; i < axes.size() - 1; i++) {
        if (axes.get(i)[1] == 1) {
          long[] contiguous = axes.remove(i);
          axes.add(axes.size() - 1, contiguous);
          break;
        }
      }
    }
    return axes;
  }

  @Override
  public int parts() {
    return parts;
  }

  @Override
  public void run(int part, Workspace workspace) {
    int inner = sizes.length - 2;
    int rows = sizes[inner];
    int all = outer * rows;
    int end = Step.begin(part + 1, parts, all);
    int i = Step.begin(part, parts, all);
    while (i < end) {
      int box = i / rows;
      int row = i % rows;
      int last = Math.min(rows, row + end - i);
      long read = firstRead;
      long write = firstWrite;
      int rest = box;
      for (int axis = inner - 1; axis >= 0; axis--) {
        read += rest % sizes[axis] * reads[axis];
        write += rest % sizes[axis] * writes[axis];
        rest /= sizes[axis];
      }
      plane(read, write, row, last);
      i += last - row;
    }
  }

  private void plane(long read, long write, int first, int last) {
    int inner = sizes.length - 2;
    int columns = sizes[inner + 1];
    if (reads[inner + 1] == 1 && writes[inner + 1] == 1) {
      int bytes = storage.bytes();
      for (int row = first; row < last; row++) {
        MemorySegment.copy(
            from,
            (read + row * reads[inner]) * bytes,
            to,
            (write + row * writes[inner]) * bytes,
            (long) columns * bytes);
      }
      return;
    }
    for (int top = first; top < last; top += TILE) {
      int bottom = Math.min(last, top + TILE);
      for (int left = 0; left < columns; left += TILE) {
        tile(read, write, top, bottom, left, Math.min(columns, left + TILE));
      }
    }
  }

  private void tile(long read, long write, int top, int bottom, int left, int right) {
    int inner = sizes.length - 2;
    long readStep = reads[inner + 1];
    long writeStep = writes[inner + 1];
    for (int row = top; row < bottom; row++) {
      long source = read + row * reads[inner] + left * readStep;
      long target = write + row * writes[inner] + left * writeStep;
      int n = right - left;
      switch (storage) {
        case REAL -> {
          for (int i = 0; i < n; i++) {
            int bits = from.getAtIndex(JAVA_INT, source + i * readStep);
            to.setAtIndex(JAVA_INT, target + i * writeStep, bits);
          }
        }
        case WHOLE -> {
          for (int i = 0; i < n; i++) {
            long bits = from.getAtIndex(JAVA_LONG, source + i * readStep);
            to.setAtIndex(JAVA_LONG, target + i * writeStep, bits);
          }
        }
        case TRUTH -> {
          for (int i = 0; i < n; i++) {
            to.set(JAVA_BYTE, target + i * writeStep, from.get(JAVA_BYTE, source + i * readStep));
          }
        }
      }
    }
  }

  /// Copies one element.
  static void element(
      MemorySegment from, long read, MemorySegment to, long write, Storage storage) {
    switch (storage) {
      case REAL -> to.setAtIndex(JAVA_FLOAT, write, from.getAtIndex(JAVA_FLOAT, read));
      case WHOLE -> to.setAtIndex(JAVA_LONG, write, from.getAtIndex(JAVA_LONG, read));
      case TRUTH -> to.set(JAVA_BYTE, write, from.get(JAVA_BYTE, read));
    }
  }
}
