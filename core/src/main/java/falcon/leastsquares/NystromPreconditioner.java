package falcon.leastsquares;

import falcon.kernel.Chunks;
import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import falcon.linear.BlockedProduct;
import falcon.linear.FloatCholesky;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;

/// The Nyström preconditioner: approximate inverses of `(H / s + κI)_AA` for some channels, each
/// with inputs A of its own.
///
/// ```
/// H / s + κI ≈ F Fᵀ + E,  E = D + κI                        (NystromApproximation)
/// z = E⁻¹ (r − F_A y),  (I + F_Aᵀ E⁻¹ F_A) y = F_Aᵀ E⁻¹ r      for r that is zero outside of A
/// ```
///
/// Factors and vectors are float32. An instance holds `4r² + 8k` bytes per channel.
///
/// Source: the Woodbury identity, as Frangella, Tropp and Udell (2023) precondition with it; they
/// use one shift for E and have one system instead of one per channel.
final class NystromPreconditioner {
  /// Number of inputs whose rows of F are gathered at a time.
  private static final int PANEL = 256;

  private final DenseKernels dense = Kernels.active().dense();
  private final NystromApproximation directions;
  private final int inputs;
  private final int rank;
  private final int count;
  private final int[][] supports;
  private final float[] weights;
  private final float[] products;
  private final float[][] memory;
  private final FloatCholesky[] factors;

  /// @param supports A of each channel, ascending
  /// @param ridge κ in units of s, above zero
  /// @param memory `[r, r]` per channel, storage of its factor
  NystromPreconditioner(
      NystromApproximation directions,
      int inputs,
      int[][] supports,
      double ridge,
      float[][] memory) {
    this.directions = directions;
    this.inputs = inputs;
    this.rank = directions.rank();
    this.supports = supports;
    this.count = supports.length;
    this.weights = new float[inputs * count];
    this.products = new float[rank * count];
    this.memory = memory;
    this.factors = new FloatCholesky[count];
    for (int c = 0; c < count; c++) {
      factors[c] = new FloatCholesky(memory[c], rank);
      for (int input : supports[c]) {
        weights[input * count + c] = (float) (1 / (directions.rest(input) + ridge));
      }
    }
  }

  /// Returns the bytes of one channel.
  static long bytes(int inputs, int rank) {
    return FloatCholesky.bytes(rank) + Float.BYTES * (long) (inputs + rank);
  }

  /// Returns `E⁻¹` `[k, n]`, zero outside of A; read only.
  float[] weights() {
    return weights;
  }

  /// Factors the small system of one channel.
  ///
  /// @return whether it is positive definite
  boolean factor(int c) {
    int[] support = supports[c];
    float[] values = memory[c];
    Arrays.fill(values, 0);
    float[] panel = new float[PANEL * rank];
    for (int first = 0; first < support.length; first += PANEL) {
      int rows = Math.min(PANEL, support.length - first);
      for (int row = 0; row < rows; row++) {
        int input = support[first + row];
        float root = (float) Math.sqrt(weights[input * count + c]);
        int from = row * rank;
        System.arraycopy(directions.byInput(), input * rank, panel, from, rank);
        for (int j = from; j < from + rank; j++) {
          panel[j] *= root;
        }
      }
      Block whole = Block.of(0, rank);
      dense.addProduct(
          panel, whole, panel, whole, values, whole, new Extent(rank, rank, rows, false, true));
    }
    for (int i = 0; i < rank; i++) {
      values[i * rank + i] += 1;
    }
    if (!factors[c].factor()) {
      return false;
    }
    factors[c].mirror();
    return true;
  }

  /// Computes `z = E⁻¹ (r − F y)` for all channels.
  ///
  /// @param r `[k, n]`, zero outside of A
  /// @param z `[k, n]`; written
  /// @param isWanted whether each channel's z is needed; where false, z is finite but without
  ///     meaning
  void apply(double[] r, float[] z, boolean[] isWanted, ExecutorService executor) {
    rows(
        executor,
        (from, to) -> {
          for (int at = from; at < to; at++) {
            z[at] = (float) (weights[at] * r[at]);
          }
        });
    Arrays.fill(products, 0);
    new BlockedProduct(rank, count, inputs).add(directions.byInput(), z, products, executor);
    Chunks.run(executor, count, c -> solve(c, isWanted[c]));
    Arrays.fill(z, 0);
    new BlockedProduct(inputs, count, rank).add(directions.byDirection(), products, z, executor);
    rows(
        executor,
        (from, to) -> {
          for (int at = from; at < to; at++) {
            z[at] = (float) (weights[at] * (r[at] - z[at]));
          }
        });
  }

  private void solve(int c, boolean isWanted) {
    float[] column = new float[rank];
    if (isWanted) {
      for (int i = 0; i < rank; i++) {
        column[i] = products[i * count + c];
      }
      factors[c].solve(column);
    }
    for (int i = 0; i < rank; i++) {
      products[i * count + c] = column[i];
    }
  }

  /// A range of entries of a `[k, n]` array.
  @FunctionalInterface
  private interface Range {
    void run(int from, int to);
  }

  private void rows(ExecutorService executor, Range body) {
    Chunks.run(
        executor,
        (inputs + PANEL - 1) / PANEL,
        chunk -> {
          int top = chunk * PANEL;
          body.run(top * count, Math.min(top + PANEL, inputs) * count);
        });
  }
}
