package falcon.gradients;

import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import falcon.kernel.Kernels;
import falcon.kernel.MatrixKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// The gradient matrix X `[n, p]`: row i is the gradient of sample i's loss by the prunable
/// weights.
///
/// It is held outside the Java heap, in float32 or bfloat16, in memory or in a temporary file, laid
/// out by [TileLayout]. Calibration writes it by blocks of rows of a layer ([#write]); everything
/// else reads it by ranges of columns. The matrix owns its memory and its file: [#close] frees
/// both. Several threads may write blocks as long as each row of a layer has one writer; reading is
/// safe once writing is over.
///
/// Products ([MatrixProducts]) run over fixed chunks and have the same bits for any number of
/// threads. The stored numbers are taken as exact: products and sums are in float64.
public final class GradientMatrix implements AutoCloseable {
  private static final MatrixKernels KERNELS = Kernels.active().matrix();

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private final TileLayout layout;
  private final TileStore store;
  private final MatrixProducts products;
  private final ColumnSelection selection;

  /// ‖x_i‖² of each row within each layer, `[layers · n]`, as it was written.
  private final double[] layerRowNorms;

  private GradientMatrix(TileLayout layout, TileStore store) {
    this.layout = layout;
    this.store = store;
    this.products = new MatrixProducts(layout, store);
    this.selection = new ColumnSelection(layout, store);
    this.layerRowNorms = new double[layout.layers().size() * layout.rows()];
  }

  /// The format and place of a matrix's numbers.
  ///
  /// @param format format of each number
  /// @param scratch its file, null to keep it in memory
  public record Storage(FloatFormat format, @Nullable Scratch scratch) {
    /// Float32 in memory.
    public static final Storage EXACT = new Storage(FloatFormat.FLOAT32, null);
  }

  /// An empty file for the use of one matrix alone.
  ///
  /// @param channel a channel for reading and writing, with or without the page cache; the matrix
  ///     closes it
  /// @param place the file's location, for messages
  public record Scratch(FileChannel channel, String place) {}

  /// Returns a matrix of zeros for `rows` samples, float32 in memory.
  ///
  /// @param rows n, one or more
  /// @throws IllegalArgumentException if there is no row
  public static GradientMatrix allocate(int rows, CostTable costs) {
    return allocate(rows, costs, Storage.EXACT);
  }

  /// Returns a matrix of zeros for `rows` samples. Memory is taken as the matrix is written.
  ///
  /// @param rows n, one or more
  /// @throws IllegalArgumentException if there is no row
  public static GradientMatrix allocate(int rows, CostTable costs, Storage storage) {
    if (rows < 1) {
      throw new IllegalArgumentException(
          "a gradient matrix of %d rows; it takes one or more".formatted(rows));
    }
    Scratch scratch = storage.scratch();
    if (scratch == null) {
      return inMemory(rows, storage.format(), costs.layers());
    }
    var layout = onDisk(rows, costs, storage.format());
    return new GradientMatrix(layout, new FileTiles(scratch, layout));
  }

  private static TileLayout onDisk(int rows, CostTable costs, FloatFormat format) {
    return new TileLayout(
        rows, format, costs.layers(), FileTiles.TILE_COLUMNS, FileTiles.ALIGNMENT_BYTES);
  }

  private static GradientMatrix inMemory(
      int rows, FloatFormat format, List<CostTable.Layer> layers) {
    var layout =
        new TileLayout(rows, format, layers, MemoryTiles.TILE_COLUMNS, MemoryTiles.ALIGNMENT_BYTES);
    return new GradientMatrix(layout, new MemoryTiles(layout));
  }

  /// Returns the number of samples, n.
  public int rows() {
    return layout.rows();
  }

  /// Returns the number of prunable weights, p.
  public int weightCount() {
    return layout.weightCount();
  }

  /// Returns the bytes that the matrix takes in memory or in its file.
  public long byteSize() {
    return layout.byteSize();
  }

  /// Returns the format of its numbers.
  public FloatFormat format() {
    return layout.format();
  }

  /// Returns whether the matrix is in a file, so that a product reads it from there.
  public boolean isOnDisk() {
    return store.isOnDisk();
  }

  /// Writes rows of a layer.
  ///
  /// @param layer number of the layer in the cost table
  /// @param firstRow number of the first sample
  /// @param rows `[b, count]` float32 in native byte order, row-major, for one or more samples;
  ///     read only
  /// @throws IllegalArgumentException if the rows do not fit or a value is not finite in the
  ///     matrix's format; names the layer, the row and the weight within the layer
  /// @throws StorageException if the file cannot be written
  public void write(int layer, int firstRow, MemorySegment rows) {
    CostTable.Layer target = layout.layers().get(layer);
    long rowBytes = (long) target.count() * Float.BYTES;
    long count = rows.byteSize() / rowBytes;
    if (count * rowBytes != rows.byteSize() || firstRow < 0 || firstRow + count > rows()) {
      throw new IllegalArgumentException(
          "%d bytes from row %d on are no rows of %d float32 in a matrix of %d rows"
              .formatted(rows.byteSize(), firstRow, target.count(), rows()));
    }
    var norms = new double[(int) count];
    for (int t = layout.firstTile(layer); t < layout.firstTile(layer + 1); t++) {
      writeTile(t, firstRow, rows, norms);
    }
    System.arraycopy(norms, 0, layerRowNorms, layer * rows() + firstRow, norms.length);
  }

