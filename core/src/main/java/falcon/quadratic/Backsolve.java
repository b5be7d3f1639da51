package falcon.quadratic;

import falcon.budget.Mask;
import falcon.gradients.KeptColumns;
import falcon.kernel.Chunks;
import falcon.kernel.VectorLoops;
import falcon.linear.BlockedGramProduct;
import falcon.linear.Cholesky;
import falcon.linear.GramProduct;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// The backsolve: the kept weights that minimise a [Quadratic] for a fixed mask.
///
/// ```
/// r   = X (w̄_A, 0) − X w̄ + e                       residual after dropping, kept weights at w̄
/// w_A = w̄_A − X_Aᵀ (X_A X_Aᵀ + nλI)⁻¹ r             n × n, where more weights than rows are kept
///     = w̄_A − (X_Aᵀ X_A + nλI)⁻¹ X_Aᵀ r             |A| × |A|, where fewer are
/// ```
///
/// The Gram matrix of the full system comes from products in float32 or less, added up in float64;
/// its Cholesky factor preconditions conjugate gradients with exact products. X_A is gathered once
/// and held where it fits a limit (`4n|A|` bytes), or gathered again in each pass. The result has
/// the same bits for any number of threads (as far as the [GramProduct] has that property).
///
/// Source: FALCON (arXiv:2403.07094), section 3, backsolve; block-wise as there: blocks of weights
/// inside a layer, each solved as if all others stayed dense.
public final class Backsolve {
  /// Conjugate gradients stop when the system's relative residual is below this value, the
  /// resolution of float32 weights.
  private static final double RESIDUAL_TOLERANCE = 1e-7;

  /// Greatest number of steps with the factor of the given product, each one pass over X_A. In
  /// bfloat16 a step gains one or two digits; where this many do not suffice, a float32 product
  /// costs less than more steps.
  private static final int FIRST_STEPS = 10;

  /// Greatest number of steps with the factor of a float32 product; each gains about five digits
  /// unless the system is nearly singular.
  private static final int FLOAT_STEPS = 40;

  /// Bytes of X_A that are held at most.
  private static final long HELD_BYTES = 1L << 30;

  /// Factor by which the ridge grows where rounding made the Gram matrix indefinite.
  private static final double RIDGE_GROWTH = 10;

  private final Quadratic quadratic;
  private final GramProduct product;
  private final long heldBytes;
  private final ExecutorService executor;

  /// Creates a solver for one quadratic.
  ///
  /// @param product forms X_A X_Aᵀ in [#full]; where that is too coarse to precondition the system,
  ///     a [BlockedGramProduct] forms it again
  public Backsolve(Quadratic quadratic, GramProduct product, ExecutorService executor) {
    this(quadratic, product, HELD_BYTES, executor);
  }

  /// Creates a solver that holds at most `heldBytes` bytes of X_A.
  ///
  /// @param heldBytes zero or more; the result does not depend on it
  Backsolve(Quadratic quadratic, GramProduct product, long heldBytes, ExecutorService executor) {
    this.quadratic = quadratic;
    this.product = product;
    this.heldBytes = heldBytes;
    this.executor = executor;
  }

