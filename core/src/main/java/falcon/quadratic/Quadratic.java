package falcon.quadratic;

import falcon.gradients.GradientMatrix;
import falcon.gradients.MatrixProducts;
import java.util.concurrent.ExecutorService;

/// The local model of the loss around the dense weights:
///
/// ```
/// Q(w)  = ½ ‖X (w − w̄) + e‖² + (nλ/2) ‖w − w̄‖²
/// ∇Q(w) = Xᵀ (X (w − w̄) + e) + nλ (w − w̄)
/// ```
///
/// X `[n, p]` are gradients of single samples, w̄ the dense weights, e the residual of each row, λ
/// the ridge. The p × p matrix `XᵀX` is never formed.
///
/// Source: FALCON (arXiv:2403.07094), section 3; ridge form of CHITA (arXiv:2302.14623). An
/// instance refers to the matrix without owning it and is valid until that is closed. It is safe to
/// share between threads.
public final class Quadratic {
  private final GradientMatrix gradients;
  private final float[] dense;
  private final double[] residual;
  private final double ridge;

  private Quadratic(GradientMatrix gradients, float[] dense, double[] residual, double ridge) {
    this.gradients = gradients;
    this.dense = dense;
    this.residual = residual;
    this.ridge = ridge;
  }

  /// Returns the model around some weights.
  ///
  /// @param gradients X; not copied, must stay open
  /// @param dense w̄ `[p]`, finite; copied
  /// @param residual e `[n]`, finite; copied
  /// @param ridge λ, finite and above zero (with n < p there is no unique minimum without it)
  /// @throws IllegalArgumentException if a length does not fit or a number is out of its range
  public static Quadratic of(
      GradientMatrix gradients, float[] dense, double[] residual, double ridge) {
    if (dense.length != gradients.weightCount() || residual.length != gradients.rows()) {
      throw new IllegalArgumentException(
          "a gradient matrix of %d rows and %d weights, but %d residuals and %d dense weights"
              .formatted(gradients.rows(), gradients.weightCount(), residual.length, dense.length));
    }
    if (!(ridge > 0) || ridge == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("ridge %s; it is finite and above zero".formatted(ridge));
    }
    for (int i = 0; i < dense.length; i++) {
      if (!Float.isFinite(dense[i])) {
        throw new IllegalArgumentException("dense weight %d is %s".formatted(i, dense[i]));
      }
    }
    for (int i = 0; i < residual.length; i++) {
      if (!Double.isFinite(residual[i])) {
        throw new IllegalArgumentException(
            "the residual of row %d is %s".formatted(i, residual[i]));
      }
    }
    return new Quadratic(gradients, dense.clone(), residual.clone(), ridge);
  }

  /// Returns this model on a few columns, with all other weights at zero.
  ///
  /// @param columns indices among the p weights of the columns of `some`
  /// @param some the matrix of those columns; not copied
  /// @param outside `e − X_P w̄_P` over the columns P that are left out, `[n]`; not copied
  Quadratic onColumns(int[] columns, GradientMatrix some, double[] outside) {
    float[] denseThere = new float[columns.length];
    for (int c = 0; c < columns.length; c++) {
      denseThere[c] = dense[columns[c]];
    }
    return new Quadratic(some, denseThere, outside, ridge);
  }

  /// Returns Q(w).
  ///
  /// @param weights w `[p]`
  public double value(float[] weights, ExecutorService executor) {
    double[] w = widen(weights);
    return value(rowErrors(w, executor), w);
  }

  /// Returns ∇Q(w).
  ///
  /// @param weights w `[p]`
  /// @return `[p]`
  public double[] gradient(float[] weights, ExecutorService executor) {
    double[] w = widen(weights);
    return gradient(rowErrors(w, executor), w, executor);
  }

  /// Returns v = X (w − w̄) + e, `[n]`.
  double[] rowErrors(double[] weights, ExecutorService executor) {
    return rowErrors(
        (from, piece, count) -> System.arraycopy(weights, from, piece, 0, count), executor);
  }

  /// Returns v = X (w − w̄) + e, `[n]`.
  ///
  /// @param weights w `[p]`, read piece by piece
  double[] rowErrors(MatrixProducts.Source weights, ExecutorService executor) {
    double[] errors =
        gradients
            .products()
            .multiply(
                (from, piece, count) -> {
                  weights.read(from, piece, count);
                  for (int i = 0; i < count; i++) {
                    piece[i] -= dense[from + i];
                  }
                },
                executor);
    for (int row = 0; row < errors.length; row++) {
      errors[row] += residual[row];
    }
    return errors;
  }

  /// Returns Q, computed from v and w.
  double value(double[] rowErrors, double[] weights) {
    double squares = 0;
    for (double error : rowErrors) {
      squares += error * error;
    }
    return (squares + scaledRidge() * squaredDistance(weights)) / 2;
  }

  /// Returns ‖w − w̄‖².
  double squaredDistance(double[] weights) {
    double squares = 0;
    for (int i = 0; i < dense.length; i++) {
      double difference = weights[i] - dense[i];
      squares += difference * difference;
    }
    return squares;
  }

  /// Returns ∇Q, computed from v and w, `[p]`.
  double[] gradient(double[] rowErrors, double[] weights, ExecutorService executor) {
    double[] gradient = gradients.multiplyTransposed(rowErrors, executor);
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] += scaledRidge() * (weights[i] - dense[i]);
    }
    return gradient;
  }

  /// Returns nλ.
  double scaledRidge() {
    return gradients.rows() * ridge;
  }

  /// Returns whether X is in a file, so that a product reads it from there.
  public boolean isOnDisk() {
    return gradients.isOnDisk();
  }

  /// Returns the bytes of X in memory or in its file.
  public long gradientBytes() {
    return gradients.byteSize();
  }

  GradientMatrix gradients() {
    return gradients;
  }

  double dense(int i) {
    return dense[i];
  }

  double residual(int row) {
    return residual[row];
  }

  int weightCount() {
    return dense.length;
  }

  int rows() {
    return residual.length;
  }

  private double[] widen(float[] weights) {
    if (weights.length != dense.length) {
      throw new IllegalArgumentException(
          "%d weights, the quadratic has %d".formatted(weights.length, dense.length));
    }
    double[] wide = new double[weights.length];
    for (int i = 0; i < weights.length; i++) {
      wide[i] = weights[i];
    }
    return wide;
  }
}
