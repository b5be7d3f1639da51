package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// Computes a function of all elements along an axis, for every position of the other axes.
final class AxisStep implements Step {
  private final MemorySegment x;
  private final MemorySegment out;
  private final ElementOperators.BlockFunction function;
  private final int n;
  private final int inner;
  private final int rows;
  private final int parts;

  AxisStep(Operands in, int axis, ElementOperators.BlockFunction function) {
    this(in, in.in(0).size(axis), inner(in.in(0), axis), function);
  }

  /// @param n elements along the axis
  /// @param inner distance between neighbours along the axis
  AxisStep(Operands in, int n, int inner, ElementOperators.BlockFunction function) {
    x = in.memory(0);
    out = in.out().memory();
    this.function = function;
    this.n = n;
    this.inner = inner;
    rows = n == 0 ? 0 : in.in(0).elements() / n;
    parts = Step.parts(4L * in.in(0).elements(), rows);
  }

  private static int inner(Value x, int axis) {
    int inner = 1;
    for (int i = axis + 1; i < x.rank(); i++) {
      inner *= x.size(i);
    }
    return inner;
  }

  @Override
  public int parts() {
    return parts;
  }

  @Override
  public void run(int part, Workspace workspace) {
    float[] row = workspace.floats(0, n);
    int end = Step.begin(part + 1, parts, rows);
    for (int i = Step.begin(part, parts, rows); i < end; i++) {
      if (inner == 1) {
        MemorySegment.copy(x, JAVA_FLOAT, 4L * i * n, row, 0, n);
        function.apply(row, n, workspace);
        MemorySegment.copy(row, 0, out, JAVA_FLOAT, 4L * i * n, n);
        continue;
      }
      long first = (long) (i / inner) * n * inner + i % inner;
      for (int j = 0; j < n; j++) {
        row[j] = x.getAtIndex(JAVA_FLOAT, first + (long) j * inner);
      }
      function.apply(row, n, workspace);
      for (int j = 0; j < n; j++) {
        out.setAtIndex(JAVA_FLOAT, first + (long) j * inner, row[j]);
      }
    }
  }
}
