package falcon.quadratic;

import falcon.budget.CostTable;
import falcon.kernel.Chunks;
import falcon.kernel.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;

/// X `[n, p]`: row i is the gradient of sample i's loss by the prunable weights, in float32.
///
/// Held outside the Java heap, one row-major block `[n, count]` a layer in the order of the
/// [CostTable]. Calibration writes the blocks through [#layer]; everything else reads. The matrix
/// owns its memory: [#close] frees it, and every view dies with it. Blocks may be written by several
/// threads as long as each row of a block has one writer; reading is safe once writing is over.
///
/// Products run over fixed chunks of rows or columns and have the same bits for any number of
/// threads. Terms are exact products in float64, added in float64.
public final class GradientMatrix implements AutoCloseable {
  /// Rows that share one pass over a vector of weights.
  private static final int ROW_CHUNK = 8;

  /// Columns at a time: one row of them and their float64 sums stay in the first-level cache.
  private static final int COLUMN_CHUNK = 2048;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  /// Start of each block, so that rows of vectors fall on cache lines.
  private static final long ALIGNMENT_BYTES = 64;

  private final Arena arena;
  private final int rows;
  private final int weightCount;
  private final List<GradientBlock> blocks;

  @SuppressWarnings("MustBeClosedChecker") // the arena is a field that close() closes
  private GradientMatrix(int rows, List<CostTable.Layer> layers) {
    this.rows = rows;
    this.arena = Arena.ofShared();
    List<GradientBlock> allocated = new ArrayList<>();
    int end = 0;
    try {
      for (CostTable.Layer layer : layers) {
        long bytes = Math.multiplyExact((long) rows * layer.count(), Float.BYTES);
        allocated.add(
            new GradientBlock(
                layer.name(),
                layer.offset(),
                layer.count(),
                arena.allocate(bytes, ALIGNMENT_BYTES)));
        end = layer.end();
      }
    } catch (OutOfMemoryError e) {
      arena.close();
      throw e;
    }
    this.blocks = List.copyOf(allocated);
    this.weightCount = end;
  }

  /// A matrix of zeros for `rows` samples.
  ///
  /// @param rows n, one or more
  /// @throws IllegalArgumentException if there is no row
  /// @throws OutOfMemoryError if the memory cannot be had
  public static GradientMatrix allocate(int rows, CostTable costs) {
    if (rows < 1) {
      throw new IllegalArgumentException(
          "a gradient matrix of %d rows; it takes one or more".formatted(rows));
    }
    return new GradientMatrix(rows, costs.layers());
  }

  /// Number of samples, n.
  public int rows() {
    return rows;
  }

  /// Number of prunable weights, p.
  public int weightCount() {
    return weightCount;
  }

  /// Bytes of native memory that the matrix holds.
  public long byteSize() {
    return (long) rows * weightCount * Float.BYTES;
  }

  /// The block of a layer: `[n, count]` float32 in native byte order, row-major, writable. Dies with
  /// this matrix.
  ///
  /// @param index of the layer in the cost table
  public MemorySegment layer(int index) {
    return blocks.get(index).values();
  }

  /// ‖x_i‖² of each row.
  ///
  /// @return `[n]`
  /// @throws IllegalArgumentException if a value is not finite; names the layer, the row and the
  ///     weight within the layer
  public double[] squaredRowNorms(ExecutorService executor) {
    double[] norms = new double[rows];
    Chunks.run(
        executor,
        rows,
        () -> new Scratch(1),
        (row, scratch) -> {
          for (GradientBlock block : blocks) {
            double norm = squaredNorm(block, row, scratch);
            if (!Double.isFinite(norm)) {
              throw nonFinite(block, row);
            }
            norms[row] += norm;
          }
        });
    return norms;
  }

  private static double squaredNorm(GradientBlock block, int row, Scratch scratch) {
    double norm = 0;
    for (int from = 0; from < block.count(); from += COLUMN_CHUNK) {
      int length = Math.min(COLUMN_CHUNK, block.count() - from);
      float[] x = scratch.rows[0];
      block.copy(row, from, x, length);
      for (int j = 0; j < length; j++) {
        scratch.sum[j] = x[j];
      }
      norm += ScalarKernels.dot(x, scratch.sum, 0, length);
    }
    return norm;
  }

  private static IllegalArgumentException nonFinite(GradientBlock block, int row) {
    for (int j = 0; j < block.count(); j++) {
      float value = block.values().getAtIndex(FLOAT, block.index(row, j));
      if (!Float.isFinite(value)) {
        return new IllegalArgumentException(
            "the gradient of layer '%s' has %s in row %d, weight %d"
                .formatted(block.name(), value, row, j));
      }
    }
    throw new IllegalStateException(
        "layer '%s', row %d changed while it was read".formatted(block.name(), row));
  }

