package falcon.kernel;

/// [DenseKernels] in plain Java: rows of C and B are copied to arrays of their own, the form that
/// the compiler turns into vector code.
final class ScalarDense implements DenseKernels {
  /// Number of rows of C processed at a time: with [#COLUMNS] of float64 they fit the first-level
  /// cache.
  private static final int ROWS = 16;

  private static final int COLUMNS = 256;

  @Override
  public void addProduct(
      double[] a, Block inA, double[] b, Block inB, double[] c, Block inC, Extent extent) {
    double[][] sums = new double[ROWS][COLUMNS];
    double[][] rows = new double[4][COLUMNS];
    for (int left = 0; left < extent.columns(); left += COLUMNS) {
      int width = Math.min(COLUMNS, extent.columns() - left);
      int bottom = extent.isUpper() ? Math.min(extent.rows(), left + width) : extent.rows();
      for (int top = 0; top < bottom; top += ROWS) {
        int height = Math.min(ROWS, bottom - top);
        for (int i = 0; i < height; i++) {
          System.arraycopy(c, inC.index(top + i, left), sums[i], 0, width);
        }
        for (int q = 0; q < extent.depth(); q += 4) {
          int terms = Math.min(4, extent.depth() - q);
          for (int t = 0; t < terms; t++) {
            System.arraycopy(b, inB.index(q + t, left), rows[t], 0, width);
          }
          for (int i = 0; i < height; i++) {
            addTerms(sums[i], a, inA, q, top + i, rows, terms, width, extent.isNegative());
          }
        }
        for (int i = 0; i < height; i++) {
          System.arraycopy(sums[i], 0, c, inC.index(top + i, left), width);
        }
      }
    }
  }

  private static void addTerms(
      double[] sum,
      double[] a,
      Block inA,
      int q,
      int i,
      double[][] rows,
      int terms,
      int width,
      boolean isNegative) {
    double sign = isNegative ? -1 : 1;
    if (terms == 4) {
      double a0 = sign * a[inA.index(q, i)];
      double a1 = sign * a[inA.index(q + 1, i)];
      double a2 = sign * a[inA.index(q + 2, i)];
      double a3 = sign * a[inA.index(q + 3, i)];
      addFour(sum, a0, a1, a2, a3, rows[0], rows[1], rows[2], rows[3], width);
      return;
    }
    for (int t = 0; t < terms; t++) {
      double factor = sign * a[inA.index(q + t, i)];
      double[] row = rows[t];
      for (int j = 0; j < width; j++) {
        sum[j] = Math.fma(factor, row[j], sum[j]);
      }
    }
  }

  private static void addFour(
      double[] sum,
      double a0,
      double a1,
      double a2,
      double a3,
      double[] b0,
      double[] b1,
      double[] b2,
      double[] b3,
      int width) {
    for (int j = 0; j < width; j++) {
      double first = Math.fma(a1, b1[j], Math.fma(a0, b0[j], sum[j]));
      sum[j] = Math.fma(a3, b3[j], Math.fma(a2, b2[j], first));
    }
  }

  @Override
  public void addProduct(
      float[] a, Block inA, float[] b, Block inB, float[] c, Block inC, Extent extent) {
    float[][] sums = new float[ROWS][COLUMNS];
    float[][] rows = new float[4][COLUMNS];
    for (int left = 0; left < extent.columns(); left += COLUMNS) {
      int width = Math.min(COLUMNS, extent.columns() - left);
      int bottom = extent.isUpper() ? Math.min(extent.rows(), left + width) : extent.rows();
      for (int top = 0; top < bottom; top += ROWS) {
        int height = Math.min(ROWS, bottom - top);
        for (int i = 0; i < height; i++) {
          System.arraycopy(c, inC.index(top + i, left), sums[i], 0, width);
        }
        for (int q = 0; q < extent.depth(); q += 4) {
          int terms = Math.min(4, extent.depth() - q);
          for (int t = 0; t < terms; t++) {
            System.arraycopy(b, inB.index(q + t, left), rows[t], 0, width);
          }
          for (int i = 0; i < height; i++) {
            addTerms(sums[i], a, inA, q, top + i, rows, terms, width, extent.isNegative());
          }
        }
        for (int i = 0; i < height; i++) {
          System.arraycopy(sums[i], 0, c, inC.index(top + i, left), width);
        }
      }
    }
  }

  private static void addTerms(
      float[] sum,
      float[] a,
      Block inA,
      int q,
      int i,
      float[][] rows,
      int terms,
      int width,
      boolean isNegative) {
    float sign = isNegative ? -1 : 1;
    if (terms == 4) {
      float a0 = sign * a[inA.index(q, i)];
      float a1 = sign * a[inA.index(q + 1, i)];
      float a2 = sign * a[inA.index(q + 2, i)];
      float a3 = sign * a[inA.index(q + 3, i)];
      addFour(sum, a0, a1, a2, a3, rows[0], rows[1], rows[2], rows[3], width);
      return;
    }
    for (int t = 0; t < terms; t++) {
      float factor = sign * a[inA.index(q + t, i)];
      float[] row = rows[t];
      for (int j = 0; j < width; j++) {
        sum[j] = Math.fma(factor, row[j], sum[j]);
      }
    }
  }

  private static void addFour(
      float[] sum,
      float a0,
      float a1,
      float a2,
      float a3,
      float[] b0,
      float[] b1,
      float[] b2,
      float[] b3,
      int width) {
    for (int j = 0; j < width; j++) {
      float first = Math.fma(a1, b1[j], Math.fma(a0, b0[j], sum[j]));
      sum[j] = Math.fma(a3, b3[j], Math.fma(a2, b2[j], first));
    }
  }
}
