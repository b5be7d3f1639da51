package falcon.linear;

import falcon.kernel.Chunks;
import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;

/// A [GramProduct] in Java: sums over 256 columns in float32 by [DenseKernels], all else in
/// float64. The result has the same bits for any number of threads. One instance serves one caller
/// at a time, because it reuses its transposed copy of the panel (8 KiB per row).
public final class BlockedGramProduct implements GramProduct {
  /// Number of columns of a panel: small enough that a transposed panel of 2,000 rows stays in the
  /// third-level cache, large enough that the start of threads is negligible.
  private static final int PANEL_COLUMNS = 2048;

  /// Number of columns summed in float32 before the sums move to float64: rounding errors stay near
  /// 1e-6 of the terms.
  private static final int FLOAT_COLUMNS = 256;

  /// Number of rows and columns of the Gram matrix that are formed at a time.
  private static final int TILE = DenseKernels.FLOAT_WIDTH;

  /// Number of columns of the panel that are transposed at a time.
  private static final int TRANSPOSED = 64;

  private final DenseKernels dense = Kernels.active().dense();
  private float[] transposed = {};

  /// Creates a product; memory for the transposed panel is taken by the first call.
  public BlockedGramProduct() {}

  @Override
  public int panelColumns() {
    return PANEL_COLUMNS;
  }

  @Override
  public void addTo(
      double[] gram, int n, MemorySegment panel, int columns, ExecutorService executor) {
    int tiles = tiles(n);
    if (transposed.length < tiles * TILE * columns) {
      transposed = new float[tiles * TILE * Math.min(PANEL_COLUMNS, 2 * columns)];
    }
    float[] b = transposed;
    Chunks.run(
        executor,
        tiles,
        () -> new float[TILE * TRANSPOSED],
        (tile, scratch) -> transpose(panel, n, columns, tile, b, scratch));
    Chunks.run(
        executor,
        tiles,
        () -> new float[TILE * TILE],
        // The last tiles have most rows above them, so they go first.
        (chunk, sums) -> addTiles(gram, n, b, columns, tiles - 1 - chunk, sums));
  }

  private static int tiles(int n) {
    return (n + TILE - 1) / TILE;
  }

  /// Adds `BᵀB` to the upper triangle of a matrix, in the calling thread.
  ///
  /// @param gram `[n, n]`, row-major
  /// @param b `[depth, n]`, row-major
  public static void addAll(double[] gram, int n, float[] b, int depth) {
    DenseKernels dense = Kernels.active().dense();
    float[] sums = new float[n * n];
    Block block = Block.of(0, n);
    for (int q = 0; q < depth; q += FLOAT_COLUMNS) {
      Block terms = Block.of(q * n, n);
      int count = Math.min(FLOAT_COLUMNS, depth - q);
      Arrays.fill(sums, 0);
      dense.addProduct(b, terms, b, terms, sums, block, new Extent(n, n, count, false, true));
      for (int i = 0; i < n; i++) {
        addRow(gram, i * n + i, sums, i * n + i, n - i);
      }
    }
  }

  /// Adds the entries of the Gram matrix in the columns of one tile, on the diagonal and above.
  ///
  /// @param b panel, transposed tile by tile: `[tiles, columns, TILE]`
  private void addTiles(double[] gram, int n, float[] b, int columns, int tile, float[] sums) {
    int width = Math.min(TILE, n - tile * TILE);
    for (int q = 0; q < columns; q += FLOAT_COLUMNS) {
      int terms = Math.min(FLOAT_COLUMNS, columns - q);
      for (int above = 0; above <= tile; above++) {
        Arrays.fill(sums, 0);
        dense.addProduct(
            b,
            Block.of((above * columns + q) * TILE, TILE),
            b,
            Block.of((tile * columns + q) * TILE, TILE),
            sums,
            Block.of(0, TILE),
            new Extent(TILE, TILE, terms, false, false));
        int rows = Math.min(TILE, n - above * TILE);
        for (int i = 0; i < rows; i++) {
          addRow(gram, (above * TILE + i) * n + tile * TILE, sums, i * TILE, width);
        }
      }
    }
  }

  private static void addRow(double[] sum, int to, float[] row, int from, int count) {
    for (int j = 0; j < count; j++) {
      sum[to + j] += row[from + j];
    }
  }

  /// Rows of one tile of the panel `[n, columns]` to `[columns, TILE]`, zeros below row n.
  private static void transpose(
      MemorySegment panel, int n, int columns, int tile, float[] b, float[] scratch) {
    int rows = Math.min(TILE, n - tile * TILE);
    Arrays.fill(scratch, 0);
    for (int first = 0; first < columns; first += TRANSPOSED) {
      int width = Math.min(TRANSPOSED, columns - first);
      for (int i = 0; i < rows; i++) {
        long index = (long) (tile * TILE + i) * columns + first;
        MemorySegment.copy(
            panel, ValueLayout.JAVA_FLOAT, index * Float.BYTES, scratch, i * TRANSPOSED, width);
      }
      int to = (tile * columns + first) * TILE;
      for (int q = 0; q < width; q++) {
        for (int i = 0; i < TILE; i++) {
          b[to + q * TILE + i] = scratch[i * TRANSPOSED + q];
        }
      }
    }
  }
}