  private void writeTile(int t, int firstRow, MemorySegment rows, double[] norms) {
    TileLayout.Tile tile = layout.tile(t);
    CostTable.Layer layer = layout.layers().get(tile.layer());
    store.write(
        t,
        firstRow,
        norms.length,
        values -> {
          for (int i = 0; i < norms.length; i++) {
            long from = ((long) i * layer.count() + tile.from() - layer.offset()) * Float.BYTES;
            long to = i * tile.strideBytes();
            double norm = KERNELS.squaredNorm(rows, from, tile.columns());
            if (!Double.isFinite(norm)) {
              throw nonFinite(tile, firstRow + i, rows.asSlice(from));
            }
            norms[i] += norm;
            switch (layout.format()) {
              case FLOAT32 ->
                  MemorySegment.copy(rows, from, values, to, (long) tile.columns() * Float.BYTES);
              case BFLOAT16 -> KERNELS.narrow(rows, from, values, to, tile.columns());
            }
          }
        });
  }

  private IllegalArgumentException nonFinite(TileLayout.Tile tile, int row, MemorySegment values) {
    CostTable.Layer layer = layout.layers().get(tile.layer());
    int j = 0;
    while (Float.isFinite(values.getAtIndex(FLOAT, j))) {
      j++;
    }
    return new IllegalArgumentException(
        "the gradient of layer '%s' has %s in row %d, weight %d"
            .formatted(
                layer.name(), values.getAtIndex(FLOAT, j), row, tile.from() - layer.offset() + j));
  }

  /// Returns ‖x_i‖² of each row before it was rounded to the storage format.
  ///
  /// @return `[n]`
  private double[] squaredRowNorms() {
    double[] norms = new double[rows()];
    for (int i = 0; i < layerRowNorms.length; i++) {
      norms[i % norms.length] += layerRowNorms[i];
    }
    return norms;
  }

  /// Returns the effective number of rows: `(Σ‖x_i‖²)² / Σ‖x_i‖⁴`, from 1 (one row does all) to n
  /// (all alike); 0 for a matrix of zeros.
  public double effectiveRows() {
    double sum = 0;
    double sumOfSquares = 0;
    for (double norm : squaredRowNorms()) {
      sum += norm;
      sumOfSquares += norm * norm;
    }
    return sum == 0 ? 0 : sum * sum / sumOfSquares;
  }

  /// Returns the products with vectors.
  public MatrixProducts products() {
    return products;
  }

  /// Returns `X v`.
  ///
  /// @param v `[p]`
  /// @return `[n]`
  public double[] multiply(double[] v, ExecutorService executor) {
    requireLength(v.length, weightCount());
    return products.multiply(
        (from, piece, count) -> System.arraycopy(v, from, piece, 0, count), executor);
  }

  /// Returns `Xᵀ r`.
  ///
  /// @param r `[n]`
  /// @return `[p]`
  public double[] multiplyTransposed(double[] r, ExecutorService executor) {
    requireLength(r.length, rows());
    double[] product = new double[weightCount()];
    products.multiplyTransposed(
        r, (from, sums, count) -> System.arraycopy(sums, 0, product, from, count), executor);
    return product;
  }

  /// Returns `Σ_c a_c X_·c` and `Σ_c b_c X_·c` over a few columns.
  ///
  /// @param columns ascending indices of weights
  /// @return `[2][n]`
  public double[][] multiplyColumns(
      int[] columns, double[] a, double[] b, ExecutorService executor) {
    return selection.multiply(columns, a, b, executor);
  }

  /// Returns `Σ_c factors_c X_·c` over a few columns, computed in the calling thread.
  ///
  /// @param columns ascending indices of weights
  /// @return `[n]`
  public double[] multiplyColumnsInThread(int[] columns, double[] factors) {
    return selection.multiplyInThread(columns, factors);
  }

  /// Returns a copy of some columns in memory, in the same format: column c of the copy is column
  /// `columns[c]` of this.
  ///
  /// @param columns ascending indices of weights
  /// @return an independent matrix, which the caller closes; its row norms are not known
  public GradientMatrix select(int[] columns, ExecutorService executor) {
    GradientMatrix selected = inMemory(rows(), format(), selection.layersOf(columns));
    try {
      selection.copy(columns, selected.layout, selected.store, executor);
    } catch (RuntimeException | Error e) {
      selected.close();
      throw e;
    }
    return selected;
  }

  /// Copies columns `columns[first] … columns[first + count − 1]` of all rows to a panel.
  ///
  /// @param columns ascending indices of weights
  /// @param panel `[n, count]` float32, row-major; written
  void pack(int[] columns, int first, int count, MemorySegment panel, ExecutorService executor) {
    selection.pack(new ColumnSelection.Part(columns, first, count), panel, executor);
  }

  /// Returns a copy of some columns on the heap, `[n][columns.length]`, made in the calling thread.
  ///
  /// @param columns ascending indices of weights
  public float[][] rowsOf(int[] columns) {
    return selection.rowsOf(columns);
  }

  /// Returns the first weight and one past the last weight of each layer, in order: `[2 · layers]`.
  public int[] layerBounds() {
    return layout.layers().stream()
        .flatMapToInt(layer -> java.util.stream.IntStream.of(layer.offset(), layer.end()))
        .toArray();
  }

  /// Frees memory and file. Later products fail.
  @Override
  public void close() {
    store.close();
  }

  private static void requireLength(int found, int expected) {
    if (found != expected) {
      throw new IllegalArgumentException(
          "a vector of %d values where the gradient matrix has %d".formatted(found, expected));
    }
  }
}
