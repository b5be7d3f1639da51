package falcon.gradients;

import falcon.kernel.Chunks;
import falcon.kernel.VectorLoops;
import falcon.linear.GramProduct;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;

/// X_A: the columns of a gradient matrix that are kept, side by side in panels of native memory.
///
/// Panels stay in memory where all of them fit a limit (`4n|A|` bytes); otherwise one panel is
/// gathered again for each pass. Every pass reads X_A once. The result has the same bits either way
/// and for any number of threads. An instance owns its memory: [#close] frees it.
public final class KeptColumns implements AutoCloseable {
  /// Number of columns whose products are one chunk of work: with 1,000 rows they fit the
  /// second-level cache between the two halves of [#multiplyTwice].
  private static final int STRIP = 128;

  private final GradientMatrix gradients;
  private final int[] columns;
  private final int width;
  private final boolean isHeld;
  private final ExecutorService executor;
  private final Arena arena;

  /// One segment per panel where the panels are held, else one segment for all.
  private final MemorySegment[] panels;

  /// Gathers the kept columns, as far as they may be held.
  ///
  /// @param columns A, ascending, one or more
  /// @param width columns of a panel
  /// @param heldBytes bytes of panels that may be held
  @SuppressWarnings("MustBeClosedChecker") // the arena is a field that close() closes
  public KeptColumns(
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
    this.panels = new MemorySegment[isHeld ? (columns.length + this.width - 1) / this.width : 1];
    try {
      // In parallel, because most of the time goes into memory pages that are first touched here.
      Chunks.run(
          executor,
          panels.length,
          panel -> {
            int count = Math.min(this.width, columns.length - panel * this.width);
            panels[panel] = arena.allocate(rowBytes * count, Float.BYTES);
          });
      if (isHeld) {
        forEachPanel(
            (panel, first, count) -> gradients.pack(columns, first, count, panel, executor));
      }
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private MemorySegment panel(int first, int count) {
    long bytes = (long) gradients.rows() * count * Float.BYTES;
    return panels[isHeld ? first / width : 0].asSlice(0, bytes);
  }

  /// The work on one panel.
  @FunctionalInterface
  private interface PanelBody {
    /// @param panel `[n, count]` float32, row-major
    /// @param first its first column in A
    void run(MemorySegment panel, int first, int count);
  }

  private void forEachFilledPanel(PanelBody body) {
    forEachPanel((panel, first, count) -> {
      if (!isHeld) {
        gradients.pack(columns, first, count, panel, executor);
      }
      body.run(panel, first, count);
    });
  }

  private void forEachPanel(PanelBody body) {
    for (int first = 0; first < columns.length; first += width) {
      int count = Math.min(width, columns.length - first);
      body.run(panel(first, count), first, count);
    }
  }

  /// Returns `X_A X_Aᵀ`, right of and on the diagonal.
  ///
  /// @return `[n, n]`, row-major
  public double[] gram(GramProduct product) {
    int n = gradients.rows();
    double[] gram = new double[n * n];
    forEachFilledPanel((panel, first, count) -> product.addTo(gram, n, panel, count, executor));
    return gram;
  }

  /// Computes `t = X_Aᵀ s` and `X_A t` in one pass; products are exact in float64 and added in
  /// float64.
  ///
  /// @param s `[n]`
  /// @param t `[|A|]`; written
  /// @return `X_A t`, `[n]`
  public double[] multiplyTwice(double[] s, double[] t) {
    int n = s.length;
    double[] product = new double[n];
    forEachFilledPanel((panel, first, count) -> {
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
              parts[strip][i] = VectorLoops.dot(row, sums, 0, length);
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

  /// Returns `Pᵀ s` for `length` columns of a panel.
  private static double[] transposedProduct(
      MemorySegment panel, double[] s, int count, int from, int length, float[][] rows) {
    double[] sums = new double[STRIP];
    int i = 0;
    for (; i <= s.length - 4; i += 4) {
      for (int r = 0; r < 4; r++) {
        copy(panel, (long) (i + r) * count + from, rows[r], length);
      }
      VectorLoops.addFourScaled(sums, s, i, rows, length);
    }
    for (; i < s.length; i++) {
      copy(panel, (long) i * count + from, rows[0], length);
      VectorLoops.addScaled(sums, s[i], rows[0], length);
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
