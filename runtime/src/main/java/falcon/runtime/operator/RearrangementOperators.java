package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.DataType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Operators that rearrange, repeat, join or divide the same elements; shapes as numbers.
final class RearrangementOperators {
  private RearrangementOperators() {}

  static void addTo(Map<String, Operator> all) {
    Operator view =
        Operator.of(in -> StridedCopy.whole(in.memory(0), in.out())).as(Operator.Kind.VIEW);
    for (String name : List.of("Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze")) {
      all.put(name, view);
    }
    all.put("Dropout", dropout());
    all.put(
        "Shape",
        Operator.of(DataType.INT64, RearrangementOperators::shape).as(Operator.Kind.OF_SHAPES));
    all.put(
        "Size",
        Operator.of(DataType.INT64, RearrangementOperators::size).as(Operator.Kind.OF_SHAPES));
    all.put("Transpose", Operator.of(RearrangementOperators::transpose));
    all.put("Concat", Operator.of(RearrangementOperators::concat));
    all.put("Split", Operator.of(RearrangementOperators::split));
    all.put("Slice", Operator.of(RearrangementOperators::slice));
    all.put("Expand", Operator.of(RearrangementOperators::expand));
    all.put("Tile", Operator.of(RearrangementOperators::tile));
    all.put("Pad", Operator.of(RearrangementOperators::pad));
    all.put("DepthToSpace", Operator.of(RearrangementOperators::depthToSpace));
    all.put("SpaceToDepth", Operator.of(RearrangementOperators::spaceToDepth));
  }

  /// Drops nothing, as in inference.
  private static Operator dropout() {
    return new Operator(
        (in, output) -> output == 0 ? in.in(0).type() : DataType.BOOL,
        in -> {
          if (in.has(2) && in.number(2, 0) != 0 && (!in.has(1) || in.number(1, 0) != 0)) {
            throw in.unsupported("it was exported in training mode");
          }
          Step copy = StridedCopy.whole(in.memory(0), in.out());
          if (!in.makes(1)) {
            return copy;
          }
          MemorySegment mask = in.out(1).memory();
          return (part, workspace) -> {
            mask.fill((byte) 1);
            for (int i = 0; i < copy.parts(); i++) {
              copy.run(i, workspace);
            }
          };
        },
        Operator.Kind.COMPUTES);
  }

  private static Step shape(Operands in) {
    int[] shape = in.in(0).shape();
    int start = clamped(in.node().integer("start", 0), shape.length);
    int end = clamped(in.node().integer("end", shape.length), shape.length);
    MemorySegment out = in.out().memory();
    return (_, _) -> {
      for (int i = start; i < end; i++) {
        out.setAtIndex(JAVA_LONG, i - start, shape[i]);
      }
    };
  }

  private static int clamped(long place, int rank) {
    return (int) Math.clamp(place < 0 ? place + rank : place, 0L, (long) rank);
  }

  private static Step size(Operands in) {
    long size = in.in(0).elements();
    MemorySegment out = in.out().memory();
    return (_, _) -> out.setAtIndex(JAVA_LONG, 0, size);
  }

  private static Step transpose(Operands in) {
    Value x = in.in(0);
    List<Long> order = in.node().integers("perm", List.of());
    int[] strides = StridedCopy.strides(x.shape());
    var turned = new int[x.rank()];
    for (int axis = 0; axis < turned.length; axis++) {
      turned[axis] =
          strides[order.isEmpty() ? turned.length - 1 - axis : in.axis(order.get(axis), x.rank())];
    }
    return StridedCopy.into(in.out(), new StridedCopy.Source(x.memory(), 0, turned));
  }

  /// Runs copies as one step whose parts are theirs.
  static Step together(List<StridedCopy> copies) {
    var ends = new int[copies.size()];
    int count = 0;
    for (int i = 0; i < ends.length; i++) {
      count += copies.get(i).parts();
      ends[i] = count;
    }
    int parts = count;
    StridedCopy[] all = copies.toArray(StridedCopy[]::new);
    return new Step() {
      @Override
      public int parts() {
        return parts;
      }

      @Override
      public void run(int part, Workspace workspace) {
        int i = 0;
        while (part >= ends[i]) {
          i++;
        }
        all[i].run(part - (i == 0 ? 0 : ends[i - 1]), workspace);
      }
    };
  }

  private static Step concat(Operands in) {
    int axis = in.axis(in.node().integer("axis", 1), in.out().rank());
    int[] strides = StridedCopy.strides(in.out().shape());
    var copies = new ArrayList<StridedCopy>();
    long first = 0;
    for (int i = 0; i < in.inputs().size(); i++) {
      Value x = in.in(i);
      if (x.elements() > 0) {
        copies.add(
            new StridedCopy(
                new StridedCopy.Source(x.memory(), 0, StridedCopy.strides(x.shape())),
                x.shape(),
                in.out().memory(),
                strides,
                new StridedCopy.Destination(x.storage(), first * strides[axis])));
      }
      first += x.size(axis);
    }
    return copies.isEmpty() ? nothing() : together(copies);
  }

