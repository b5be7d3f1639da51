package falcon.gradients;

import falcon.kernel.Chunks;
import falcon.kernel.Kernels;
import falcon.kernel.MatrixKernels;
import falcon.kernel.RowPanel;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;

/// Products of a gradient matrix with vectors: each reads every byte of the matrix once, in order,
/// and takes or returns the long vector piece by piece, so that nobody has to hold p float64
/// numbers.
///
/// Work is cut into tiles, and for `X v` into fixed groups of tiles whose sums are joined in order:
/// the result has the same bits for any number of threads.
public final class MatrixProducts {
  private static final MatrixKernels KERNELS = Kernels.active().matrix();

  /// Number of columns processed at a time: their float64 sums or factors stay in the first-level
  /// cache.
  private static final int PIECE = 2048;

  /// Number of groups of tiles whose sums are kept apart in `X v`.
  private static final int MAX_GROUPS = 256;

  private final TileLayout layout;
  private final TileStore store;

  /// @param store tiles of the layout; not owned
  MatrixProducts(TileLayout layout, TileStore store) {
    this.layout = layout;
    this.store = store;
  }

  /// A long vector that is read piece by piece, by several threads.
  @FunctionalInterface
  public interface Source {
    /// Writes values `from … from + count − 1` to `piece[0 … count − 1]`.
    void read(int from, double[] piece, int count);
  }

  /// Takes a long vector piece by piece, from several threads; every index is passed once.
  @FunctionalInterface
  public interface Sink {
    /// @param sums values `from … from + count − 1` at `0 … count − 1`; valid during the call
    void accept(int from, double[] sums, int count);
  }

  /// Returns `X v`.
  ///
  /// @param v `[p]`
  /// @return `[n]`
  public double[] multiply(Source v, ExecutorService executor) {
    return multiply(List.of(v), executor)[0];
  }

  /// Returns `X v` for a few v, in one pass over the matrix.
  ///
  /// @param vectors each `[p]`
  /// @return for each of them `[n]`
  public double[][] multiply(List<Source> vectors, ExecutorService executor) {
    int tiles = layout.tileCount();
    int groups = Math.min(tiles, MAX_GROUPS);
    double[][][] products = new double[vectors.size()][groups][layout.rows()];
    Chunks.run(
        executor,
        groups,
        () -> new double[PIECE],
        (group, piece) -> {
          int end = (int) ((group + 1L) * tiles / groups);
          for (int t = (int) ((long) group * tiles / groups); t < end; t++) {
            forEachPiece(
                t,
                (from, panel) -> {
                  for (int k = 0; k < products.length; k++) {
                    vectors.get(k).read(from, piece, panel.columns());
                    KERNELS.addProducts(products[k][group], panel, piece);
                  }
                });
          }
        });
    double[][] sums = new double[products.length][];
    for (int k = 0; k < sums.length; k++) {
      sums[k] = sum(products[k], layout.rows());
    }
    return sums;
  }

  /// Computes `Xᵀ r` and passes it on piece by piece.
  ///
  /// @param r `[n]`
  public void multiplyTransposed(double[] r, Sink product, ExecutorService executor) {
    Chunks.run(
        executor,
        layout.tileCount(),
        () -> new double[PIECE],
        (t, sums) ->
            forEachPiece(
                t,
                (from, panel) -> {
                  Arrays.fill(sums, 0);
                  KERNELS.addScaledRows(sums, r, panel);
                  product.accept(from, sums, panel.columns());
                }));
  }

  @FunctionalInterface
  private interface PieceBody {
    /// @param from index of the panel's first column among all weights
    void run(int from, RowPanel panel);
  }

  private void forEachPiece(int t, PieceBody body) {
    TileLayout.Tile tile = layout.tile(t);
    MemorySegment values = store.acquire(t);
    try {
      for (int first = 0; first < tile.columns(); first += PIECE) {
        int count = Math.min(PIECE, tile.columns() - first);
        body.run(tile.from() + first, layout.panel(t, values, first, count));
      }
    } finally {
      store.release(values);
    }
  }

  /// Returns the sum of vectors in order.
  static double[] sum(double[][] vectors, int length) {
    double[] sum = new double[length];
    for (double[] vector : vectors) {
      for (int i = 0; i < length; i++) {
        sum[i] += vector[i];
      }
    }
    return sum;
  }
}
