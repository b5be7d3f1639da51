package falcon.linear;

import falcon.kernel.Chunks;
import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The Cholesky factorisation `A = UᵀU` of a symmetric positive definite matrix in float64, solves
/// with it, and its inverse.
///
/// Rows are finished in groups of 256: all earlier rows are subtracted from them by one product per
/// strip of columns, then the group's own triangle is factored recursively, half by half down to 32
/// rows, whose small inverses turn the rest into products too. Strips run on the executor where one
/// is given; an entry's bits depend on neither threads nor strips, because all sums are those of
/// [DenseKernels].
///
/// It is not safe to share between threads while it factors.
public final class Cholesky {
  /// The value that [#factor] returns when every pivot was positive.
  public static final int POSITIVE_DEFINITE = -1;

  /// Number of rows of a group.
  private static final int GROUP = 256;

  /// Number of columns in one chunk of work.
  private static final int STRIP = 512;

  /// Number of rows that are factored one by one.
  private static final int BASE = SmallTriangle.ROWS;

  /// A pivot below this share of its diagonal entry is rounding noise: the factorisation of a
  /// matrix of a few thousand rows is accurate to about 1e-13 of the diagonal.
  private static final double LEAST_RELATIVE_PIVOT = 1e-13;

  private final DenseKernels dense = Kernels.active().dense();
  private final int size;
  private final double[] values;

  /// Inverses of U's diagonal blocks, `[BASE, BASE]` each.
  private final double[] inverses;

  /// Takes a matrix to be factored.
  ///
  /// @param values `[m, m]`, row-major; only the upper triangle (j ≥ i) is read. The array is not
  ///     copied: U and later the inverse overwrite it
  public Cholesky(double[] values, int size) {
    this.values = values;
    this.size = size;
    this.inverses = new double[(size + BASE - 1) / BASE * BASE * BASE];
  }

  /// Replaces the upper triangle by U.
  ///
  /// @param executor runs the strips; if null the calling thread does all work
  /// @return [#POSITIVE_DEFINITE], or the row whose pivot is not positive beyond rounding; the
  ///     matrix is then half finished
  public int factor(@Nullable ExecutorService executor) {
    double[] least = new double[size];
    for (int i = 0; i < size; i++) {
      least[i] = LEAST_RELATIVE_PIVOT * values[i * size + i];
    }
    for (int top = 0; top < size; top += GROUP) {
      int from = top;
      int bottom = Math.min(top + GROUP, size);
      int width = executor == null ? size : STRIP;
      if (top > 0) {
        runStrips(
            executor,
            width,
            top,
            (left, right) -> subtractProduct(0, from, bottom, values, left, right, left == from));
      }
      int failed = factorTriangle(top, bottom, least);
      if (failed != POSITIVE_DEFINITE) {
        return failed;
      }
      runStrips(
          executor, width, bottom, (left, right) -> solveRows(from, bottom, values, left, right));
    }
    return POSITIVE_DEFINITE;
  }

  /// The work on columns left … right − 1.
  @FunctionalInterface
  private interface StripBody {
    void run(int left, int right);
  }

  /// Cuts columns first … m − 1 into strips.
  private void runStrips(@Nullable ExecutorService executor, int width, int first, StripBody body) {
    int count = (size - first + width - 1) / width;
    IntConsumer strip =
        number -> {
          int left = first + number * width;
          body.run(left, Math.min(left + width, size));
        };
    if (executor == null || count < 2) {
      for (int number = 0; number < count; number++) {
        strip.accept(number);
      }
    } else {
      Chunks.run(executor, count, strip);
    }
  }

  /// Factors the triangle of rows and columns top … bottom − 1, half by half.
  private int factorTriangle(int top, int bottom, double[] least) {
    if (bottom - top <= BASE) {
      return factorBase(top, bottom - top, least);
    }
    int middle = middle(top, bottom);
    int failed = factorTriangle(top, middle, least);
    if (failed != POSITIVE_DEFINITE) {
      return failed;
    }
    solveRows(top, middle, values, middle, bottom);
    subtractProduct(top, middle, bottom, values, middle, bottom, true);
    return factorTriangle(middle, bottom, least);
  }

  /// Returns the row at which a range of rows is halved: after a multiple of [#BASE].
  private static int middle(int top, int bottom) {
    return top + (bottom - top + 2 * BASE - 1) / (2 * BASE) * BASE;
  }

  /// Subtracts the product with U's rows top … middle − 1 from rows middle … bottom − 1 of columns
  /// left … right − 1 of x.
  private void subtractProduct(
      int top, int middle, int bottom, double[] x, int left, int right, boolean isUpper) {
    dense.addProduct(
        values,
        Block.of(top * size + middle, size),
        x,
        Block.of(top * size + left, size),
        x,
        Block.of(middle * size + left, size),
        new Extent(bottom - middle, right - left, middle - top, true, isUpper));
  }