  private static Step nothing() {
    return (_, _) -> {};
  }

  private static Step split(Operands in) {
    int axis = in.axis(0);
    Value x = in.in(0);
    int[] strides = StridedCopy.strides(x.shape());
    var copies = new ArrayList<StridedCopy>();
    long first = 0;
    long[] sizes = in.longsOrAttribute(1, "split");
    long each = Math.ceilDiv(x.size(axis), Math.max(1, in.outputs().size()));
    for (int i = 0; i < in.outputs().size(); i++) {
      if (in.makes(i) && in.out(i).elements() > 0) {
        copies.add(
            StridedCopy.into(
                in.out(i), new StridedCopy.Source(x.memory(), first * strides[axis], strides)));
      }
      first += sizes != null ? sizes[i] : each;
    }
    return copies.isEmpty() ? nothing() : together(copies);
  }

  private static Step slice(Operands in) {
    long[] starts = in.longsOrAttribute(1, "starts");
    long[] axes = in.longsOrAttribute(3, "axes");
    long[] steps = in.has(4) ? in.longs(4) : null;
    if (starts == null) {
      throw in.unsupported("it has no start");
    }
    Value x = in.in(0);
    int[] strides = StridedCopy.strides(x.shape());
    long offset = 0;
    for (int i = 0; i < starts.length; i++) {
      int axis = in.axis(axes == null ? i : axes[i], x.rank());
      long step = steps == null ? 1 : steps[i];
      long size = x.size(axis);
      long counted = starts[i] < 0 ? starts[i] + size : starts[i];
      long first = step > 0 ? Math.clamp(counted, 0L, size) : Math.clamp(counted, -1L, size - 1);
      offset += first * strides[axis];
      strides[axis] =
          (int)
              Math.clamp(strides[axis] * step, (long) -Integer.MAX_VALUE, (long) Integer.MAX_VALUE);
    }
    return in.out().elements() == 0
        ? nothing()
        : StridedCopy.into(in.out(), new StridedCopy.Source(x.memory(), offset, strides));
  }

  private static Step expand(Operands in) {
    Value x = in.in(0);
    int[] own = StridedCopy.strides(x.shape());
    var strides = new int[in.out().rank()];
    for (int axis = 0; axis < strides.length; axis++) {
      int place = axis - strides.length + x.rank();
      strides[axis] = place < 0 || x.size(place) == 1 ? 0 : own[place];
    }
    return in.out().elements() == 0
        ? nothing()
        : StridedCopy.into(in.out(), new StridedCopy.Source(x.memory(), 0, strides));
  }

  /// Repeats a value along its axes: the result seen as `[times, size]` for each axis.
  private static Step tile(Operands in) {
    Value x = in.in(0);
    if (in.out().elements() == 0) {
      return nothing();
    }
    int[] own = StridedCopy.strides(x.shape());
    int[] result = StridedCopy.strides(in.out().shape());
    var sizes = new int[2 * x.rank()];
    var reads = new int[sizes.length];
    var writes = new int[sizes.length];
    for (int axis = 0; axis < x.rank(); axis++) {
      sizes[2 * axis] = in.out().size(axis) / x.size(axis);
      sizes[2 * axis + 1] = x.size(axis);
      reads[2 * axis + 1] = own[axis];
      writes[2 * axis] = result[axis] * x.size(axis);
      writes[2 * axis + 1] = result[axis];
    }
    return new StridedCopy(
        new StridedCopy.Source(x.memory(), 0, reads),
        sizes,
        in.out().memory(),
        writes,
        new StridedCopy.Destination(x.storage(), 0));
  }

  /// Pads or crops: ONNX lists all begins, then all ends, of the axes named (all by default).
  private static Step pad(Operands in) {
    Value x = in.in(0);
    long[] pads = in.longsOrAttribute(1, "pads");
    int rank = x.rank();
    long[] axes = in.has(3) ? in.longs(3) : null;
    int count = axes == null ? rank : axes.length;
    if (pads == null || pads.length != 2 * count) {
      throw in.unsupported("its border does not fit its axes");
    }
    var before = new int[rank];
    var after = new int[rank];
    for (int i = 0; i < count; i++) {
      int axis = in.axis(axes == null ? i : axes[i], rank);
      before[axis] = Math.toIntExact(pads[i]);
      after[axis] = Math.toIntExact(pads[i + count]);
    }
    String mode = in.node().text("mode", "constant");
    return switch (mode) {
      case "constant" -> constantPad(in, before);
      case "reflect", "edge", "wrap" -> mirroredPad(in, before, after, mode);
      default -> throw in.unsupported("mode=" + mode);
    };
  }

