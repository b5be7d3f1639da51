package falcon.leastsquares;

import falcon.kernel.DenseKernels.Block;
import falcon.linear.BlockedProduct;
import falcon.linear.Cholesky;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// The Nyström approximation of a layer's H: a low-rank part and the diagonal of the remainder.
///
/// ```
/// H / s ≈ F Fᵀ + D        s = mean diag H,  F [k, r],  D diagonal
/// Y = Ω H,  Q = orthonormal rows of Y,  Z = Q H,  F Fᵀ = Zᵀ (Z Qᵀ)⁻¹ Z
///                                                       Ω [r, k] of normal deviates
/// ```
///
/// The rows of Q come close to the leading eigenvectors, largest eigenvalue first, so F's columns
/// are nearly orthogonal and fall in length, which keeps systems built from them well scaled for
/// float32.
///
/// An instance holds F twice in float32, as `[k, r]` and `[r, k]`: `8kr` bytes; computing it takes
/// `56kr` bytes more. Instances are immutable and safe to share between threads; nobody changes the
/// arrays.
///
/// Source: Nyström approximation with one power iteration, Frangella, Tropp and Udell, Randomized
/// Nyström preconditioning, SIAM J. Matrix Anal. Appl. 44(2), 2023, algorithm 2.1.
final class NystromApproximation {
  /// Share of the mean of a small matrix's diagonal that is added to it: larger than the effect of
  /// float64 rounding on its eigenvalues, so that H may have a lower rank than requested.
  private static final double SHIFT = 1e-11;

  private static final long SEED = 0x5eed;

  private final int rank;
  private final float[] byInput;
  private final float[] byDirection;
  private final double[] rest;

  private NystromApproximation(int rank, float[] byInput, float[] byDirection, double[] rest) {
    this.rank = rank;
    this.byInput = byInput;
    this.byDirection = byDirection;
    this.rest = rest;
  }

  /// Returns the peak memory of an approximation of rank `rank` of `inputs` inputs, in bytes.
  static long bytes(int inputs, int rank) {
    return 64L * inputs * rank;
  }

  /// Returns the approximation of a layer's H.
  ///
  /// @param rank r, from 1 to k
  /// @return null if H is zero
  static @Nullable NystromApproximation of(
      LayerEquations equations, int rank, ExecutorService executor) {
    int k = equations.inputs();
    var random = new SplittableRandom(SEED);
    double[] start = new double[rank * k];
    for (int i = 0; i < start.length; i++) {
      start[i] = random.nextGaussian();
    }
    double[] image = new double[rank * k];
    equations.addProduct(start, rank, equations.gram(), image, executor);
    double[] imageByInput = transposed(image, rank, k);
    double[] basis =
        divided(image, products(imageByInput, imageByInput, rank, k, executor), executor);
    if (basis.length == 0) {
      return null;
    }
    double[] second = new double[rank * k];
    equations.addProduct(basis, rank, equations.gram(), second, executor);
    double[] small =
        products(transposed(basis, rank, k), transposed(second, rank, k), rank, k, executor);
    double[] factor = divided(second, small, executor);
    return factor.length == 0 ? null : scaled(factor, rank, equations);
  }

  private static NystromApproximation scaled(double[] factor, int rank, LayerEquations equations) {
    int k = equations.inputs();
    double scale = 1 / equations.meanDiagonal();
    double root = Math.sqrt(scale);
    double[] rest = new double[k];
    for (int i = 0; i < k; i++) {
      rest[i] = scale * equations.gram()[i * k + i];
    }
    float[] byDirection = new float[rank * k];
    float[] byInput = new float[rank * k];
    for (int direction = 0; direction < rank; direction++) {
      for (int i = 0; i < k; i++) {
        double value = root * factor[direction * k + i];
        rest[i] -= value * value;
        byDirection[direction * k + i] = (float) value;
        byInput[i * rank + direction] = (float) value;
      }
    }
    for (int i = 0; i < k; i++) {
      rest[i] = Math.max(0, rest[i]);
    }
    return new NystromApproximation(rank, byInput, byDirection, rest);
  }

  /// Returns `AᵀB` of `[k, r]` matrices.
  private static double[] products(
      double[] a, double[] b, int rank, int k, ExecutorService executor) {
    double[] products = new double[rank * rank];
    new BlockedProduct(rank, rank, k).add(a, Block.of(0, rank), b, products, executor);
    return products;
  }

  /// Returns `U⁻ᵀ X` where `UᵀU` is a small matrix, shifted; an empty array if that is not positive
  /// definite.
  ///
  /// @param x `[r, k]`
  /// @param small `[r, r]`; destroyed
  private static double[] divided(double[] x, double[] small, ExecutorService executor) {
    int rank = (int) Math.round(Math.sqrt(small.length));
    int k = x.length / rank;
    double trace = 0;
    for (int i = 0; i < rank; i++) {
      trace += small[i * rank + i];
    }
    for (int i = 0; i < rank; i++) {
      small[i * rank + i] += SHIFT * trace / rank;
    }
    var factored = new Cholesky(small, rank);
    if (factored.factor(executor) != Cholesky.POSITIVE_DEFINITE) {
      return new double[0];
    }
    double[] lower = factored.inverseTransposed(executor);
    double[] divided = new double[rank * k];
    new BlockedProduct(rank, k, rank)
        .add(lower, Block.of(0, rank).transposed(), x, divided, executor);
    return divided;
  }

  /// Returns the transpose `[columns, rows]` of `[rows, columns]`.
  private static double[] transposed(double[] x, int rows, int columns) {
    double[] transposed = new double[x.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        transposed[column * rows + row] = x[row * columns + column];
      }
    }
    return transposed;
  }

  /// Returns the rank r.
  int rank() {
    return rank;
  }

  /// Returns F `[k, r]`, in units of √s; read only.
  float[] byInput() {
    return byInput;
  }

  /// Returns Fᵀ `[r, k]`, in units of √s; read only.
  float[] byDirection() {
    return byDirection;
  }

  /// Returns entry `input` of D, in units of s; zero or more.
  double rest(int input) {
    return rest[input];
  }
}
