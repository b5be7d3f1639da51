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
import java.util.Objects;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/// Arithmetic, comparisons, logic and choices, element by element, with broadcasting.
final class ArithmeticOperators {
  private ArithmeticOperators() {}

  /// Combines the first elements of two arrays into the first one.
  @FunctionalInterface
  private interface Pairs {
    void apply(float[] x, float[] y, int n);
  }

  private interface RealTest {
    boolean of(float x, float y);
  }

  private interface WholeTest {
    boolean of(long x, long y);
  }

  static void addTo(Map<String, Operator> all) {
    pairs(all, "Add", ArithmeticOperators::add, Long::sum);
    pairs(all, "Sub", ArithmeticOperators::subtract, (x, y) -> x - y);
    pairs(all, "Mul", ArithmeticOperators::multiply, (x, y) -> x * y);
    pairs(all, "Div", ArithmeticOperators::divide, ArithmeticOperators::quotient);
    pairs(all, "Sum", ArithmeticOperators::add, Long::sum);
    pairs(all, "Max", ArithmeticOperators::most, Math::max);
    pairs(all, "Min", ArithmeticOperators::least, Math::min);
    all.put("Mean", Operator.of(ArithmeticOperators::mean));
    all.put("Pow", Operator.of(ArithmeticOperators::power));
    all.put(
        "PRelu",
        Operator.of(in -> pair(in, ArithmeticOperators::pRelu, (x, y) -> x < 0 ? x * y : x)));
    all.put("Mod", Operator.of(ArithmeticOperators::modulo));
    all.put("BitShift", Operator.of(ArithmeticOperators::shift));
    all.put("BitwiseAnd", Operator.of(in -> pair(in, null, (x, y) -> x & y)));
    all.put("BitwiseOr", Operator.of(in -> pair(in, null, (x, y) -> x | y)));
    all.put("BitwiseXor", Operator.of(in -> pair(in, null, (x, y) -> x ^ y)));
    test(all, "Equal", (x, y) -> x == y, (x, y) -> x == y);
    test(all, "Greater", (x, y) -> x > y, (x, y) -> x > y);
    test(all, "Less", (x, y) -> x < y, (x, y) -> x < y);
    test(all, "GreaterOrEqual", (x, y) -> x >= y, (x, y) -> x >= y);
    test(all, "LessOrEqual", (x, y) -> x <= y, (x, y) -> x <= y);
    test(all, "And", null, (x, y) -> (x & y) != 0);
    test(all, "Or", null, (x, y) -> (x | y) != 0);
    test(all, "Xor", null, (x, y) -> x != y);
    all.put("Where", Operator.of(ArithmeticOperators::where).making((in, _) -> in.in(1).type()));
  }

