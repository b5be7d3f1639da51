package falcon.runtime.operator;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Products of matrices C = act(α A B + start), one for each batch, all dense.
///
/// A panel of rows of B is copied into arrays, which stay in the first-level cache while all rows
/// of a part of C take their share of it; eight rows of B are added at a time, in order of their
/// numbers.
final class MatrixProduct implements Step {
  /// Columns of C that are computed at a time.
  private static final int COLUMNS = 256;

  /// Rows of B that are in a panel.
  private static final int DEPTH = 8;

  /// Rows of C in a part.
  private static final int ROWS = 64;

  /// Products below which a part is not worth a thread.
  private static final int LEAST_PRODUCTS = 16 * PART;

  /// A stack of matrices in native memory.
  static final class Matrices {
    private final MemorySegment memory;
    private final int rowStep;
    private final int columnStep;
    private final int[] offsets;

    /// @param rowStep distance of the rows, in elements
    /// @param columnStep distance of the columns, in elements
    /// @param offsets index of the first element of each matrix
    Matrices(MemorySegment memory, int rowStep, int columnStep, int[] offsets) {
      this.memory = memory;
      this.rowStep = rowStep;
      this.columnStep = columnStep;
      this.offsets = offsets;
    }
  }

  /// The sizes of a product.
  ///
  /// @param m rows of A and C
  /// @param k columns of A, rows of B
  /// @param n columns of B and C
  record Sizes(int m, int k, int n) {}

  /// What is done besides the product.
  ///
  /// @param alpha factor of the product
  /// @param start added to the product, times β: places of C's shape; null for nothing
  /// @param beta factor of `start`
  /// @param residual added to that; null for nothing
  /// @param activation applied to the sum
  record Finish(
      float alpha,
      @Nullable Matrices start,
      float beta,
      @Nullable Matrices residual,
      Activation activation) {
    static final Finish PLAIN = new Finish(1, null, 0, null, Activation.NONE);
  }

  private final Sizes sizes;
  private final Matrices a;
  private final Matrices b;
  private final Matrices c;
  private final Finish finish;
  private final int rows;
  private final int blocks;
  private final int parts;

  MatrixProduct(Sizes sizes, Matrices a, Matrices b, Matrices c, Finish finish) {
    this.sizes = sizes;
    this.a = a;
    this.b = b;
    this.c = c;
    this.finish = finish;
    this.rows = Math.min(ROWS, Math.max(1, sizes.m));
    this.blocks = Math.ceilDiv(sizes.m, rows);
    long all = (long) c.offsets.length * blocks;
    long work = (long) c.offsets.length * sizes.m * Math.max(1, sizes.k) * sizes.n;
    this.parts = (int) Math.clamp(Math.min(all, work / LEAST_PRODUCTS), 1L, 256L);
  }

  @Override
  public int parts() {
    return parts;
  }

  @Override
  public void run(int part, Workspace workspace) {
    int all = c.offsets.length * blocks;
    int end = Step.begin(part + 1, parts, all);
    for (int i = Step.begin(part, parts, all); i < end; i++) {
      int first = i % blocks * rows;
      block(i / blocks, first, Math.min(rows, sizes.m - first), workspace);
    }
  }

  /// Computes some rows of one matrix.
  private void block(int batch, int first, int count, Workspace workspace) {
    int k = sizes.k;
    float[] left = workspace.floats(0, rows * Math.max(1, k));
    gather(a, a.offsets[batch] + first * a.rowStep, count, k, left);
    if (finish.alpha != 1) {
      for (int i = 0; i < count * k; i++) {
        left[i] *= finish.alpha;
      }
    }
    float[][] sums = workspace.rows(0, rows, COLUMNS);
    float[][] panel = workspace.rows(1, DEPTH, COLUMNS);
    for (int column = 0; column < sizes.n; column += COLUMNS) {
      int n = Math.min(COLUMNS, sizes.n - column);
      for (int i = 0; i < count; i++) {
        start(batch, first + i, column, n, sums[i]);
      }
      for (int depth = 0; depth < k; depth += DEPTH) {
        int d = Math.min(DEPTH, k - depth);
        panel(b.offsets[batch] + depth * b.rowStep + column * b.columnStep, d, n, panel);
        for (int i = 0; i < count; i++) {
          if (d == DEPTH) {
            eight(sums[i], panel, 0, left, i * k + depth, n);
          } else {
            for (int j = 0; j < d; j++) {
              one(sums[i], panel[j], left[i * k + depth + j], n);
            }
          }
        }
      }
      for (int i = 0; i < count; i++) {
        if (finish.residual != null) {
          int at = finish.residual.offsets[batch] + (first + i) * finish.residual.rowStep;
          addResidual(finish.residual, at, column, n, sums[i], workspace);
        }
        finish.activation.apply(sums[i], n, workspace);
        store(c.offsets[batch] + (first + i) * c.rowStep + column * c.columnStep, sums[i], n);
      }
    }
  }

