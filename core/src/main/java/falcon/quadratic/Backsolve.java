package falcon.quadratic;

import falcon.budget.Mask;
import falcon.kernel.Chunks;
import falcon.kernel.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;

/// The kept weights that minimise a [Quadratic] when the mask is fixed.
///
/// ```
/// r   = X (w̄_A, 0) − X w̄ + e                         residual after dropping, the kept weights at w̄
/// w_A = w̄_A − X_Aᵀ (X_A X_Aᵀ + nλI)⁻¹ r               n × n, where more weights than rows are kept
///     = w̄_A − (X_Aᵀ X_A + nλI)⁻¹ X_Aᵀ r               |A| × |A|, where fewer are
/// ```
///
/// The Gram matrix comes from float32 products over short runs of columns, added up in float64; the
/// full solution is then refined against the exact products. Same bits for any number of threads
/// (as far as the [GramProduct] has that property).
///
/// Source: FALCON (arXiv:2403.07094), section 3, backsolve; block-wise as there: blocks of weights
/// inside a layer, each solved as if all others stayed dense.
public final class Backsolve {
  /// The refinement stops when the system's relative residual is below this: what float32 weights
  /// resolve.
  private static final double RESIDUAL_TOLERANCE = 1e-7;

  /// Refinements at most; each gains about five digits and costs two passes over X.
  private static final int MAX_REFINEMENTS = 4;

  /// By how much the ridge grows where rounding made the Gram matrix indefinite.
  private static final double RIDGE_GROWTH = 10;

  private final Quadratic quadratic;
  private final GramProduct product;
  private final ExecutorService executor;

  /// A solver for one quadratic.
  ///
  /// @param product forms X_A X_Aᵀ in [#full]
  public Backsolve(Quadratic quadratic, GramProduct product, ExecutorService executor) {
    this.quadratic = quadratic;
    this.product = product;
    this.executor = executor;
  }

  /// One solve over all kept weights.
  ///
  /// @return w `[p]`, zero where the mask is; a new array
  /// @throws IllegalArgumentException if the mask is for another number of weights
  public float[] full(Mask kept) {
    requireFits(kept);
    int[] support = columns(kept, 0, kept.weightCount(), true);
    double[] change;
    if (support.length <= quadratic.rows()) {
      int[] dropped = columns(kept, 0, kept.weightCount(), false);
      change = solveBlock(support, residualAfterDropping(dropped));
    } else {
      double[] residual = quadratic.rowErrors(keptAtDense(kept), executor);
      double[] multipliers = solveRows(support, residual);
      double[] all = quadratic.gradients().multiplyTransposed(multipliers, executor);
      change = new double[support.length];
      for (int c = 0; c < support.length; c++) {
        change[c] = -all[support[c]];
      }
    }
    float[] weights = new float[kept.weightCount()];
    store(support, change, weights);
    return weights;
  }

  /// One solve for each block of consecutive weights of a layer, as if all other blocks stayed dense.
  ///
  /// @param blockSize weights of a block before pruning, one or more; the last block of a layer is
  ///     smaller
  /// @return w `[p]`, zero where the mask is; a new array
  /// @throws IllegalArgumentException if the mask is for another number of weights or a block is
  ///     empty
  public float[] blockwise(Mask kept, int blockSize) {
    requireFits(kept);
    if (blockSize < 1) {
      throw new IllegalArgumentException(
          "a block of %d weights; it takes one or more".formatted(blockSize));
    }
    List<int[]> blocks = new ArrayList<>();
    int[] bounds = quadratic.gradients().layerBounds();
    for (int layer = 0; layer < bounds.length; layer += 2) {
      for (int from = bounds[layer]; from < bounds[layer + 1]; ) {
        int to = (int) Math.min((long) from + blockSize, bounds[layer + 1]);
        blocks.add(new int[] {from, to});
        from = to;
      }
    }
    float[] weights = new float[kept.weightCount()];
    Chunks.run(
        executor,
        blocks.size(),
        chunk -> {
          int[] block = blocks.get(chunk);
          int[] support = columns(kept, block[0], block[1], true);
          int[] dropped = columns(kept, block[0], block[1], false);
          store(support, solveBlock(support, residualAfterDropping(dropped)), weights);
        });
    return weights;
  }

  /// `e − X_P w̄_P` in the calling thread.
  private double[] residualAfterDropping(int[] dropped) {
    double[] dense = new double[dropped.length];
    for (int c = 0; c < dropped.length; c++) {
      dense[c] = quadratic.dense(dropped[c]);
    }
    double[] residual = quadratic.gradients().multiplyColumnsInThread(dropped, dense);
    for (int row = 0; row < residual.length; row++) {
      residual[row] = quadratic.residual(row) - residual[row];
    }
    return residual;
  }

  /// w_A − w̄_A of one block in the calling thread, by the smaller of the two systems.
  private double[] solveBlock(int[] support, double[] residual) {
    int n = quadratic.rows();
    int m = support.length;
    double[] change = new double[m];
    if (m == 0) {
      return change;
    }
    float[][] rows = quadratic.gradients().rowsOf(support);
    if (m <= n) {
      addTransposedProduct(change, residual, rows);
      solveRegularised(() -> gram(rows, m), m, change);
    } else {
      double[] multipliers = residual.clone();
      solveRegularised(() -> gram(transpose(rows, m), n), n, multipliers);
      addTransposedProduct(change, multipliers, rows);
    }
    for (int c = 0; c < m; c++) {
      change[c] = -change[c];
    }
    return change;
  }