  private int factorBase(int row, int rows, double[] least) {
    double[][] triangle = new double[rows][rows];
    double[][] inverse = new double[BASE][BASE];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(values, (row + i) * size + row, triangle[i], 0, rows);
    }
    int failed = SmallTriangle.factor(triangle, rows, least, row);
    if (failed >= 0) {
      return row + failed;
    }
    SmallTriangle.invert(triangle, rows, inverse);
    for (int i = 0; i < rows; i++) {
      System.arraycopy(triangle[i], i, values, (row + i) * size + row + i, rows - i);
      System.arraycopy(inverse[i], 0, inverses, (row + i) * BASE, BASE);
    }
    return POSITIVE_DEFINITE;
  }

  /// Solves `U_IIᵀ X = B` in place for rows I = top … bottom − 1 and columns left … right − 1 of x,
  /// from which earlier rows are subtracted already: recursively, half by half, with the inverses
  /// of the small triangles at the end.
  private void solveRows(int top, int bottom, double[] x, int left, int right) {
    if (left >= right) {
      return;
    }
    if (bottom - top > BASE) {
      int middle = middle(top, bottom);
      solveRows(top, middle, x, left, right);
      subtractProduct(top, middle, bottom, x, left, right, false);
      solveRows(middle, bottom, x, left, right);
      return;
    }
    int width = right - left;
    int rows = bottom - top;
    Block target = Block.of(top * size + left, size);
    double[] copy = new double[rows * width];
    for (int i = 0; i < rows; i++) {
      int from = target.from() + i * size;
      System.arraycopy(x, from, copy, i * width, width);
      Arrays.fill(x, from, from + width, 0);
    }
    dense.addProduct(
        inverses,
        Block.of(top * BASE, BASE),
        copy,
        Block.of(0, width),
        x,
        target,
        new Extent(rows, width, rows, false, false));
  }

  /// Solves `UᵀU x = b` in place; the matrix is factored.
  ///
  /// @param b at least m values, of which the first m become x
  public void solve(double[] b) {
    double[] row = new double[size];
    for (int k = 0; k < size; k++) {
      double value = b[k] / values[k * size + k];
      b[k] = value;
      System.arraycopy(values, k * size + k, row, k, size - k);
      subtractScaled(b, value, row, k + 1, size);
    }
    for (int k = size - 1; k >= 0; k--) {
      b[k] = (b[k] - dot(values, k * size, b, k + 1, size)) / values[k * size + k];
    }
  }

  /// Subtracts with one index for both arrays, the form that the compiler turns into vector code.
  private static void subtractScaled(double[] sum, double factor, double[] x, int from, int to) {
    for (int j = from; j < to; j++) {
      sum[j] -= factor * x[j];
    }
  }

  /// Returns `Σ_j x_(offset+j) v_j`: eight partial sums, added in pairs.
  private static double dot(double[] x, int offset, double[] v, int from, int to) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    int j = from;
    for (; j <= to - 8; j += 8) {
      int i = offset + j;
      s0 += x[i] * v[j];
      s1 += x[i + 1] * v[j + 1];
      s2 += x[i + 2] * v[j + 2];
      s3 += x[i + 3] * v[j + 3];
      s4 += x[i + 4] * v[j + 4];
      s5 += x[i + 5] * v[j + 5];
      s6 += x[i + 6] * v[j + 6];
      s7 += x[i + 7] * v[j + 7];
    }
    for (; j < to; j++) {
      s0 += x[offset + j] * v[j];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  /// Returns `(UᵀU)⁻¹`, both triangles, in place of U: with `L = U⁻ᵀ` it is `LᵀL`. It takes another
  /// `8m²` bytes while it runs and destroys the factor.
  ///
  /// @return `[m, m]`, row-major, symmetric: the array that the matrix was given in
  public double[] inverse(@Nullable ExecutorService executor) {
    double[] lower = inverseTransposed(executor);
    runStrips(
        executor,
        STRIP,
        0,
        (left, right) -> {
          for (int i = 0; i < right; i++) {
            Arrays.fill(values, i * size + left, i * size + right, 0);
          }
          // (LᵀL)_ij = Σ_q L_qi L_qj, and L_qj is zero before q = j ≥ left.
          dense.addProduct(
              lower,
              Block.of(left * size, size),
              lower,
              Block.of(left * size + left, size),
              values,
              Block.of(left, size),
              new Extent(right, right - left, size - left, false, false));
        });
    for (int i = 0; i < size; i++) {
      for (int j = i + 1; j < size; j++) {
        values[j * size + i] = values[i * size + j];
      }
    }
    return values;
  }

  /// Returns `U⁻ᵀ` `[m, m]`, row-major, lower triangular; a new array.
  public double[] inverseTransposed(@Nullable ExecutorService executor) {
    double[] lower = new double[size * size];
    for (int i = 0; i < size; i++) {
      lower[i * size + i] = 1;
    }
    runStrips(
        executor,
        STRIP,
        0,
        (left, right) -> {
          for (int top = left; top < size; top += GROUP) {
            int bottom = Math.min(top + GROUP, size);
            subtractProduct(left, top, bottom, lower, left, right, false);
            solveRows(top, bottom, lower, left, right);
          }
        });
    return lower;
  }
}
