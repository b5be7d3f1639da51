package falcon.quadratic;

import falcon.kernel.Chunks;
import falcon.kernel.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;

/// X_A: the columns of a gradient matrix that are kept, side by side in panels of native memory.
///
/// Panels stay in memory where all of them fit a limit (`4n|A|` bytes); otherwise one panel is
/// gathered again for each pass. Every pass reads X_A once. Same bits either way and for any number
/// of threads. Owns its memory: [#close] frees it.
final class KeptColumns implements AutoCloseable {
  /// Columns whose products one chunk of work takes: with 1,000 rows they fit the second-level cache
  /// between the two halves of [#multiplyTwice].
  private static final int STRIP = 128;

  private final GradientMatrix gradients;
  private final int[] columns;
  private final int width;
  private final boolean isHeld;
  private final ExecutorService executor;
  private final Arena arena;
  private final MemorySegment memory;

  /// @param columns A, ascending, one or more
  /// @param width columns of a panel
  /// @param heldBytes how much may be held
  @SuppressWarnings("MustBeClosedChecker") // the arena is a field that close() closes
  KeptColumns(
      GradientMatrix gradients,
      int[] columns,
      int width,
      long heldBytes,
      ExecutorService executor) {
    this.gradients = gradients;
    this.columns = columns;
    this.width = Math.min(width, columns.length);
    this.executor = executor;
    long rowBytes = (long) gradients.rows() * Float.BYTES;
    this.isHeld = rowBytes * columns.length <= heldBytes;
    this.arena = Arena.ofShared();
    try {
      this.memory = arena.allocate(rowBytes * (isHeld ? columns.length : this.width), Float.BYTES);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw e;
    }
    if (isHeld) {
      for (int first = 0; first < columns.length; first += this.width) {
        int count = Math.min(this.width, columns.length - first);
        gradients.pack(columns, first, count, slice(first, count), executor);
      }
    }
  }

  private MemorySegment slice(int first, int count) {
    long rowBytes = (long) gradients.rows() * Float.BYTES;
    return memory.asSlice(isHeld ? rowBytes * first : 0, rowBytes * count);
  }

  /// What is done with a panel.
  @FunctionalInterface
  private interface PanelBody {
    /// @param panel `[n, count]` float32, row-major
    /// @param first its first column in A
    void run(MemorySegment panel, int first, int count);
  }

  private void forEachPanel(PanelBody body) {
    for (int first = 0; first < columns.length; first += width) {
      int count = Math.min(width, columns.length - first);
      MemorySegment panel = slice(first, count);
      if (!isHeld) {
        gradients.pack(columns, first, count, panel, executor);
      }
      body.run(panel, first, count);
    }
  }

  /// `X_A X_Aᵀ`, right of and on the diagonal.
  ///
  /// @return `[n, n]`, row-major
  double[] gram(GramProduct product) {
    int n = gradients.rows();
    double[] gram = new double[n * n];
    forEachPanel((panel, first, count) -> product.addTo(gram, n, panel, count, executor));
    return gram;
  }

  /// `t = X_Aᵀ s` and `X_A t` in one pass, products exact in float64 and added there.
  ///
  /// @param s `[n]`
  /// @param t `[|A|]`; written
  /// @return `X_A t`, `[n]`
  double[] multiplyTwice(double[] s, double[] t) {
    int n = s.length;
    double[] product = new double[n];
    forEachPanel((panel, first, count) -> {
      int strips = (count + STRIP - 1) / STRIP;
      double[][] parts = new double[strips][n];
      Chunks.run(
          executor,
          strips,
          () -> new float[4][STRIP],
          (strip, rows) -> {
            int from = strip * STRIP;
            int length = Math.min(STRIP, count - from);
            double[] sums = transposedProduct(panel, s, count, from, length, rows);
            System.arraycopy(sums, 0, t, first + from, length);
            float[] row = rows[0];
            for (int i = 0; i < n; i++) {
              copy(panel, (long) i * count + from, row, length);
              parts[strip][i] = ScalarKernels.dot(row, sums, 0, length);
            }
          });
      for (double[] part : parts) {
        for (int i = 0; i < n; i++) {
          product[i] += part[i];
        }
      }
    });
    return product;
  }

  /// `Pᵀ s` for `length` columns of a panel.
  private static double[] transposedProduct(
      MemorySegment panel, double[] s, int count, int from, int length, float[][] rows) {
    double[] sums = new double[STRIP];
    int i = 0;
    for (; i <= s.length - 4; i += 4) {
      for (int r = 0; r < 4; r++) {
        copy(panel, (long) (i + r) * count + from, rows[r], length);
      }
      ScalarKernels.addFourScaled(sums, s, i, rows, length);
    }
    for (; i < s.length; i++) {
      copy(panel, (long) i * count + from, rows[0], length);
      ScalarKernels.addScaled(sums, s[i], rows[0], length);
    }
    return sums;
  }

  private static void copy(MemorySegment panel, long index, float[] row, int length) {
    MemorySegment.copy(panel, ValueLayout.JAVA_FLOAT, index * Float.BYTES, row, 0, length);
  }

  @Override
  public void close() {
    arena.close();
  }
}
