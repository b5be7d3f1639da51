package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import falcon.model.DataType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/// Sums, means, extrema and their places, shares and running sums along axes.
final class ReductionOperators {
  /// First opset in which Softmax is along one axis.
  private static final long PER_AXIS_SOFTMAX = 13;

  private ReductionOperators() {}

  /// Reduces the first elements of an array to one number; may change them.
  @FunctionalInterface
  private interface Reduction {
    double of(float[] x, int n, Workspace workspace);
  }

  private interface WholeReduction {
    long of(long so, long x);
  }

  static void addTo(Map<String, Operator> all) {
    real(all, "ReduceMean", (x, n, _) -> Rows.sum(x, n) / n);
    real(all, "ReduceL2", (x, n, _) -> Math.sqrt(Rows.squares(x, n, 0)));
    real(all, "ReduceLogSum", (x, n, _) -> Math.log(Rows.sum(x, n)));
    real(all, "ReduceLogSumExp", ReductionOperators::logSumExp);
    both(all, "ReduceSum", (x, n, _) -> Rows.sum(x, n), 0, Long::sum);
    both(all, "ReduceL1", (x, n, _) -> absolute(x, n), 0, (so, x) -> so + Math.abs(x));
    both(all, "ReduceSumSquare", (x, n, _) -> Rows.squares(x, n, 0), 0, (so, x) -> so + x * x);
    both(all, "ReduceProd", (x, n, _) -> product(x, n), 1, (so, x) -> so * x);
    both(all, "ReduceMax", (x, n, _) -> Rows.most(x, n), Long.MIN_VALUE, Math::max);
    both(all, "ReduceMin", (x, n, _) -> least(x, n), Long.MAX_VALUE, Math::min);
    all.put("ArgMax", Operator.of(DataType.INT64, in -> place(in, true)));
    all.put("ArgMin", Operator.of(DataType.INT64, in -> place(in, false)));
    all.put("Softmax", Operator.of(ReductionOperators::shares));
    all.put("LogSoftmax", Operator.of(in -> alongAxis(in, ReductionOperators::logSoftmax)));
    all.put("Hardmax", Operator.of(in -> alongAxis(in, ReductionOperators::hardmax)));
    all.put("CumSum", Operator.of(ReductionOperators::cumulativeSum));
    all.put(
        "TopK",
        Operator.of(ReductionOperators::largest)
            .making((in, output) -> output == 0 ? in.in(0).type() : DataType.INT64));
  }

  private static double logSumExp(float[] x, int n, Workspace workspace) {
    float most = Rows.most(x, n);
    if (Float.isInfinite(most) || n == 0) {
      return most;
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(x[i] - most);
    }
    return most + Math.log(sum);
  }