  /// How many rows carry information: `(Σ‖x_i‖²)² / Σ‖x_i‖⁴`, from 1 (one row does all) to n (all
  /// alike); 0 for a matrix of zeros.
  ///
  /// @throws IllegalArgumentException if a value is not finite, as [#squaredRowNorms]
  public double effectiveRows(ExecutorService executor) {
    double sum = 0;
    double sumOfSquares = 0;
    for (double norm : squaredRowNorms(executor)) {
      sum += norm;
      sumOfSquares += norm * norm;
    }
    return sum == 0 ? 0 : sum * sum / sumOfSquares;
  }

  /// `X v`.
  ///
  /// @param v `[p]`
  /// @return `[n]`
  double[] multiply(double[] v, ExecutorService executor) {
    requireLength(v.length, weightCount);
    double[] product = new double[rows];
    Chunks.run(
        executor,
        chunkCount(rows, ROW_CHUNK),
        () -> new Scratch(1),
        (chunk, scratch) -> {
          int first = chunk * ROW_CHUNK;
          int last = Math.min(first + ROW_CHUNK, rows);
          for (GradientBlock block : blocks) {
            for (int from = 0; from < block.count(); from += COLUMN_CHUNK) {
              int length = Math.min(COLUMN_CHUNK, block.count() - from);
              for (int row = first; row < last; row++) {
                block.copy(row, from, scratch.rows[0], length);
                product[row] +=
                    ScalarKernels.dot(scratch.rows[0], v, block.offset() + from, length);
              }
            }
          }
        });
    return product;
  }

  /// `Xᵀ r`.
  ///
  /// @param r `[n]`
  /// @return `[p]`
  double[] multiplyTransposed(double[] r, ExecutorService executor) {
    requireLength(r.length, rows);
    return sumOverRows(
        executor,
        (range, scratch) -> {
          GradientBlock block = range.block();
          int row = 0;
          for (; row <= rows - 4; row += 4) {
            for (int i = 0; i < 4; i++) {
              block.copy(row + i, range.from(), scratch.rows[i], range.length());
            }
            ScalarKernels.addFourScaled(scratch.sum, r, row, scratch.rows, range.length());
          }
          for (; row < rows; row++) {
            block.copy(row, range.from(), scratch.rows[0], range.length());
            ScalarKernels.addScaled(scratch.sum, r[row], scratch.rows[0], range.length());
          }
        });
  }

  /// Diagonal of `XᵀX`.
  ///
  /// @return `[p]`
  double[] squaredColumnNorms(ExecutorService executor) {
    return sumOverRows(
        executor,
        (range, scratch) -> {
          for (int row = 0; row < rows; row++) {
            range.block().copy(row, range.from(), scratch.rows[0], range.length());
            ScalarKernels.addSquares(scratch.sum, scratch.rows[0], range.length());
          }
        });
  }

  /// Sums over all rows of one range of columns, left in the scratch memory.
  @FunctionalInterface
  private interface RangeSum {
    void add(ColumnRange range, Scratch scratch);
  }

  private double[] sumOverRows(ExecutorService executor, RangeSum rangeSum) {
    List<ColumnRange> ranges = columnRanges();
    double[] sums = new double[weightCount];
    Chunks.run(
        executor,
        ranges.size(),
        () -> new Scratch(4),
        (chunk, scratch) -> {
          ColumnRange range = ranges.get(chunk);
          Arrays.fill(scratch.sum, 0);
          rangeSum.add(range, scratch);
          System.arraycopy(
              scratch.sum, 0, sums, range.block().offset() + range.from(), range.length());
        });
    return sums;
  }

  /// `Σ_c factors_c X_·c` over a few columns.
  ///
  /// @param columns ascending indices of weights
  /// @return `[n]`
  double[] multiplyColumns(int[] columns, double[] factors, ExecutorService executor) {
    double[] product = new double[rows];
    Chunks.run(
        executor,
        chunkCount(rows, ROW_CHUNK),
        chunk -> {
          int last = Math.min((chunk + 1) * ROW_CHUNK, rows);
          for (int row = chunk * ROW_CHUNK; row < last; row++) {
            product[row] = dotColumns(row, columns, factors);
          }
        });
    return product;
  }

  /// [#multiplyColumns] in the calling thread.
  double[] multiplyColumnsInThread(int[] columns, double[] factors) {
    double[] product = new double[rows];
    for (int row = 0; row < rows; row++) {
      product[row] = dotColumns(row, columns, factors);
    }
    return product;
  }

