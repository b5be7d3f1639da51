package falcon.gradients;

import falcon.budget.CostTable;
import falcon.kernel.Bfloat16;
import falcon.kernel.Chunks;
import falcon.kernel.FloatFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;

/// Some columns of a gradient matrix: products with them and copies of them.
///
/// Every tile that holds one of the columns is fetched once. Columns are named by ascending indices
/// of weights.
final class ColumnSelection {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  /// Number of rows of a tile in memory that one thread copies at a time.
  private static final int ROW_CHUNK = 64;

  private final TileLayout layout;
  private final TileStore store;

  /// @param store tiles of the layout; not owned
  ColumnSelection(TileLayout layout, TileStore store) {
    this.layout = layout;
    this.store = store;
  }

  /// The columns `columns[first] … columns[first + count − 1]`. The array is shared.
  static final class Part {
    private final int[] columns;
    private final int first;
    private final int count;

    Part(int[] columns, int first, int count) {
      this.columns = columns;
      this.first = first;
      this.count = count;
    }
  }

  /// The selected columns of one tile.
  ///
  /// @param from position of the first of them in the selection
  /// @param to position after the last
  private record Share(int tile, int from, int to) {}

  private List<Share> shares(Part part) {
    var shares = new ArrayList<Share>();
    int end = part.first + part.count;
    for (int from = part.first; from < end; ) {
      int tile = layout.tileOf(part.columns[from]);
      int to = Arrays.binarySearch(part.columns, from, end, layout.tile(tile).end());
      to = to < 0 ? -to - 1 : to;
      shares.add(new Share(tile, from, to));
      from = to;
    }
    return shares;
  }

  @FunctionalInterface
  private interface TileBody {
    void run(MemorySegment values);
  }

  private void withTile(Share share, TileBody body) {
    MemorySegment values = store.acquire(share.tile());
    try {
      body.run(values);
    } finally {
      store.release(values);
    }
  }

  /// Returns `Σ_c a_c X_·c` and `Σ_c b_c X_·c`: sums over the columns of a tile, joined tile after
  /// tile.
  ///
  /// @return `[2][n]`
  double[][] multiply(int[] columns, double[] a, double[] b, ExecutorService executor) {
    List<Share> shares = shares(new Part(columns, 0, columns.length));
    double[][] first = new double[shares.size()][layout.rows()];
    double[][] second = new double[shares.size()][layout.rows()];
    Chunks.run(
        executor,
        shares.size(),
        chunk ->
            withTile(
                shares.get(chunk),
                values -> {
                  addProduct(shares.get(chunk), values, columns, a, first[chunk]);
                  addProduct(shares.get(chunk), values, columns, b, second[chunk]);
                }));
    return new double[][] {
      MatrixProducts.sum(first, layout.rows()), MatrixProducts.sum(second, layout.rows())
    };
  }

  /// Returns `Σ_c factors_c X_·c`, computed in the calling thread; the same bits as [#multiply].
  double[] multiplyInThread(int[] columns, double[] factors) {
    double[] sum = new double[layout.rows()];
    for (Share share : shares(new Part(columns, 0, columns.length))) {
      withTile(share, values -> addProduct(share, values, columns, factors, sum));
    }
    return sum;
  }

  private void addProduct(
      Share share, MemorySegment values, int[] columns, double[] factors, double[] product) {
    for (int i = 0; i < product.length; i++) {
      long row = columnZero(share, i);
      double sum = 0;
      for (int c = share.from(); c < share.to(); c++) {
        sum += factors[c] * number(values, row, columns[c]);
      }
      product[i] += sum;
    }
  }

  /// Returns the layers that the columns lie in, each with as many weights as it has selected
  /// columns.
  List<CostTable.Layer> layersOf(int[] columns) {
    var layers = new ArrayList<CostTable.Layer>();
    int from = 0;
    for (CostTable.Layer layer : layout.layers()) {
      int to = Arrays.binarySearch(columns, from, columns.length, layer.end());
      to = to < 0 ? -to - 1 : to;
      if (to > from) {
        layers.add(new CostTable.Layer(layer.name(), from, to - from, 0));
      }
      from = to;
    }
    return layers;
  }

