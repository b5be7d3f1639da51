package falcon.linear;

import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.Kernels;
import java.util.Arrays;

/// The Cholesky factorisation `A = UᵀU` in float32, in the calling thread: half the memory and half
/// the time of [Cholesky], with seven digits. Its users refine the solutions.
///
/// The scheme is that of [Cholesky]; only the triangles of 32 rows are factored in float64. An
/// instance holds `4m²` bytes.
public final class FloatCholesky {
  private static final int GROUP = 256;
  private static final int BASE = SmallTriangle.ROWS;

  /// A pivot below this share of its diagonal entry is rounding noise.
  private static final double LEAST_RELATIVE_PIVOT = 1e-6;

  private final DenseKernels dense = Kernels.active().dense();
  private final int size;
  private final float[] values;
  private final float[] inverses;
  private boolean isMirrored;

  /// Takes the memory of a matrix to be filled.
  ///
  /// @param values `[m, m]` at least; not copied, and overwritten whatever it holds
  public FloatCholesky(float[] values, int size) {
    this.size = size;
    this.values = values;
    this.inverses = new float[(size + BASE - 1) / BASE * BASE * BASE];
  }

  /// Returns the bytes that a factor of so many rows holds.
  public static long bytes(int size) {
    return Float.BYTES * (long) size * size + Float.BYTES * (long) BASE * (size + BASE);
  }

  /// Sets a row of the upper triangle to the entries `indices` of a row of
  /// `scale · (M + ridge · I)`.
  ///
  /// @param row number i of the row here
  /// @param matrix row-major
  /// @param from index at which row `indices[i]` of the matrix begins
  /// @param indices m ascending columns of the matrix
  public void fillRow(
      int row, double[] matrix, int from, int[] indices, double ridge, double scale) {
    int to = row * size;
    for (int j = row; j < size; j++) {
      values[to + j] = (float) (scale * matrix[from + indices[j]]);
    }
    values[to + row] = (float) (scale * (matrix[from + indices[row]] + ridge));
  }

  /// Replaces the upper triangle by U.
  ///
  /// @return whether the matrix is positive definite to float32's precision; if not, the factor has
  ///     no meaning
  public boolean factor() {
    double[] least = new double[size];
    for (int i = 0; i < size; i++) {
      least[i] = LEAST_RELATIVE_PIVOT * values[i * size + i];
    }
    for (int top = 0; top < size; top += GROUP) {
      int bottom = Math.min(top + GROUP, size);
      if (top > 0) {
        dense.addProduct(
            values,
            Block.of(top, size),
            values,
            Block.of(top, size),
            values,
            Block.of(top * size + top, size),
            new Extent(bottom - top, size - top, top, true, true));
      }
      if (!factorTriangle(top, bottom, least)) {
        return false;
      }
      solveRows(top, bottom, bottom, size);
    }
    return true;
  }

  /// Factors the triangle of rows and columns top … bottom − 1, half by half.
  private boolean factorTriangle(int top, int bottom, double[] least) {
    if (bottom - top <= BASE) {
      return factorBase(top, bottom - top, least);
    }
    int middle = middle(top, bottom);
    if (!factorTriangle(top, middle, least)) {
      return false;
    }
    solveRows(top, middle, middle, bottom);
    subtractProduct(top, middle, bottom, middle, bottom, true);
    return factorTriangle(middle, bottom, least);
  }

  /// Returns the row at which a range of rows is halved: after a multiple of [#BASE].
  private static int middle(int top, int bottom) {
    return top + (bottom - top + 2 * BASE - 1) / (2 * BASE) * BASE;
  }

  /// Subtracts the product with rows top … middle − 1 from rows middle … bottom − 1 of columns left
  /// … right − 1.
  private void subtractProduct(
      int top, int middle, int bottom, int left, int right, boolean isUpper) {
    dense.addProduct(
        values,
        Block.of(top * size + middle, size),
        values,
        Block.of(top * size + left, size),
        values,
        Block.of(middle * size + left, size),
        new Extent(bottom - middle, right - left, middle - top, true, isUpper));
  }

  private boolean factorBase(int row, int rows, double[] least) {
    double[][] triangle = new double[rows][rows];
    double[][] inverse = new double[BASE][BASE];
    for (int i = 0; i < rows; i++) {
      for (int j = i; j < rows; j++) {
        triangle[i][j] = values[(row + i) * size + row + j];
      }
    }
    if (SmallTriangle.factor(triangle, rows, least, row) >= 0) {
      return false;
    }
    SmallTriangle.invert(triangle, rows, inverse);
    for (int i = 0; i < rows; i++) {
      for (int j = i; j < rows; j++) {
        values[(row + i) * size + row + j] = (float) triangle[i][j];
      }
      for (int j = 0; j < BASE; j++) {
        inverses[(row + i) * BASE + j] = (float) inverse[i][j];
      }
    }
    return true;
  }

  /// Solves `U_IIᵀ X = B` in place for rows I = top … bottom − 1 and columns left … right − 1:
  /// recursively, half by half, with the inverses of the small triangles at the end.
  private void solveRows(int top, int bottom, int left, int right) {
    if (left >= right) {
      return;
    }
    if (bottom - top > BASE) {
      int middle = middle(top, bottom);
      solveRows(top, middle, left, right);
      subtractProduct(top, middle, bottom, left, right, false);
      solveRows(middle, bottom, left, right);
      return;
    }
    int width = right - left;
    int rows = bottom - top;
    Block target = Block.of(top * size + left, size);
    float[] copy = new float[rows * width];
    for (int i = 0; i < rows; i++) {
      int from = target.from() + i * size;
      System.arraycopy(values, from, copy, i * width, width);
      Arrays.fill(values, from, from + width, 0);
    }
    dense.addProduct(
        inverses,
        Block.of(top * BASE, BASE),
        copy,
        Block.of(0, width),
        values,
        target,
        new Extent(rows, width, rows, false, false));
  }

  /// Copies U to the lower triangle too, which pays where the factor solves for many right-hand
  /// sides.
  public void mirror() {
    for (int i = 0; i < size; i++) {
      for (int j = i + 1; j < size; j++) {
        values[j * size + i] = values[i * size + j];
      }
    }
    isMirrored = true;
  }

  /// Solves `UᵀU x = b` in place, in float32.
  ///
  /// @param b at least m values, of which the first m become x
  public void solve(float[] b) {
    float[] row = new float[size];
    for (int k = 0; k < size; k++) {
      float value = b[k] / values[k * size + k];
      b[k] = value;
      System.arraycopy(values, k * size + k, row, k, size - k);
      subtractScaled(b, value, row, k + 1, size);
    }
    for (int k = size - 1; k >= 0; k--) {
      if (isMirrored) {
        float value = b[k] / values[k * size + k];
        b[k] = value;
        System.arraycopy(values, k * size, row, 0, k);
        subtractScaled(b, value, row, 0, k);
      } else {
        b[k] = (b[k] - dot(values, k * size, b, k + 1, size)) / values[k * size + k];
      }
    }
  }

  /// Subtracts with one index for both arrays, the form that the compiler turns into vector code.
  private static void subtractScaled(float[] sum, float factor, float[] x, int from, int to) {
    for (int j = from; j < to; j++) {
      sum[j] -= factor * x[j];
    }
  }

  /// Returns `Σ_j x_(offset+j) v_j`: eight partial sums, added in pairs.
  private static float dot(float[] x, int offset, float[] v, int from, int to) {
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
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
}
