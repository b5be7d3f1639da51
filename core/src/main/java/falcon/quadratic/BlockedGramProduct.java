package falcon.quadratic;

import falcon.kernel.Chunks;
import falcon.kernel.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;

/// A [GramProduct] in plain Java: cache-blocked, products and sums over at most 128 columns in
/// float32, all else in float64. Same bits for any number of threads. One instance serves one
/// caller at a time, because it reuses its copy of the panel.
public final class BlockedGramProduct implements GramProduct {
  /// Columns of a panel. Small enough that a transposed panel of 2,000 rows stays in the third-level
  /// cache, large enough that starting threads does not show.
  private static final int PANEL_COLUMNS = 512;

  /// Columns summed in float32 before the sums move to float64: the rounding error stays below
  /// 32 additions' worth, about 1e-6 of the terms.
  private static final int FLOAT_COLUMNS = 128;

  /// Entries of a row of the Gram matrix that one tile spans.
  private static final int TILE_COLUMNS = 512;

  /// Rows of the Gram matrix in one chunk.
  private static final int ROW_CHUNK = 32;

  /// Columns transposed at a time.
  private static final int TRANSPOSE_COLUMNS = 64;

  private float[][] columnsOfPanel = {};

  @Override
  public int panelColumns() {
    return PANEL_COLUMNS;
  }

  @Override
  public void addTo(double[][] gram, MemorySegment panel, int columns, ExecutorService executor) {
    int n = gram.length;
    int padded = (columns + 3) / 4 * 4;
    float[][] b = transpose(panel, n, columns, padded, executor);
    Chunks.run(
        executor,
        (n + ROW_CHUNK - 1) / ROW_CHUNK,
        () -> new float[n],
        (chunk, sum) -> {
          int last = Math.min((chunk + 1) * ROW_CHUNK, n);
          addRows(gram, b, padded, sum, chunk * ROW_CHUNK, last);
        });
  }

  /// Adds `Σ_q b_q b_qᵀ` to the upper triangle of a matrix, in the calling thread.
  ///
  /// @param gram `[n, n]` rows
  /// @param b `[count][n]`, count a multiple of four
  static void addAll(double[][] gram, float[][] b, int n) {
    float[] sum = new float[n];
    for (int first = 0; first < n; first += ROW_CHUNK) {
      addRows(gram, b, b.length, sum, first, Math.min(first + ROW_CHUNK, n));
    }
  }

  private static void addRows(
      double[][] gram, float[][] b, int count, float[] sum, int first, int last) {
    int n = sum.length;
    for (int left = first; left < n; left += TILE_COLUMNS) {
      int right = Math.min(left + TILE_COLUMNS, n);
      for (int q = 0; q < count; q += FLOAT_COLUMNS) {
        int end = Math.min(q + FLOAT_COLUMNS, count);
        for (int row = first; row < last; row++) {
          int from = Math.max(row, left);
          ScalarKernels.addGramRow(sum, b, q, end, row, from, right);
          ScalarKernels.drain(gram[row], sum, from, right);
        }
      }
    }
  }

  /// Columns of the panel as arrays, padded by columns of zeros.
  private float[][] transpose(
      MemorySegment panel, int n, int columns, int padded, ExecutorService executor) {
    if (columnsOfPanel.length < padded || columnsOfPanel[0].length != n) {
      columnsOfPanel =
          new float[Math.max(padded, Math.min(PANEL_COLUMNS, columnsOfPanel.length))][n];
    }
    float[][] b = columnsOfPanel;
    Chunks.run(
        executor,
        (padded + TRANSPOSE_COLUMNS - 1) / TRANSPOSE_COLUMNS,
        () -> new float[TRANSPOSE_COLUMNS],
        (chunk, strip) -> {
          int first = chunk * TRANSPOSE_COLUMNS;
          int length = Math.max(0, Math.min(TRANSPOSE_COLUMNS, columns - first));
          int width = Math.min(TRANSPOSE_COLUMNS, padded - first);
          for (int i = 0; i < n; i++) {
            long offsetBytes = ((long) i * columns + first) * Float.BYTES;
            MemorySegment.copy(panel, ValueLayout.JAVA_FLOAT, offsetBytes, strip, 0, length);
            for (int q = 0; q < width; q++) {
              b[first + q][i] = q < length ? strip[q] : 0;
            }
          }
        });
    return b;
  }
}
