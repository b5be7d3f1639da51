package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/// Operators that look elements up by indices or replace them, and values made of sizes alone.
final class SelectionOperators {
  private SelectionOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Gather", Operator.of(Gather::new));
    all.put("GatherElements", Operator.of(SelectionOperators::gatherElements));
    all.put("GatherND", Operator.of(SelectionOperators::gatherBlocks));
    all.put("ScatterElements", Operator.of(SelectionOperators::scatterElements));
    all.put("Scatter", Operator.of(SelectionOperators::scatterElements));
    all.put("ScatterND", Operator.of(SelectionOperators::scatterBlocks));
    all.put("Trilu", Operator.of(SelectionOperators::triangle));
    all.put("OneHot", Operator.of(SelectionOperators::oneHot).making((in, _) -> in.in(2).type()));
    all.put("ReverseSequence", Operator.of(SelectionOperators::reverseSequence));
    all.put(
        "ConstantOfShape",
        Operator.of(SelectionOperators::constantOfShape).making((in, _) -> constant(in).type()));
    all.put("Range", Operator.of(SelectionOperators::range));
    all.put(
        "EyeLike",
        Operator.of(SelectionOperators::eyeLike)
            .making((in, _) -> eyeType(in))
            .as(Operator.Kind.OF_SHAPES));
  }

  private static String outOfRange(long index, int size, String label) {
    return "%s: index %d is none of an axis of %d".formatted(label, index, size);
  }

  /// Returns an index counted from the front.
  ///
  /// @throws IndexOutOfBoundsException if there is no such element: names the node
  private static int fromFront(long index, int size, String label) {
    long counted = index < 0 ? index + size : index;
    if (counted < 0 || counted >= size) {
      throw new IndexOutOfBoundsException(outOfRange(index, size, label));
    }
    return (int) counted;
  }

  /// Looks up slices of an axis.
  private static final class Gather implements Step {
    private final MemorySegment x;
    private final MemorySegment indices;
    private final MemorySegment out;
    private final String label;
    private final int size;
    private final int outer;
    private final int count;
    private final long slice;
    private final int parts;

    Gather(Operands in) {
      Value value = in.in(0);
      int axis = in.axis(0);
      x = value.memory();
      indices = in.memory(1);
      out = in.out().memory();
      label = in.node().label();
      size = value.size(axis);
      count = in.in(1).elements();
      int before = 1;
      for (int i = 0; i < axis; i++) {
        before *= value.size(i);
      }
      outer = before;
      long elements = 1;
      for (int i = axis + 1; i < value.rank(); i++) {
        elements *= value.size(i);
      }
      slice = elements * value.storage().bytes();
      parts = Step.parts(in.out().elements(), (long) outer * count);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int all = outer * count;
      int end = Step.begin(part + 1, parts, all);
      for (int i = Step.begin(part, parts, all); i < end; i++) {
        int index = fromFront(indices.getAtIndex(JAVA_LONG, i % count), size, label);
        long from = ((long) (i / count) * size + index) * slice;
        MemorySegment.copy(x, from, out, i * slice, slice);
      }
    }
  }

  private static Step gatherElements(Operands in) {
    Value x = in.in(0);
    int axis = in.axis(0);
    int[] shape = in.out().shape();
    int[] strides = StridedCopy.strides(x.shape());
    MemorySegment from = x.memory();
    MemorySegment indices = in.memory(1);
    MemorySegment out = in.out().memory();
    int count = in.out().elements();
    String label = in.node().label();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        int index = fromFront(indices.getAtIndex(JAVA_LONG, i), x.size(axis), label);
        StridedCopy.element(from, place(i, shape, strides, axis, index), out, i, x.storage());
      }
    };
  }

  /// Returns the place of an element whose index along one axis is replaced.
  private static long place(int i, int[] shape, int[] strides, int axis, int index) {
    long place = 0;
    int rest = i;
    for (int each = shape.length - 1; each >= 0; each--) {
      int own = rest % shape[each];
      rest /= shape[each];
      place += (long) (each == axis ? index : own) * strides[each];
    }
    return place;
  }

  /// Blocks of a value that lists of indices address.
  private static final class Blocks {
    private final int[] shape;
    private final int[] strides;
    private final int depth;
    private final int from;
    private final String label;

    /// @param depth indices in a list
    /// @param from first axis that is indexed
    Blocks(int[] shape, int[] strides, int depth, int from, String label) {
      this.shape = shape;
      this.strides = strides;
      this.depth = depth;
      this.from = from;
      this.label = label;
    }

    static Blocks of(Operands in, int from) {
      Value indices = in.in(1);
      return new Blocks(
          in.in(0).shape(),
          StridedCopy.strides(in.in(0).shape()),
          indices.size(indices.rank() - 1),
          from,
          in.node().label());
    }

    int size() {
      int size = 1;
      for (int axis = from + depth; axis < shape.length; axis++) {
        size *= shape[axis];
      }
      return size;
    }

    long place(MemorySegment indices, int list) {
      long place = 0;
      for (int i = 0; i < depth; i++) {
        long index = indices.getAtIndex(JAVA_LONG, (long) list * depth + i);
        place += (long) fromFront(index, shape[from + i], label) * strides[from + i];
      }
      return place;
    }
  }

  private static Step gatherBlocks(Operands in) {
    int batchAxes = (int) in.node().integer("batch_dims", 0);
    Blocks blocks = Blocks.of(in, batchAxes);
    Value x = in.in(0);
    int batches = 1;
    for (int i = 0; i < batchAxes; i++) {
      batches *= x.size(i);
    }
    int perBatch = batches == 0 ? 0 : x.elements() / batches;
    int size = blocks.size();
    int lists = size == 0 ? 0 : in.out().elements() / size;
    int listsPerBatch = batches == 0 ? 1 : Math.max(1, lists / batches);
    MemorySegment indices = in.memory(1);
    MemorySegment from = x.memory();
    MemorySegment out = in.out().memory();
    int bytes = x.storage().bytes();
    return (_, _) -> {
      for (int i = 0; i < lists; i++) {
        long place = (long) (i / listsPerBatch) * perBatch + blocks.place(indices, i);
        MemorySegment.copy(from, place * bytes, out, (long) i * size * bytes, (long) size * bytes);
      }
    };
  }

  private interface Update {
    void at(long place, int update);
  }

  /// Returns what a scatter does with an element and its update.
  private static Update update(Operands in) {
    MemorySegment out = in.out().memory();
    MemorySegment updates = in.memory(2);
    Storage storage = in.out().storage();
    DataType type = in.out().type();
    String reduction = in.node().text("reduction", "none");
    if (reduction.equals("none")) {
      return (place, update) -> StridedCopy.element(updates, update, out, place, storage);
    }
    if (storage == Storage.TRUTH) {
      throw in.unsupported("reduction=%s of truth values".formatted(reduction));
    }
    return switch (storage) {
      case REAL ->
          (place, update) -> {
            float a = out.getAtIndex(JAVA_FLOAT, place);
            float b = updates.getAtIndex(JAVA_FLOAT, update);
            out.setAtIndex(JAVA_FLOAT, place, combined(in, reduction, a, b));
          };
      case WHOLE, TRUTH ->
          (place, update) -> {
            long a = out.getAtIndex(JAVA_LONG, place);
            long b = updates.getAtIndex(JAVA_LONG, update);
            out.setAtIndex(JAVA_LONG, place, Storage.wrapped(type, combined(in, reduction, a, b)));
          };
    };
  }

  private static float combined(Operands in, String reduction, float a, float b) {
    return switch (reduction) {
      case "add" -> a + b;
      case "mul" -> a * b;
      case "max" -> Math.max(a, b);
      case "min" -> Math.min(a, b);
      default -> throw in.unsupported("reduction=" + reduction);
    };
  }

  private static long combined(Operands in, String reduction, long a, long b) {
    return switch (reduction) {
      case "add" -> a + b;
      case "mul" -> a * b;
      case "max" -> Math.max(a, b);
      case "min" -> Math.min(a, b);
      default -> throw in.unsupported("reduction=" + reduction);
    };
  }

  private static Step scatterElements(Operands in) {
    Value x = in.in(0);
    int axis = in.axis(0);
    int[] shape = in.in(1).shape();
    int[] strides = StridedCopy.strides(x.shape());
    MemorySegment indices = in.memory(1);
    int count = in.in(1).elements();
    String label = in.node().label();
    Update update = update(in);
    Step copy = StridedCopy.whole(x.memory(), in.out());
    return (_, workspace) -> {
      all(copy, workspace);
      for (int i = 0; i < count; i++) {
        int index = fromFront(indices.getAtIndex(JAVA_LONG, i), x.size(axis), label);
        update.at(place(i, shape, strides, axis, index), i);
      }
    };
  }

  private static void all(Step step, Workspace workspace) {
    for (int i = 0; i < step.parts(); i++) {
      step.run(i, workspace);
    }
  }

  private static Step scatterBlocks(Operands in) {
    Blocks blocks = Blocks.of(in, 0);
    int size = blocks.size();
    int lists = blocks.depth == 0 ? 1 : in.in(1).elements() / blocks.depth;
    MemorySegment indices = in.memory(1);
    Update update = update(in);
    Step copy = StridedCopy.whole(in.memory(0), in.out());
    return (_, workspace) -> {
      all(copy, workspace);
      for (int i = 0; i < lists; i++) {
        long place = blocks.place(indices, i);
        for (int j = 0; j < size; j++) {
          update.at(place + j, i * size + j);
        }
      }
    };
  }

  private static Step triangle(Operands in) {
    Value x = in.in(0);
    long diagonal = in.has(1) ? in.longs(1)[0] : 0;
    boolean isUpper = in.node().integer("upper", 1) != 0;
    int rows = x.size(x.rank() - 2);
    int columns = x.size(x.rank() - 1);
    MemorySegment from = x.memory();
    MemorySegment out = in.out().memory();
    Storage storage = x.storage();
    int count = x.elements();
    return (_, _) -> {
      out.fill((byte) 0);
      for (int i = 0; i < count; i++) {
        int column = i % columns;
        int row = i / columns % rows;
        long above = (long) column - row;
        if (isUpper ? above >= diagonal : above <= diagonal) {
          StridedCopy.element(from, i, out, i, storage);
        }
      }
    };
  }

  private static Step oneHot(Operands in) {
    Value indices = in.in(0);
    int rank = in.out().rank();
    int axis = in.axis(in.node().integer("axis", -1), rank);
    int depth = in.out().size(axis);
    int inner = StridedCopy.strides(in.out().shape())[axis];
    MemorySegment from = indices.memory();
    MemorySegment values = in.memory(2);
    MemorySegment out = in.out().memory();
    Storage storage = in.out().storage();
    int count = in.out().elements();
    boolean isReal = indices.storage() == Storage.REAL;
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        int c = i / inner % depth;
        int place = i / inner / depth * inner + i % inner;
        long index =
            isReal ? (long) from.getAtIndex(JAVA_FLOAT, place) : from.getAtIndex(JAVA_LONG, place);
        index = index < 0 ? index + depth : index;
        StridedCopy.element(values, index == c ? 1 : 0, out, i, storage);
      }
    };
  }

  /// Reverses the first steps of each sample, as many as its length.
  private static Step reverseSequence(Operands in) {
    Value x = in.in(0);
    int time = in.axis(in.node().integer("time_axis", 0), x.rank());
    int batch = in.axis(in.node().integer("batch_axis", 1), x.rank());
    if (time == batch) {
      throw in.unsupported("time and samples are the same axis, %d".formatted(time));
    }
    int[] shape = x.shape();
    int[] strides = StridedCopy.strides(shape);
    MemorySegment from = x.memory();
    MemorySegment lengths = in.memory(1);
    MemorySegment out = in.out().memory();
    int count = x.elements();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        int step = i / strides[time] % shape[time];
        long length = lengths.getAtIndex(JAVA_LONG, i / strides[batch] % shape[batch]);
        long source = step < length ? length - 1 - step : step;
        StridedCopy.element(from, i + (source - step) * strides[time], out, i, x.storage());
      }
    };
  }

  private static Tensor constant(Operands in) {
    return switch (in.node().attributes().get("value")) {
      case null -> Tensor.ofFloats(List.of(), 0);
      case Attribute.TensorValue(Tensor tensor) when tensor.size() == 1 -> tensor;
      default -> throw in.unsupported("its value is not one number");
    };
  }

  private static Step constantOfShape(Operands in) {
    Tensor value = constant(in);
    double number =
        value.type().isFloatingPoint() ? value.toDoubles()[0] : (double) value.toLongs()[0];
    MemorySegment out = in.out().memory();
    int count = in.out().elements();
    Storage storage = in.out().storage();
    return (_, _) -> RearrangementOperators.fill(out, count, storage, number);
  }

  /// Computes start, start + delta, … before limit.
  private static Step range(Operands in) {
    double start = in.doubles(0)[0];
    double step = in.doubles(2)[0];
    MemorySegment out = in.out().memory();
    int count = in.out().elements();
    Storage storage = in.out().storage();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        if (storage == Storage.REAL) {
          out.setAtIndex(JAVA_FLOAT, i, (float) start + i * (float) step);
        } else {
          out.setAtIndex(JAVA_LONG, i, (long) start + i * (long) step);
        }
      }
    };
  }

  private static DataType eyeType(Operands in) {
    DataType type = in.in(0).type();
    if (in.node().attributes().containsKey("dtype")) {
      DataType wanted = DataType.ofOnnxCode((int) in.node().integer("dtype", 0));
      if (wanted == null) {
        throw in.unsupported(
            "it makes elements of type %d".formatted(in.node().integer("dtype", 0)));
      }
      return wanted;
    }
    return type;
  }

  private static Step eyeLike(Operands in) {
    long shift = in.node().integer("k", 0);
    int columns = in.out().size(1);
    MemorySegment out = in.out().memory();
    int count = in.out().elements();
    Storage storage = in.out().storage();
    return (_, _) -> {
      for (int i = 0; i < count; i++) {
        int one = i % columns - i / columns == shift ? 1 : 0;
        switch (storage) {
          case REAL -> out.setAtIndex(JAVA_FLOAT, i, one);
          case WHOLE -> out.setAtIndex(JAVA_LONG, i, one);
          case TRUTH -> out.set(JAVA_BYTE, i, (byte) one);
        }
      }
    };
  }
}