  /// Solves for all kept weights at once.
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
      change = solveRows(support, residual);
    }
    float[] weights = new float[kept.weightCount()];
    store(support, change, weights);
    return weights;
  }

  /// Solves each block of consecutive weights of a layer as if all other blocks stayed dense.
  ///
  /// @param blockSize weights of a block before pruning, one or more; the last block of a layer is
  ///     smaller
  /// @return w `[p]`, zero where the mask is; a new array
  /// @throws IllegalArgumentException if the mask is for another number of weights or a block is
  ///     empty
  float[] blockwise(Mask kept, int blockSize) {
    return blockwise(kept, blockSize, layer -> 1);
  }

  /// Solves like the shorter method, with blocks of whole channels.
  ///
  /// @param blockSize greatest number of weights of a block, which has at least one channel
  /// @param channelLength consecutive weights of a layer (by its number in the gradient matrix)
  ///     that no block cuts, one or more: those of an output channel, or 1
  public float[] blockwise(Mask kept, int blockSize, IntUnaryOperator channelLength) {
    requireFits(kept);
    if (blockSize < 1) {
      throw new IllegalArgumentException(
          "a block of %d weights; it takes one or more".formatted(blockSize));
    }
    List<int[]> blocks = new ArrayList<>();
    int[] bounds = quadratic.gradients().layerBounds();
    for (int layer = 0; layer < bounds.length / 2; layer++) {
      int length = channelLength.applyAsInt(layer);
      if (length < 1) {
        throw new IllegalArgumentException(
            "channels of %d weights in layer %d; they have one or more".formatted(length, layer));
      }
      long size = Math.max((long) blockSize / length * length, length);
      int end = bounds[2 * layer + 1];
      for (int from = bounds[2 * layer]; from < end; ) {
        int to = (int) Math.min(from + size, end);
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

  /// Returns `e − X_P w̄_P`, computed in the calling thread.
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

  /// Returns w_A − w̄_A of one block, by the smaller of the two systems, in the calling thread.
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
      factorRegularised(() -> gram(flat(rows, m), m, n), m, null).solve(change);
    } else {
      double[] multipliers = residual.clone();
      factorRegularised(() -> gram(transpose(rows, m), n, m), n, null).solve(multipliers);
      addTransposedProduct(change, multipliers, rows);
    }
    for (int c = 0; c < m; c++) {
      change[c] = -change[c];
    }
    return change;
  }

  private static void addTransposedProduct(double[] sum, double[] r, float[][] rows) {
    for (int row = 0; row < rows.length; row++) {
      VectorLoops.addScaled(sum, r[row], rows[row], sum.length);
    }
  }

  /// Returns `BᵀB`, right of and on the diagonal.
  ///
  /// @param b `[depth, size]`, row-major
  private static double[] gram(float[] b, int size, int depth) {
    double[] gram = new double[size * size];
    BlockedGramProduct.addAll(gram, size, b, depth);
    return gram;
  }

  private static float[] flat(float[][] rows, int m) {
    float[] flat = new float[rows.length * m];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * m, m);
    }
    return flat;
  }

  private static float[] transpose(float[][] rows, int m) {
    int n = rows.length;
    float[] columns = new float[m * n];
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < m; c++) {
        columns[c * n + i] = rows[i][c];
      }
    }
    return columns;
  }

  /// Computes a Gram matrix; called again after a factorisation failed and left it half
  /// overwritten.
  @FunctionalInterface
  private interface GramSource {
    double[] form();
  }

  /// Returns the Cholesky factor of G + nλI, or of G and a greater ridge where rounding made that
  /// indefinite.
  ///
  /// @param threads executor for one large system; null if the calling thread is one of many
  private Cholesky factorRegularised(
      GramSource source, int size, @Nullable ExecutorService threads) {
    double ridge = quadratic.scaledRidge();
    while (true) {
      Cholesky factored = factor(source.form(), size, ridge, threads);
      if (factored != null) {
        return factored;
      }
      if (!Double.isFinite(ridge)) {
        throw new IllegalArgumentException(
            "the gradients are not finite or too large for float32 products");
      }
      ridge *= RIDGE_GROWTH;
    }
  }

  /// @param gram overwritten
  /// @return the factor, or null if G + ridge I is not positive definite
  private static @Nullable Cholesky factor(
      double[] gram, int size, double ridge, @Nullable ExecutorService threads) {
    for (int i = 0; i < size; i++) {
      gram[i * size + i] += ridge;
    }
    var factored = new Cholesky(gram, size);
    return factored.factor(threads) == Cholesky.POSITIVE_DEFINITE ? factored : null;
  }

  /// Returns −X_Aᵀ s with s = (X_A X_Aᵀ + nλI)⁻¹ r.
  ///
  /// @param residual r, overwritten
  private double[] solveRows(int[] support, double[] residual) {
    int n = quadratic.rows();
    double[] change = new double[support.length];
    double goal = RESIDUAL_TOLERANCE * norm(residual);
    try (var columns =
        new KeptColumns(
            quadratic.gradients(), support, product.panelColumns(), heldBytes, executor)) {
      Cholesky first = factor(columns.gram(product), n, quadratic.scaledRidge(), executor);
      if (first == null || !advance(columns, first, residual, change, goal, FIRST_STEPS)) {
        var blocked = new BlockedGramProduct();
        Cholesky second = factorRegularised(() -> columns.gram(blocked), n, executor);
        advance(columns, second, residual, change, goal, FLOAT_STEPS);
      }
    }
    return change;
  }

  /// Runs preconditioned conjugate gradients from the point given by `left` and `change`.
  ///
  /// ```
  /// z = M⁻¹ r    p = z + (rᵀz / r₋ᵀz₋) p    t = X_Aᵀ p    q = X_A t + nλ p    α = rᵀz / pᵀq
  /// change = change − α t                   r = r − α q
  /// ```
  ///
  /// @param left r `[n]`, the residual; updated
  /// @param change `[|A|]`; updated
  /// @param goal norm of r at which to stop
  /// @return whether the goal was reached
  private boolean advance(
      KeptColumns columns, Cholesky m, double[] left, double[] change, double goal, int steps) {
    int n = left.length;
    double[] p = new double[n];
    double[] t = new double[change.length];
    double previous = 1;
    for (int step = 0; step < steps && norm(left) > goal; step++) {
      double[] z = left.clone();
      m.solve(z);
      double rz = VectorLoops.dot(left, z, 0, n);
      for (int row = 0; row < n; row++) {
        p[row] = z[row] + rz / previous * p[row];
      }
      previous = rz;
      double[] q = columns.multiplyTwice(p, t);
      for (int row = 0; row < n; row++) {
        q[row] += quadratic.scaledRidge() * p[row];
      }
      double alpha = rz / VectorLoops.dot(p, q, 0, n);
      for (int c = 0; c < change.length; c++) {
        change[c] -= alpha * t[c];
      }
      for (int row = 0; row < n; row++) {
        left[row] -= alpha * q[row];
      }
    }
    return norm(left) <= goal;
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

  private static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }

  private void requireFits(Mask kept) {
    if (kept.weightCount() != quadratic.weightCount()) {
      throw new IllegalArgumentException(
          "a mask of %d weights, the quadratic has %d"
              .formatted(kept.weightCount(), quadratic.weightCount()));
    }
  }
}