  private double dotColumns(int row, int[] columns, double[] factors) {
    int c = 0;
    double sum = 0;
    for (GradientBlock block : blocks) {
      int end = block.end();
      long base = block.index(row, 0) - block.offset();
      for (; c < columns.length && columns[c] < end; c++) {
        sum += factors[c] * block.values().getAtIndex(FLOAT, base + columns[c]);
      }
    }
    return sum;
  }

  /// A copy of some columns: column c of the copy is column `columns[c]` of this.
  ///
  /// @param columns ascending indices of weights, one or more
  /// @return a matrix of its own, which the caller closes
  GradientMatrix select(int[] columns, ExecutorService executor) {
    List<CostTable.Layer> layers = new ArrayList<>();
    List<GradientBlock> sources = new ArrayList<>();
    int from = 0;
    for (GradientBlock block : blocks) {
      int to = from;
      while (to < columns.length && columns[to] < block.end()) {
        to++;
      }
      if (to > from) {
        layers.add(new CostTable.Layer(block.name(), from, to - from, 0));
        sources.add(block);
      }
      from = to;
    }
    var selected = new GradientMatrix(rows, layers);
    Chunks.run(
        executor,
        rows,
        row -> {
          for (int b = 0; b < sources.size(); b++) {
            GradientBlock to = selected.blocks.get(b);
            sources
                .get(b)
                .gather(row, columns, to.offset(), to.values(), to.index(row, 0), to.count());
          }
        });
    return selected;
  }

  /// Copies columns `columns[first] … columns[first + count − 1]` of all rows to a panel.
  ///
  /// @param columns ascending indices of weights
  /// @param panel `[n, count]` float32, row-major; written
  void pack(int[] columns, int first, int count, MemorySegment panel, ExecutorService executor) {
    Chunks.run(
        executor,
        chunkCount(rows, ROW_CHUNK),
        chunk -> {
          int last = Math.min((chunk + 1) * ROW_CHUNK, rows);
          for (int row = chunk * ROW_CHUNK; row < last; row++) {
            int c = first;
            for (GradientBlock block : blocks) {
              int from = c;
              while (c < first + count && columns[c] < block.end()) {
                c++;
              }
              block.gather(row, columns, from, panel, (long) row * count + from - first, c - from);
            }
          }
        });
  }

  /// Some columns on the heap: `[n][columns.length]`, in the calling thread.
  ///
  /// @param columns ascending indices of weights
  float[][] rowsOf(int[] columns) {
    float[][] copy = new float[rows][columns.length];
    int from = 0;
    for (GradientBlock block : blocks) {
      int to = from;
      while (to < columns.length && columns[to] < block.end()) {
        to++;
      }
      for (int row = 0; row < rows && to > from; row++) {
        long base = block.index(row, 0) - block.offset();
        for (int c = from; c < to; c++) {
          copy[row][c] = block.values().getAtIndex(FLOAT, base + columns[c]);
        }
      }
      from = to;
    }
    return copy;
  }

  /// First weight and one past the last weight of each layer, in order: `[2 · layers]`.
  int[] layerBounds() {
    int[] bounds = new int[2 * blocks.size()];
    for (int b = 0; b < blocks.size(); b++) {
      bounds[2 * b] = blocks.get(b).offset();
      bounds[2 * b + 1] = blocks.get(b).end();
    }
    return bounds;
  }

  /// Frees the memory. Views and products fail from now on.
  @Override
  public void close() {
    arena.close();
  }

  private record ColumnRange(GradientBlock block, int from, int length) {}

  private List<ColumnRange> columnRanges() {
    List<ColumnRange> ranges = new ArrayList<>();
    for (GradientBlock block : blocks) {
      for (int from = 0; from < block.count(); from += COLUMN_CHUNK) {
        ranges.add(new ColumnRange(block, from, Math.min(COLUMN_CHUNK, block.count() - from)));
      }
    }
    return ranges;
  }

  private static int chunkCount(int length, int chunk) {
    return (length + chunk - 1) / chunk;
  }

  private static void requireLength(int found, int expected) {
    if (found != expected) {
      throw new IllegalArgumentException(
          "a vector of %d values where the gradient matrix has %d".formatted(found, expected));
    }
  }

  /// Cache-resident copies of pieces of rows, and float64 sums over their columns.
  private static final class Scratch {
    private final float[][] rows;
    private final double[] sum = new double[COLUMN_CHUNK];

    Scratch(int rows) {
      this.rows = new float[rows][COLUMN_CHUNK];
    }
  }
}