  /// Copies the columns to another matrix in memory: column c of it becomes column `columns[c]`.
  ///
  /// @param to layout of the layers that [#layersOf] returns, in the same format
  void copy(int[] columns, TileLayout to, TileStore target, ExecutorService executor) {
    List<Share> shares = shares(new Part(columns, 0, columns.length));
    Chunks.run(
        executor,
        shares.size(),
        chunk ->
            withTile(
                shares.get(chunk), values -> copy(shares.get(chunk), values, columns, to, target)));
  }

  private void copy(
      Share share, MemorySegment values, int[] columns, TileLayout to, TileStore target) {
    for (int c = share.from(); c < share.to(); ) {
      int t = to.tileOf(c);
      TileLayout.Tile tile = to.tile(t);
      int end = Math.min(share.to(), tile.end());
      MemorySegment written = target.acquire(t);
      for (int i = 0; i < layout.rows(); i++) {
        long row = columnZero(share, i);
        long at = i * tile.strideBytes() + (long) (c - tile.from()) * to.format().bytes();
        if (to.format() == FloatFormat.BFLOAT16) {
          for (int k = c; k < end; k++, at += Short.BYTES) {
            written.set(SHORT, at, values.get(SHORT, row + (long) columns[k] * Short.BYTES));
          }
        } else {
          for (int k = c; k < end; k++, at += Float.BYTES) {
            written.set(FLOAT, at, values.get(FLOAT, row + (long) columns[k] * Float.BYTES));
          }
        }
      }
      target.release(written);
      c = end;
    }
  }

  /// Copies columns to a panel.
  ///
  /// @param panel `[n, count]` float32, row-major; written
  void pack(Part part, MemorySegment panel, ExecutorService executor) {
    List<Share> shares = shares(part);
    int rowChunk = store.isOnDisk() ? layout.rows() : ROW_CHUNK;
    int rowChunks = Math.ceilDiv(layout.rows(), rowChunk);
    Chunks.run(
        executor,
        shares.size() * rowChunks,
        chunk -> {
          Share share = shares.get(chunk / rowChunks);
          int first = chunk % rowChunks * rowChunk;
          int last = Math.min(first + rowChunk, layout.rows());
          withTile(
              share,
              values -> {
                for (int i = first; i < last; i++) {
                  long row = columnZero(share, i);
                  long at = (long) i * part.count - part.first;
                  for (int c = share.from(); c < share.to(); c++) {
                    panel.setAtIndex(FLOAT, at + c, number(values, row, part.columns[c]));
                  }
                }
              });
        });
  }

  /// Returns a copy of the columns on the heap, `[n][columns.length]`, made in the calling thread.
  float[][] rowsOf(int[] columns) {
    float[][] copy = new float[layout.rows()][columns.length];
    for (Share share : shares(new Part(columns, 0, columns.length))) {
      withTile(
          share,
          values -> {
            for (int i = 0; i < copy.length; i++) {
              long row = columnZero(share, i);
              for (int c = share.from(); c < share.to(); c++) {
                copy[i][c] = number(values, row, columns[c]);
              }
            }
          });
    }
    return copy;
  }

  /// Returns the offset in bytes at which column 0 of all weights would be in a row of a tile.
  private long columnZero(Share share, int row) {
    TileLayout.Tile tile = layout.tile(share.tile());
    return row * tile.strideBytes() - (long) tile.from() * layout.format().bytes();
  }

  private float number(MemorySegment values, long columnZero, int column) {
    return switch (layout.format()) {
      case FLOAT32 -> values.get(FLOAT, columnZero + (long) column * Float.BYTES);
      case BFLOAT16 -> Bfloat16.widen(values.get(SHORT, columnZero + (long) column * Short.BYTES));
    };
  }
}