  private static double absolute(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.abs(x[i]);
    }
    return Rows.sum(x, n);
  }

  private static double product(float[] x, int n) {
    float product = 1;
    for (int i = 0; i < n; i++) {
      product *= x[i];
    }
    return product;
  }

  private static double least(float[] x, int n) {
    float least = Float.POSITIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      least = Math.min(least, x[i]);
    }
    return least;
  }

  private static void real(Map<String, Operator> all, String name, Reduction reduction) {
    all.put(name, Operator.of(in -> reduced(in, reduction)));
  }

  private static void both(
      Map<String, Operator> all, String name, Reduction real, long start, WholeReduction whole) {
    all.put(
        name,
        Operator.of(in ->
            in.in(0).storage() == Storage.REAL ? reduced(in, real) : wholes(in, start, whole)));
  }

  /// The places of the elements that are reduced to each result.
  private static final class Places {
    private final int[] kept;
    private final int[] reduced;
    private final boolean isContiguous;

    /// @param kept index of the first element for each result
    /// @param reduced distances of the elements from it
    Places(int[] kept, int[] reduced, boolean isContiguous) {
      this.kept = kept;
      this.reduced = reduced;
      this.isContiguous = isContiguous;
    }

    static Places of(Operands in) {
      Value x = in.in(0);
      long[] axes = in.longsOrAttribute(1, "axes");
      var isReduced = new BitSet();
      if (axes == null || axes.length == 0) {
        isReduced.set(0, in.node().integer("noop_with_empty_axes", 0) != 0 ? 0 : x.rank());
      } else {
        for (long axis : axes) {
          isReduced.set(in.axis(axis, x.rank()));
        }
      }
      int[] reduced = places(x, isReduced, true);
      boolean isContiguous = true;
      for (int i = 0; i < reduced.length; i++) {
        isContiguous &= reduced[i] == i;
      }
      return new Places(places(x, isReduced, false), reduced, isContiguous);
    }

    private static int[] places(Value x, BitSet isReduced, boolean which) {
      int[] strides = StridedCopy.strides(x.shape());
      List<int[]> axes = new ArrayList<>();
      int count = 1;
      for (int axis = 0; axis < x.rank(); axis++) {
        if (isReduced.get(axis) == which) {
          axes.add(new int[] {x.size(axis), strides[axis]});
          count *= x.size(axis);
        }
      }
      var places = new int[count];
      for (int i = 0; i < count; i++) {
        int rest = i;
        for (int axis = axes.size() - 1; axis >= 0; axis--) {
          places[i] += rest % axes.get(axis)[0] * axes.get(axis)[1];
          rest /= axes.get(axis)[0];
        }
      }
      return places;
    }
  }

  private static Step reduced(Operands in, Reduction reduction) {
    if (in.in(0).storage() == Storage.TRUTH) {
      throw in.unsupported("its input holds truth values");
    }
    return new Reduced(in, Places.of(in), reduction);
  }

  private static final class Reduced implements Step {
    private final MemorySegment x;
    private final MemorySegment out;
    private final Storage storage;
    private final DataType type;
    private final Places places;
    private final Reduction reduction;
    private final int parts;

    Reduced(Operands in, Places places, Reduction reduction) {
      x = in.memory(0);
      out = in.out().memory();
      storage = in.in(0).storage();
      type = in.out().type();
      this.places = places;
      this.reduction = reduction;
      parts = Step.parts(in.in(0).elements(), places.kept.length);
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      int n = places.reduced.length;
      float[] row = workspace.floats(0, n);
      int end = Step.begin(part + 1, parts, places.kept.length);
      for (int i = Step.begin(part, parts, places.kept.length); i < end; i++) {
        long first = places.kept[i];
        if (storage == Storage.WHOLE) {
          for (int j = 0; j < n; j++) {
            row[j] = x.getAtIndex(JAVA_LONG, first + places.reduced[j]);
          }
          long result = (long) reduction.of(row, n, workspace);
          out.setAtIndex(JAVA_LONG, i, Storage.wrapped(type, result));
          continue;
        }
        if (places.isContiguous) {
          MemorySegment.copy(x, JAVA_FLOAT, 4 * first, row, 0, n);
        } else {
          for (int j = 0; j < n; j++) {
            row[j] = x.getAtIndex(JAVA_FLOAT, first + places.reduced[j]);
          }
        }
        out.setAtIndex(JAVA_FLOAT, i, (float) reduction.of(row, n, workspace));
      }
    }
  }

  private static Step wholes(Operands in, long start, WholeReduction reduction) {
    Places places = Places.of(in);
    MemorySegment x = in.memory(0);
    MemorySegment out = in.out().memory();
    Storage storage = in.in(0).storage();
    DataType type = in.out().type();
    return (_, _) -> {
      for (int i = 0; i < places.kept.length; i++) {
        long result = start;
        for (int distance : places.reduced) {
          long at = (long) places.kept[i] + distance;
          result =
              reduction.of(
                  result,
                  storage == Storage.WHOLE ? x.getAtIndex(JAVA_LONG, at) : x.get(JAVA_BYTE, at));
        }
        if (storage == Storage.WHOLE) {
          out.setAtIndex(JAVA_LONG, i, Storage.wrapped(type, result));
        } else {
          out.set(JAVA_BYTE, i, (byte) (result > 0 ? 1 : 0));
        }
      }
    };
  }

  /// Places of extrema: the first of equal ones, or the last where the node asks for it.
  private static Step place(Operands in, boolean isLargest) {
    Value x = in.in(0);
    int axis = in.axis(0);
    int n = x.size(axis);
    int[] strides = StridedCopy.strides(x.shape());
    int inner = strides.length == 0 ? 1 : strides[axis];
    boolean isLast = in.node().integer("select_last_index", 0) != 0;
    MemorySegment from = x.memory();
    MemorySegment out = in.out().memory();
    Storage storage = x.storage();
    int rows = in.out().elements();
    return (_, _) -> {
      for (int i = 0; i < rows; i++) {
        long first = (long) (i / inner) * n * inner + i % inner;
        int best = 0;
        for (int j = 1; j < n; j++) {
          int order = compare(from, storage, first + (long) j * inner, first + (long) best * inner);
          order = isLargest ? order : -order;
          if (order > 0 || (order == 0 && isLast)) {
            best = j;
          }
        }
        out.setAtIndex(JAVA_LONG, i, best);
      }
    };
  }

  private static int compare(MemorySegment x, Storage storage, long left, long right) {
    return switch (storage) {
      case REAL -> {
        float a = x.getAtIndex(JAVA_FLOAT, left);
        float b = x.getAtIndex(JAVA_FLOAT, right);
        yield a == b ? 0 : a > b ? 1 : -1;
      }
      case WHOLE -> Long.compare(x.getAtIndex(JAVA_LONG, left), x.getAtIndex(JAVA_LONG, right));
      case TRUTH -> Byte.compare(x.get(JAVA_BYTE, left), x.get(JAVA_BYTE, right));
    };
  }

  private static Step shares(Operands in) {
    Value x = in.in(0);
    boolean isLast = in.opset() >= PER_AXIS_SOFTMAX && x.rank() > 0 && in.axis(-1) == x.rank() - 1;
    return isLast
        ? new RowSoftmax(in.real(0), x.size(x.rank() - 1))
        : alongAxis(in, ReductionOperators::softmax);
  }

  /// Applies a function along an axis; up to opset 12 all axes from the given one on are one.
  private static Step alongAxis(Operands in, ElementOperators.BlockFunction function) {
    in.real(0);
    Value x = in.in(0);
    if (in.opset() >= PER_AXIS_SOFTMAX) {
      return x.rank() == 0
          ? new AxisStep(in, 1, 1, function)
          : new AxisStep(in, in.axis(-1), function);
    }
    int axis = x.rank() == 0 ? 0 : in.axis(1);
    int n = 1;
    for (int i = axis; i < x.rank(); i++) {
      n *= x.size(i);
    }
    return new AxisStep(in, n, 1, function);
  }

  static void softmax(float[] x, int n, Workspace workspace) {
    softmax(x, 1, n, workspace);
  }

  /// Computes shares in each of several rows, one behind the other.
  static void softmax(float[] x, int rows, int n, Workspace workspace) {
    for (int row = 0; row < rows; row++) {
      float most = Rows.most(x, row * n, (row + 1) * n);
      for (int i = row * n; i < (row + 1) * n; i++) {
        x[i] = x[i] - most;
      }
    }
    Functions.exp(x, rows * n, workspace);
    for (int row = 0; row < rows; row++) {
      float share = (float) (1 / Rows.sum(x, row * n, (row + 1) * n));
      for (int i = row * n; i < (row + 1) * n; i++) {
        x[i] = x[i] * share;
      }
    }
  }

  /// Shares along the last axis: as many rows at a time as a block has room for.
  private static final class RowSoftmax implements Step {
    private final MemorySegment x;
    private final MemorySegment out;
    private final int n;
    private final int rows;
    private final int each;
    private final int parts;

    RowSoftmax(Operands in, int n) {
      x = in.memory(0);
      out = in.out().memory();
      this.n = n;
      rows = n == 0 ? 0 : in.in(0).elements() / n;
      each = Math.max(1, ElementOperators.BLOCK / Math.max(1, n));
      parts = Step.parts(4L * in.in(0).elements(), Math.ceilDiv(rows, each));
    }

    @Override
    public int parts() {
      return parts;
    }

    @Override
    public void run(int part, Workspace workspace) {
      float[] block = workspace.floats(0, each * n);
      int blocks = Math.ceilDiv(rows, each);
      int end = Step.begin(part + 1, parts, blocks);
      for (int i = Step.begin(part, parts, blocks); i < end; i++) {
        int count = Math.min(each, rows - i * each);
        long at = 4L * i * each * n;
        MemorySegment.copy(x, JAVA_FLOAT, at, block, 0, count * n);
        softmax(block, count, n, workspace);
        MemorySegment.copy(block, 0, out, JAVA_FLOAT, at, count * n);
      }
    }
  }

  private static void logSoftmax(float[] x, int n, Workspace workspace) {
    float total = (float) logSumExp(x, n, workspace);
    for (int i = 0; i < n; i++) {
      x[i] = x[i] - total;
    }
  }

  private static void hardmax(float[] x, int n, Workspace workspace) {
    int best = 0;
    for (int i = 1; i < n; i++) {
      best = x[i] > x[best] ? i : best;
    }
    for (int i = 0; i < n; i++) {
      x[i] = i == best ? 1 : 0;
    }
  }

  private static Step cumulativeSum(Operands in) {
    Value x = in.in(0);
    int axis = in.axis(in.longs(1)[0], x.rank());
    boolean isReverse = in.node().integer("reverse", 0) != 0;
    boolean isExclusive = in.node().integer("exclusive", 0) != 0;
    if (x.storage() == Storage.REAL) {
      return new AxisStep(in, axis, (row, n, _) -> accumulate(row, n, isReverse, isExclusive));
    }
    int n = x.size(axis);
    int inner = StridedCopy.strides(x.shape())[axis];
    MemorySegment from = x.memory();
    MemorySegment out = in.out().memory();
    DataType type = in.out().type();
    int rows = n == 0 ? 0 : x.elements() / n;
    return (_, _) -> {
      for (int i = 0; i < rows; i++) {
        long first = (long) (i / inner) * n * inner + i % inner;
        long sum = 0;
        for (int j = 0; j < n; j++) {
          long at = first + (long) (isReverse ? n - 1 - j : j) * inner;
          long value = from.getAtIndex(JAVA_LONG, at);
          out.setAtIndex(JAVA_LONG, at, Storage.wrapped(type, isExclusive ? sum : sum + value));
          sum += value;
        }
      }
    };
  }

  private static void accumulate(float[] row, int n, boolean isReverse, boolean isExclusive) {
    double sum = 0;
    for (int j = 0; j < n; j++) {
      int at = isReverse ? n - 1 - j : j;
      float value = row[at];
      row[at] = (float) (isExclusive ? sum : sum + value);
      sum += value;
    }
  }

  /// Computes `TopK`: of equal elements the first comes first.
  private static Step largest(Operands in) {
    Value x = in.in(0);
    int axis = in.axis(-1);
    int n = x.size(axis);
    int count = in.out().size(axis);
    int inner = StridedCopy.strides(x.shape())[axis];
    boolean isLargest = in.node().integer("largest", 1) != 0;
    MemorySegment from = x.memory();
    MemorySegment values = in.out().memory();
    MemorySegment places = in.makes(1) ? in.out(1).memory() : null;
    Storage storage = x.storage();
    int rows = n == 0 ? 0 : x.elements() / n;
    var taken = new boolean[n];
    return (_, _) -> {
      for (int i = 0; i < rows; i++) {
        long first = (long) (i / inner) * n * inner + i % inner;
        long target = (long) (i / inner) * count * inner + i % inner;
        Arrays.fill(taken, false);
        for (int k = 0; k < count; k++) {
          int best = -1;
          for (int j = 0; j < n; j++) {
            if (taken[j]) {
              continue;
            }
            int order =
                best < 0
                    ? 1
                    : compare(from, storage, first + (long) j * inner, first + (long) best * inner);
            if (best < 0 || (isLargest ? order > 0 : order < 0)) {
              best = j;
            }
          }
          taken[best] = true;
          StridedCopy.element(
              from, first + (long) best * inner, values, target + (long) k * inner, storage);
          if (places != null) {
            places.setAtIndex(JAVA_LONG, target + (long) k * inner, best);
          }
        }
      }
    };
  }
}
