package falcon.benchmarks.solver;

import falcon.budget.CostTable;
import falcon.gradients.GradientMatrix;
import falcon.kernel.Chunks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;

/// Seeded weights and gradients similar to those of a network: the weights of each layer have the
/// scale of its initialisation, the rows have low rank and noise.
///
/// ```
/// X_ij = s_l (Σ_k a_ik b_kj + ½ u_ij)       k = 1 … 6, a and b normal, u uniform on −1 … 1
/// ```
final class SyntheticGradients {
  private static final int RANK = 6;

  /// Number of rows that are written together, as in calibration.
  private static final int BLOCK_ROWS = 16;

  /// Number of columns that are computed together.
  private static final int PIECE = 4096;

  private final CostTable costs;
  private final int rows;
  private final long seed;
  private final float[][] a;

  SyntheticGradients(CostTable costs, int rows, long seed) {
    this.costs = costs;
    this.rows = rows;
    this.seed = seed;
    this.a = new float[rows][RANK];
    var random = new SplittableRandom(seed);
    for (float[] row : a) {
      for (int k = 0; k < RANK; k++) {
        row[k] = (float) random.nextGaussian();
      }
    }
  }

  /// Returns w̄ `[p]`: normal, with standard deviation `√(2 / √count)` in each layer.
  float[] weights() {
    float[] weights = new float[costs.weightCount()];
    var random = new SplittableRandom(seed + 1);
    for (CostTable.Layer layer : costs.layers()) {
      double deviation = Math.sqrt(2 / Math.sqrt(layer.count()));
      for (int i = layer.offset(); i < layer.end(); i++) {
        weights[i] = (float) (deviation * random.nextGaussian());
      }
    }
    return weights;
  }

  /// Writes all rows, layer by layer, blocks of rows in parallel.
  void write(GradientMatrix x, ExecutorService executor) {
    int blocks = Math.ceilDiv(rows, BLOCK_ROWS);
    int largest = costs.layers().stream().mapToInt(CostTable.Layer::count).max().orElseThrow();
    var buffers = new ConcurrentLinkedQueue<MemorySegment>();
    try (Arena arena = Arena.ofShared()) {
      for (int l = 0; l < costs.layers().size(); l++) {
        int layer = l;
        CostTable.Layer of = costs.layers().get(l);
        float[][] b = factors(of);
        Chunks.run(
            executor,
            blocks,
            block -> {
              int first = block * BLOCK_ROWS;
              int count = Math.min(BLOCK_ROWS, rows - first);
              MemorySegment buffer = buffers.poll();
              if (buffer == null) {
                buffer = arena.allocate((long) BLOCK_ROWS * largest * Float.BYTES, 64);
              }
              for (int i = 0; i < count; i++) {
                fill(buffer, i, first + i, of, b);
              }
              x.write(layer, first, buffer.asSlice(0, (long) count * of.count() * Float.BYTES));
              buffers.add(buffer);
            });
      }
    }
  }

  private float[][] factors(CostTable.Layer layer) {
    float[][] b = new float[RANK][layer.count()];
    var random = new SplittableRandom(seed + 2 + layer.offset());
    for (float[] row : b) {
      for (int j = 0; j < row.length; j++) {
        row[j] = (float) (random.nextDouble(-1, 1) * Math.sqrt(3));
      }
    }
    return b;
  }

  private void fill(MemorySegment values, int i, int row, CostTable.Layer layer, float[][] b) {
    float[] piece = new float[PIECE];
    float scale = (float) (1 / Math.sqrt(layer.count()));
    for (int from = 0; from < layer.count(); from += PIECE) {
      int count = Math.min(PIECE, layer.count() - from);
      noise(piece, row * 0x9e3779b9 + layer.offset() + from, count);
      for (int k = 0; k < RANK; k++) {
        add(piece, a[row][k], b[k], from, count);
      }
      for (int j = 0; j < count; j++) {
        piece[j] *= scale;
      }
      long at = ((long) i * layer.count() + from) * Float.BYTES;
      MemorySegment.copy(piece, 0, values, ValueLayout.JAVA_FLOAT, at, count);
    }
  }

  /// Fills a piece with numbers of −½ … ½ by mixing a counter, which the compiler turns into vector
  /// instructions.
  private static void noise(float[] piece, int counter, int count) {
    for (int j = 0; j < count; j++) {
      int h = (counter + j) * 0x85ebca6b;
      h = (h ^ (h >>> 15)) * 0xc2b2ae35;
      h ^= h >>> 13;
      piece[j] = h * 0x1p-32f;
    }
  }

  private static void add(float[] piece, float factor, float[] b, int from, int count) {
    for (int j = 0; j < count; j++) {
      piece[j] += factor * b[from + j];
    }
  }
}