  private static void add(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] + y[i];
    }
  }

  private static void subtract(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] - y[i];
    }
  }

  private static void multiply(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] * y[i];
    }
  }

  private static void divide(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] / y[i];
    }
  }

  private static void most(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.max(x[i], y[i]);
    }
  }

  private static void least(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.min(x[i], y[i]);
    }
  }

  private static void pRelu(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = x[i] < 0 ? x[i] * y[i] : x[i];
    }
  }

  private static void powers(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = (float) Math.pow(x[i], y[i]);
    }
  }

  private static long quotient(long x, long y) {
    return y == 0 ? 0 : x / y;
  }

  private static void pairs(
      Map<String, Operator> all, String name, Pairs real, LongBinaryOperator whole) {
    all.put(name, Operator.of(in -> folded(in, real, whole)));
  }

  private static void test(
      Map<String, Operator> all, String name, @Nullable RealTest real, WholeTest whole) {
    all.put(name, Operator.of(DataType.BOOL, in -> tested(in, real, whole)));
  }

  /// Combines all inputs from the first to the last: the first two, then the result with each other
  /// one.
  private static Step folded(Operands in, Pairs real, LongBinaryOperator whole) {
    int count = in.inputs().size();
    if (count == 2) {
      return pair(in, real, whole);
    }
    var steps = new ArrayList<Step>();
    steps.add(spread(in.in(0), in.out()));
    for (int i = 1; i < count; i++) {
      steps.add(pair(new Pair(in.out(), in.in(i), in.out()), real, whole));
    }
    return new Sequence(steps);
  }

  /// Copies a value into one that it broadcasts to.
  private static Step spread(Value x, Value out) {
    int[] strides = StridedCopy.strides(x.shape());
    var spread = new int[out.rank()];
    for (int axis = 0; axis < spread.length; axis++) {
      int own = axis - out.rank() + x.rank();
      spread[axis] = own < 0 || x.size(own) == 1 ? 0 : strides[own];
    }
    return StridedCopy.into(out, new StridedCopy.Source(x.memory(), 0, spread));
  }

  /// Multiplies a value in place by another one that broadcasts to it.
  static Step product(Value value, Value factor) {
    return new RealPair(new Pair(value, factor, value), ArithmeticOperators::multiply);
  }

  /// Adds to a value in place another one that broadcasts to it.
  static Step sum(Value value, Value term) {
    return new RealPair(new Pair(value, term, value), ArithmeticOperators::add);
  }

  /// Returns a step that runs others one after the other.
  static Step sequence(List<Step> steps) {
    return new Sequence(List.copyOf(steps));
  }

  /// Runs steps one after the other, as one part.
  private record Sequence(List<Step> steps) implements Step {
    @Override
    public void run(int part, Workspace workspace) {
      for (int i = 0; i < steps.size(); i++) {
        Step step = steps.get(i);
        int parts = step.parts();
        for (int each = 0; each < parts; each++) {
          step.run(each, workspace);
        }
      }
    }
  }

  private record Pair(Value x, Value y, Value out) {}

  private static Step pair(Operands in, @Nullable Pairs real, LongBinaryOperator whole) {
    if (in.in(0).storage() == Storage.REAL && real == null) {
      throw in.unsupported("its input has elements of type %s".formatted(in.in(0).type()));
    }
    return pair(new Pair(in.in(0), in.in(1), in.out()), real, whole);
  }

  private static Step pair(Pair pair, @Nullable Pairs real, LongBinaryOperator whole) {
    return pair.out.storage() == Storage.REAL
        ? new RealPair(pair, Objects.requireNonNull(real))
        : wholePair(pair, whole);
  }

  /// A function of two operands of real numbers.
  private static final class RealPair implements Step {
    private final Broadcast broadcast;
    private final MemorySegment x;
    private final MemorySegment y;
    private final MemorySegment out;
    private final Pairs function;
    private final int row;
    private final int pieces;
    private final int parts;

    RealPair(Pair pair, Pairs function) {
      broadcast = new Broadcast(pair.out.shape(), List.of(pair.x.shape(), pair.y.shape()));
      x = pair.x.memory();
      y = pair.y.memory();
      out = pair.out.memory();
      this.function = function;
      row = broadcast.row();
      pieces = Math.ceilDiv(row, ElementOperators.BLOCK);
      parts = Step.parts(pair.out.elements(), (long) broadcast.rows() * pieces);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      if (row == 0) {
        return;
      }
      float[] left = workspace.floats(0, ElementOperators.BLOCK);
      float[] right = workspace.floats(1, ElementOperators.BLOCK);
      int all = broadcast.rows() * pieces;
      int end = Step.begin(part + 1, parts, all);
      for (int i = Step.begin(part, parts, all); i < end; i++) {
        int line = i / pieces;
        int from = i % pieces * ElementOperators.BLOCK;
        int n = Math.min(ElementOperators.BLOCK, row - from);
        load(x, broadcast.offset(0, line), broadcast.step(0), from, left, n);
        load(y, broadcast.offset(1, line), broadcast.step(1), from, right, n);
        function.apply(left, right, n);
        MemorySegment.copy(left, 0, out, JAVA_FLOAT, 4L * ((long) line * row + from), n);
      }
    }
  }

  /// Loads a piece of an operand's row.
  static void load(MemorySegment x, int offset, int step, int from, float[] block, int n) {
    switch (step) {
      case 0 -> Arrays.fill(block, 0, n, x.getAtIndex(JAVA_FLOAT, offset));
      case 1 -> MemorySegment.copy(x, JAVA_FLOAT, 4L * ((long) offset + from), block, 0, n);
      default -> {
        for (int i = 0; i < n; i++) {
          block[i] = x.getAtIndex(JAVA_FLOAT, offset + (long) (from + i) * step);
        }
      }
    }
  }

  private static Step wholePair(Pair pair, LongBinaryOperator function) {
    var broadcast = new Broadcast(pair.out.shape(), List.of(pair.x.shape(), pair.y.shape()));
    MemorySegment x = pair.x.memory();
    MemorySegment y = pair.y.memory();
    MemorySegment out = pair.out.memory();
    DataType type = pair.out.type();
    return (_, _) -> {
      int row = broadcast.row();
      for (int line = 0; line < broadcast.rows(); line++) {
        int left = broadcast.offset(0, line);
        int right = broadcast.offset(1, line);
        for (int i = 0; i < row; i++) {
          long result =
              function.applyAsLong(
                  x.getAtIndex(JAVA_LONG, left + (long) i * broadcast.step(0)),
                  y.getAtIndex(JAVA_LONG, right + (long) i * broadcast.step(1)));
          out.setAtIndex(JAVA_LONG, (long) line * row + i, Storage.wrapped(type, result));
        }
      }
    };
  }

  private static Step mean(Operands in) {
    Step sum = folded(in, ArithmeticOperators::add, Long::sum);
    MemorySegment out = in.real(0).out().memory();
    int count = in.out().elements();
    float inputs = in.inputs().size();
    Step divided =
        (_, _) -> {
          for (int i = 0; i < count; i++) {
            out.setAtIndex(JAVA_FLOAT, i, out.getAtIndex(JAVA_FLOAT, i) / inputs);
          }
        };
    return new Sequence(List.of(sum, divided));
  }

  /// Computes powers; the type is the base's.
  private static Step power(Operands in) {
    Value exponent = in.in(1);
    if (in.in(0).storage() == Storage.WHOLE || exponent.storage() != Storage.REAL) {
      return elementwise(in, Math::pow, in.out());
    }
    if (exponent.isConstant()
        && exponent.elements() == 1
        && in.out().hasShape(in.in(0).form().shape())) {
      float by = exponent.floats()[0];
      if (by == 2) {
        return ElementOperators.blocks(in, (x, n, _) -> multiply(x, x, n));
      }
      if (by == 1) {
        return StridedCopy.whole(in.memory(0), in.out());
      }
    }
    return pair(new Pair(in.in(0), exponent, in.out()), ArithmeticOperators::powers, Long::sum);
  }

  private interface RealPairFunction {
    double of(double x, double y);
  }

  /// Computes a function of two operands of any types, in double precision.
  private static Step elementwise(Operands in, RealPairFunction function, Value out) {
    Value x = in.in(0);
    Value y = in.in(1);
    var broadcast = new Broadcast(out.shape(), List.of(x.shape(), y.shape()));
    MemorySegment left = x.memory();
    MemorySegment right = y.memory();
    MemorySegment result = out.memory();
    return (_, _) -> {
      int row = broadcast.row();
      for (int line = 0; line < broadcast.rows(); line++) {
        int a = broadcast.offset(0, line);
        int b = broadcast.offset(1, line);
        for (int i = 0; i < row; i++) {
          double value =
              function.of(
                  number(left, x.storage(), a + i * broadcast.step(0)),
                  number(right, y.storage(), b + i * broadcast.step(1)));
          if (out.storage() == Storage.REAL) {
            result.setAtIndex(JAVA_FLOAT, (long) line * row + i, (float) value);
          } else {
            result.setAtIndex(
                JAVA_LONG, (long) line * row + i, Storage.wrapped(out.type(), (long) value));
          }
        }
      }
    };
  }

  private static double number(MemorySegment x, Storage storage, int index) {
    return switch (storage) {
      case REAL -> x.getAtIndex(JAVA_FLOAT, index);
      case WHOLE -> x.getAtIndex(JAVA_LONG, index);
      case TRUTH -> x.get(JAVA_BYTE, index);
    };
  }

  /// Computes the remainder: with `fmod=1` it has the dividend's sign, otherwise the divisor's.
  private static Step modulo(Operands in) {
    boolean isOfDividend = in.node().integer("fmod", 0) != 0;
    if (in.in(0).storage() == Storage.REAL) {
      return elementwise(
          in, isOfDividend ? (x, y) -> x % y : ArithmeticOperators::floorMod, in.out());
    }
    LongBinaryOperator function =
        isOfDividend ? (x, y) -> y == 0 ? 0 : x % y : (x, y) -> y == 0 ? 0 : Math.floorMod(x, y);
    return pair(new Pair(in.in(0), in.in(1), in.out()), null, function);
  }

  private static double floorMod(double x, double y) {
    double rest = x % y;
    return rest != 0 && rest < 0 != y < 0 ? rest + y : rest;
  }

  private static Step shift(Operands in) {
    boolean isLeft = in.node().text("direction", "").equals("LEFT");
    LongBinaryOperator function = (x, y) -> y >= Long.SIZE ? 0 : isLeft ? x << y : x >>> y;
    return pair(new Pair(in.in(0), in.in(1), in.out()), null, function);
  }

  private static Step tested(Operands in, @Nullable RealTest real, WholeTest whole) {
    Value x = in.in(0);
    Value y = in.in(1);
    Storage storage = x.storage();
    if (storage == Storage.REAL && real == null) {
      throw in.unsupported("its input has elements of type %s".formatted(x.type()));
    }
    var broadcast = new Broadcast(in.out().shape(), List.of(x.shape(), y.shape()));
    MemorySegment left = x.memory();
    MemorySegment right = y.memory();
    MemorySegment out = in.out().memory();
    return (_, _) -> {
      int row = broadcast.row();
      for (int line = 0; line < broadcast.rows(); line++) {
        int a = broadcast.offset(0, line);
        int b = broadcast.offset(1, line);
        for (int i = 0; i < row; i++) {
          int p = a + i * broadcast.step(0);
          int q = b + i * broadcast.step(1);
          boolean result =
              storage == Storage.REAL
                  ? real != null
                      && real.of(left.getAtIndex(JAVA_FLOAT, p), right.getAtIndex(JAVA_FLOAT, q))
                  : whole.of(whole(left, storage, p), whole(right, storage, q));
          out.set(JAVA_BYTE, (long) line * row + i, (byte) (result ? 1 : 0));
        }
      }
    };
  }

  private static long whole(MemorySegment x, Storage storage, int index) {
    return storage == Storage.WHOLE ? x.getAtIndex(JAVA_LONG, index) : x.get(JAVA_BYTE, index);
  }

  private static Step where(Operands in) {
    Value choice = in.in(0);
    Value x = in.in(1);
    Value y = in.in(2);
    var broadcast = new Broadcast(in.out().shape(), List.of(choice.shape(), x.shape(), y.shape()));
    MemorySegment chosen = choice.memory();
    MemorySegment left = x.memory();
    MemorySegment right = y.memory();
    MemorySegment out = in.out().memory();
    Storage storage = in.out().storage();
    return (_, _) -> {
      int row = broadcast.row();
      for (int line = 0; line < broadcast.rows(); line++) {
        int c = broadcast.offset(0, line);
        int a = broadcast.offset(1, line);
        int b = broadcast.offset(2, line);
        for (int i = 0; i < row; i++) {
          boolean isLeft = chosen.get(JAVA_BYTE, c + (long) i * broadcast.step(0)) != 0;
          MemorySegment source = isLeft ? left : right;
          long from = isLeft ? a + (long) i * broadcast.step(1) : b + (long) i * broadcast.step(2);
          StridedCopy.element(source, from, out, (long) line * row + i, storage);
        }
      }
    };
  }
}