  private static Step constantPad(Operands in, int[] before) {
    Value x = in.in(0);
    Value out = in.out();
    int[] reads = StridedCopy.strides(x.shape());
    int[] writes = StridedCopy.strides(out.shape());
    var sizes = new int[x.rank()];
    long read = 0;
    long write = 0;
    for (int axis = 0; axis < sizes.length; axis++) {
      int cut = Math.max(0, -before[axis]);
      int first = Math.max(0, before[axis]);
      sizes[axis] = Math.max(0, Math.min(x.size(axis) - cut, out.size(axis) - first));
      read += (long) cut * reads[axis];
      write += (long) first * writes[axis];
    }
    boolean isEmpty = Arrays.stream(sizes).anyMatch(size -> size == 0);
    Step copy =
        isEmpty
            ? nothing()
            : new StridedCopy(
                new StridedCopy.Source(x.memory(), read, reads),
                sizes,
                out.memory(),
                writes,
                new StridedCopy.Destination(x.storage(), write));
    Value given = in.optional(2);
    double border = in.node().real("value", 0);
    MemorySegment y = out.memory();
    int count = out.elements();
    MemorySegment value = given == null ? null : given.memory();
    Storage storage = out.storage();
    return (_, workspace) -> {
      if (value != null) {
        for (int i = 0; i < count; i++) {
          StridedCopy.element(value, 0, y, i, storage);
        }
      } else {
        fill(y, count, storage, border);
      }
      for (int i = 0; i < copy.parts(); i++) {
        copy.run(i, workspace);
      }
    };
  }

  /// Fills a place with a number.
  static void fill(MemorySegment y, int count, Storage storage, double value) {
    for (int i = 0; i < count; i++) {
      switch (storage) {
        case REAL -> y.setAtIndex(JAVA_FLOAT, i, (float) value);
        case WHOLE -> y.setAtIndex(JAVA_LONG, i, (long) value);
        case TRUTH -> y.set(JAVA_BYTE, i, (byte) (value == 0 ? 0 : 1));
      }
    }
  }

  private static Step mirroredPad(Operands in, int[] before, int[] after, String mode) {
    Value x = in.in(0);
    Value out = in.out();
    int rank = x.rank();
    int[] strides = StridedCopy.strides(x.shape());
    var places = new int[rank][];
    for (int axis = 0; axis < rank; axis++) {
      int cut = Math.max(0, -before[axis]);
      int size = x.size(axis) - cut - Math.max(0, -after[axis]);
      int begin = Math.max(0, before[axis]);
      places[axis] = new int[out.size(axis)];
      for (int i = 0; i < places[axis].length; i++) {
        places[axis][i] = (cut + source(i - begin, size, mode)) * strides[axis];
      }
    }
    return indexed(x.memory(), out, places);
  }

  /// Fills a value whose element at (i, j, …) is read from `places[0][i] + places[1][j] + …`.
  static Step indexed(MemorySegment x, Value out, int[][] places) {
    int[] shape = out.shape();
    MemorySegment y = out.memory();
    Storage storage = out.storage();
    int count = out.elements();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        int rest = i;
        long read = 0;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
          read += places[axis][rest % shape[axis]];
          rest /= shape[axis];
        }
        StridedCopy.element(x, read, y, i, storage);
      }
    };
  }

  /// Returns the index of the element that appears at a position of the extended axis.
  private static int source(int place, int size, String mode) {
    return switch (mode) {
      case "edge" -> Math.clamp(place, 0, size - 1);
      case "wrap" -> Math.floorMod(place, size);
      default -> {
        int turn = Math.max(1, 2 * (size - 1));
        int within = Math.floorMod(place, turn);
        yield Math.min(within, turn - within) % Math.max(1, size);
      }
    };
  }

  private static Step depthToSpace(Operands in) {
    Value x = in.in(0);
    int block = (int) in.node().integer("blocksize", 1);
    int c = x.size(1) / (block * block);
    int h = x.size(2);
    int w = x.size(3);
    boolean isColumnFirst = in.node().text("mode", "DCR").equals("CRD");
    int plane = h * w;
    int[] reads = // of the result's axes [n, c, h, block, w, block]
        isColumnFirst
            ? new int[] {x.size(1) * plane, block * block * plane, w, block * plane, 1, plane}
            : new int[] {x.size(1) * plane, plane, w, block * c * plane, 1, c * plane};
    int[] sizes = {x.size(0), c, h, block, w, block};
    return new StridedCopy(
        new StridedCopy.Source(x.memory(), 0, reads),
        sizes,
        in.out().memory(),
        StridedCopy.strides(sizes),
        new StridedCopy.Destination(x.storage(), 0));
  }

  private static Step spaceToDepth(Operands in) {
    Value x = in.in(0);
    int block = (int) in.node().integer("blocksize", 1);
    int c = x.size(1);
    int h = x.size(2) / block;
    int w = x.size(3) / block;
    int row = x.size(3);
    int plane = x.size(2) * row;
    int[] sizes = {x.size(0), block, block, c, h, w};
    int[] reads = {c * plane, row, 1, plane, block * row, block};
    return new StridedCopy(
        new StridedCopy.Source(x.memory(), 0, reads),
        sizes,
        in.out().memory(),
        StridedCopy.strides(sizes),
        new StridedCopy.Destination(x.storage(), 0));
  }
}