  private static void addTransposedProduct(double[] sum, double[] r, float[][] rows) {
    for (int row = 0; row < rows.length; row++) {
      ScalarKernels.addScaled(sum, r[row], rows[row], sum.length);
    }
  }

  /// `Σ_q b_q b_qᵀ` of vectors of length `size`.
  private static double[][] gram(float[][] vectors, int size) {
    int padded = (vectors.length + 3) / 4 * 4;
    float[][] b = new float[padded][];
    for (int q = 0; q < padded; q++) {
      b[q] = q < vectors.length ? vectors[q] : new float[size];
    }
    double[][] gram = new double[size][size];
    BlockedGramProduct.addAll(gram, b, size);
    return gram;
  }

  private static float[][] transpose(float[][] rows, int m) {
    float[][] columns = new float[m][rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int c = 0; c < m; c++) {
        columns[c][i] = rows[i][c];
      }
    }
    return columns;
  }

  /// Makes a Gram matrix; called again when a factorisation failed half way.
  @FunctionalInterface
  private interface GramSource {
    double[][] form();
  }

  /// Solves `(G + nλI) x = b` in place and gives back the factor.
  private double[][] solveRegularised(GramSource source, int size, double[] b) {
    double ridge = quadratic.scaledRidge();
    while (true) {
      double[][] gram = source.form();
      for (int i = 0; i < size; i++) {
        gram[i][i] += ridge;
      }
      if (Cholesky.factor(gram, size) == Cholesky.POSITIVE_DEFINITE) {
        Cholesky.solve(gram, size, b);
        return gram;
      }
      if (!Double.isFinite(ridge)) {
        throw new IllegalArgumentException(
            "the gradients are not finite or too large for float32 products");
      }
      ridge *= RIDGE_GROWTH;
    }
  }

  /// s = (X_A X_Aᵀ + nλI)⁻¹ r, refined.
  private double[] solveRows(int[] support, double[] residual) {
    int n = quadratic.rows();
    double[] solution = residual.clone();
    double[][] factor = solveRegularised(() -> rowGram(support), n, solution);
    double goal = RESIDUAL_TOLERANCE * Math.sqrt(squares(residual));
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < MAX_REFINEMENTS; i++) {
      double[] left = systemProduct(support, solution);
      for (int row = 0; row < n; row++) {
        left[row] = residual[row] - left[row];
      }
      double error = Math.sqrt(squares(left));
      if (error <= goal || error >= least) {
        break;
      }
      least = error;
      Cholesky.solve(factor, n, left);
      for (int row = 0; row < n; row++) {
        solution[row] += left[row];
      }
    }
    return solution;
  }

  /// `(X_A X_Aᵀ + nλI) s` by two passes over X.
  private double[] systemProduct(int[] support, double[] s) {
    double[] all = quadratic.gradients().multiplyTransposed(s, executor);
    double[] onSupport = new double[all.length];
    for (int column : support) {
      onSupport[column] = all[column];
    }
    double[] product = quadratic.gradients().multiply(onSupport, executor);
    for (int row = 0; row < s.length; row++) {
      product[row] += quadratic.scaledRidge() * s[row];
    }
    return product;
  }

  private double[][] rowGram(int[] support) {
    int n = quadratic.rows();
    double[][] gram = new double[n][n];
    int width = Math.min(product.panelColumns(), support.length);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment panel = arena.allocate((long) n * width * Float.BYTES, Float.BYTES);
      for (int first = 0; first < support.length; first += width) {
        int count = Math.min(width, support.length - first);
        quadratic.gradients().pack(support, first, count, panel, executor);
        product.addTo(gram, panel, count, executor);
      }
    }
    return gram;
  }

  private double[] keptAtDense(Mask kept) {
    double[] weights = new double[kept.weightCount()];
    for (int i = kept.nextKept(0); i < weights.length; i = kept.nextKept(i + 1)) {
      weights[i] = quadratic.dense(i);
    }
    return weights;
  }

  private void store(int[] support, double[] change, float[] weights) {
    for (int c = 0; c < support.length; c++) {
      weights[support[c]] = (float) (quadratic.dense(support[c]) + change[c]);
    }
  }

  private static int[] columns(Mask kept, int from, int to, boolean wanted) {
    int keptCount = kept.keptCount(from, to);
    int[] columns = new int[wanted ? keptCount : to - from - keptCount];
    int count = 0;
    for (int i = from; i < to; i++) {
      if (kept.isKept(i) == wanted) {
        columns[count++] = i;
      }
    }
    return columns;
  }

  private static double squares(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return squares;
  }

  private void requireFits(Mask kept) {
    if (kept.weightCount() != quadratic.weightCount()) {
      throw new IllegalArgumentException(
          "a mask of %d weights, the quadratic has %d"
              .formatted(kept.weightCount(), quadratic.weightCount()));
    }
  }
}