  private void start(int batch, int row, int column, int n, float[] sums) {
    Matrices start = finish.start;
    if (start == null) {
      Arrays.fill(sums, 0, n, 0);
      return;
    }
    int offset = start.offsets[batch] + row * start.rowStep;
    ArithmeticOperators.load(start.memory, offset, start.columnStep, column, sums, n);
    if (finish.beta != 1) {
      for (int i = 0; i < n; i++) {
        sums[i] *= finish.beta;
      }
    }
  }

  private static void addResidual(
      Matrices residual, int at, int column, int n, float[] sums, Workspace workspace) {
    float[] more = workspace.floats(1, COLUMNS);
    ArithmeticOperators.load(residual.memory, at, residual.columnStep, column, more, n);
    for (int i = 0; i < n; i++) {
      sums[i] += more[i];
    }
  }

  private static void gather(Matrices from, int offset, int rows, int columns, float[] to) {
    if (from.columnStep == 1) {
      for (int i = 0; i < rows; i++) {
        long bytes = 4L * (offset + (long) i * from.rowStep);
        MemorySegment.copy(from.memory, JAVA_FLOAT, bytes, to, i * columns, columns);
      }
      return;
    }
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        to[i * columns + j] =
            from.memory.getAtIndex(
                JAVA_FLOAT, offset + (long) i * from.rowStep + (long) j * from.columnStep);
      }
    }
  }

  private void panel(int offset, int rows, int n, float[][] panel) {
    if (b.columnStep == 1) {
      for (int i = 0; i < rows; i++) {
        long bytes = 4L * (offset + (long) i * b.rowStep);
        MemorySegment.copy(b.memory, JAVA_FLOAT, bytes, panel[i], 0, n);
      }
      return;
    }
    for (int j = 0; j < n; j++) {
      long column = offset + (long) j * b.columnStep;
      for (int i = 0; i < rows; i++) {
        panel[i][j] = b.memory.getAtIndex(JAVA_FLOAT, column + (long) i * b.rowStep);
      }
    }
  }

  private void store(int offset, float[] sums, int n) {
    if (c.columnStep == 1) {
      MemorySegment.copy(sums, 0, c.memory, JAVA_FLOAT, 4L * offset, n);
      return;
    }
    for (int i = 0; i < n; i++) {
      c.memory.setAtIndex(JAVA_FLOAT, offset + (long) i * c.columnStep, sums[i]);
    }
  }

  private static void one(float[] sums, float[] row, float factor, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] = Math.fma(factor, row[i], sums[i]);
    }
  }

  /// Adds rows of a matrix, each times an element of a vector.
  ///
  /// @param rows as many as `count` or more
  /// @param n columns
  static void addRows(float[] sums, float[][] rows, float[] vector, int count, int n) {
    int i = 0;
    for (; i <= count - DEPTH; i += DEPTH) {
      eight(sums, rows, i, vector, i, n);
    }
    for (; i < count; i++) {
      one(sums, rows[i], vector[i], n);
    }
  }

  /// Adds eight rows of B, each times its factor.
  private static void eight(float[] sums, float[][] panel, int first, float[] left, int at, int n) {
    float[] b0 = panel[first];
    float[] b1 = panel[first + 1];
    float[] b2 = panel[first + 2];
    float[] b3 = panel[first + 3];
    float[] b4 = panel[first + 4];
    float[] b5 = panel[first + 5];
    float[] b6 = panel[first + 6];
    float[] b7 = panel[first + 7];
    float a0 = left[at];
    float a1 = left[at + 1];
    float a2 = left[at + 2];
    float a3 = left[at + 3];
    float a4 = left[at + 4];
    float a5 = left[at + 5];
    float a6 = left[at + 6];
    float a7 = left[at + 7];
    for (int i = 0; i < n; i++) {
      float sum = Math.fma(a0, b0[i], sums[i]);
      sum = Math.fma(a1, b1[i], sum);
      sum = Math.fma(a2, b2[i], sum);
      sum = Math.fma(a3, b3[i], sum);
      sum = Math.fma(a4, b4[i], sum);
      sum = Math.fma(a5, b5[i], sum);
      sum = Math.fma(a6, b6[i], sum);
      sums[i] = Math.fma(a7, b7[i], sum);
    }
  }
}
