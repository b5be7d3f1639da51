package falcon.simd;

import falcon.kernel.DenseKernels;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// [DenseKernels] by vector instructions: blocks of A and B are packed so that the innermost loop
/// reads both in order, and a tile of C stays in registers for a whole block of terms.
///
/// The structure is that of Goto and van de Geijn, "Anatomy of high-performance matrix
/// multiplication", ACM TOMS 34(3), 2008.
final class SimdDense implements DenseKernels {
  /// Number of terms for which a tile stays in registers: packed B of one tile's width then takes
  /// 64 KiB.
  private static final int DEPTH = 256;

  /// Number of rows of packed A: in float64 it takes 512 KiB of the second-level cache.
  private static final int ROWS = 256;

  /// Number of columns of A that are packed together: those of one cache line in float32.
  private static final int PACKED_COLUMNS = 16;

  /// Vectors with one lane per row of a tile; every processor with vectors has this width.
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_128;

  /// Vectors with half as many lanes.
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_128;

  @Override
  public void addProduct(
      double[] a, Block inA, double[] b, Block inB, double[] c, Block inC, Extent extent) {
    if (isPacked(inA, inB, extent, Tiles.DOUBLE_WIDTH)) {
      for (int q = 0; q < extent.depth(); q += DEPTH) {
        int depth = Math.min(DEPTH, extent.depth() - q);
        for (int i = 0; i < extent.rows(); i += Tiles.HEIGHT) {
          Tiles.add(
              a,
              at(inA, q, i),
              inA.rowStride(),
              b,
              at(inB, q, 0),
              depth,
              c,
              at(inC, i, 0),
              inC.rowStride());
        }
      }
      return;
    }
    int height = Math.min(ROWS, extent.rows());
    int length = Math.min(DEPTH, extent.depth());
    double[] packedA = new double[(height + 3) / 4 * 4 * length];
    double[] packedB = new double[length * Tiles.DOUBLE_WIDTH];
    double[] edge = new double[Tiles.HEIGHT * Tiles.DOUBLE_WIDTH];
    for (int q = 0; q < extent.depth(); q += DEPTH) {
      int depth = Math.min(DEPTH, extent.depth() - q);
      for (int top = 0; top < extent.rows(); top += ROWS) {
        int bottom = Math.min(top + ROWS, extent.rows());
        packA(a, inA, q, depth, top, bottom, extent.isNegative(), packedA);
        int first = extent.isUpper() ? top / Tiles.DOUBLE_WIDTH * Tiles.DOUBLE_WIDTH : 0;
        for (int left = first; left < extent.columns(); left += Tiles.DOUBLE_WIDTH) {
          int right = Math.min(left + Tiles.DOUBLE_WIDTH, extent.columns());
          packB(b, inB, q, depth, left, right, packedB);
          int last = extent.isUpper() ? Math.min(bottom, right) : bottom;
          for (int i = top; i < last; i += Tiles.HEIGHT) {
            int fromA = (i - top) * depth;
            if (i + Tiles.HEIGHT <= bottom && right - left == Tiles.DOUBLE_WIDTH) {
              Tiles.add(
                  packedA,
                  fromA,
                  Tiles.HEIGHT,
                  packedB,
                  0,
                  depth,
                  c,
                  at(inC, i, left),
                  inC.rowStride());
            } else {
              int count = Math.min(Tiles.HEIGHT, bottom - i);
              copy(c, inC, i, left, edge, count, right - left, true);
              Tiles.add(
                  packedA, fromA, Tiles.HEIGHT, packedB, 0, depth, edge, 0, Tiles.DOUBLE_WIDTH);
              copy(c, inC, i, left, edge, count, right - left, false);
            }
          }
        }
      }
    }
  }

  /// Packs groups of four columns of A one after the other, `[depth][4]` each, with zeros where
  /// there is no column.
  private static void packA(
      double[] a,
      Block inA,
      int q,
      int depth,
      int top,
      int bottom,
      boolean isNegative,
      double[] packed) {
    double sign = isNegative ? -1 : 1;
    for (int left = top; left < bottom; left += PACKED_COLUMNS) {
      int right = Math.min(left + PACKED_COLUMNS, bottom);
      int to = (left - top) * depth;
      if (inA.columnStride() == 1 && right - left == PACKED_COLUMNS) {
        for (int t = 0; t < depth; t++) {
          int from = at(inA, q + t, left);
          for (int i = 0; i < PACKED_COLUMNS; i += Tiles.HEIGHT) {
            int column = to + i * depth + t * Tiles.HEIGHT;
            DoubleVector.fromArray(DOUBLES, a, from + i).mul(sign).intoArray(packed, column);
            DoubleVector.fromArray(DOUBLES, a, from + i + 2)
                .mul(sign)
                .intoArray(packed, column + 2);
          }
        }
      } else {
        packColumns(a, inA, q, depth, left, right, sign, packed, to);
      }
    }
  }

  private static void packColumns(
      double[] a,
      Block inA,
      int q,
      int depth,
      int left,
      int right,
      double sign,
      double[] packed,
      int to) {
    int end = left + (right - left + 3) / 4 * 4;
    for (int i = left; i < end; i++) {
      int column = to + ((i - left) >> 2) * depth * Tiles.HEIGHT + ((i - left) & 3);
      int from = at(inA, q, i);
      for (int t = 0; t < depth; t++) {
        packed[column + t * Tiles.HEIGHT] = i < right ? sign * a[from + t * inA.rowStride()] : 0;
      }
    }
  }

  /// Packs columns left … right − 1 of B, `[depth][width]`, with zeros where there is no column.
  private static void packB(
      double[] b, Block inB, int q, int depth, int left, int right, double[] packed) {
    for (int t = 0; t < depth; t++) {
      int to = t * Tiles.DOUBLE_WIDTH;
      System.arraycopy(b, at(inB, q + t, left), packed, to, right - left);
      if (right - left < Tiles.DOUBLE_WIDTH) {
        Arrays.fill(packed, to + right - left, to + Tiles.DOUBLE_WIDTH, 0);
      }
    }
  }

  private static void copy(
      double[] c, Block inC, int top, int left, double[] edge, int rows, int columns, boolean in) {
    for (int r = 0; r < rows; r++) {
      int at = at(inC, top + r, left);
      if (in) {
        System.arraycopy(c, at, edge, r * Tiles.DOUBLE_WIDTH, columns);
      } else {
        System.arraycopy(edge, r * Tiles.DOUBLE_WIDTH, c, at, columns);
      }
    }
  }

  @Override
  public void addProduct(
      float[] a, Block inA, float[] b, Block inB, float[] c, Block inC, Extent extent) {
    if (isPacked(inA, inB, extent, Tiles.FLOAT_WIDTH)) {
      for (int q = 0; q < extent.depth(); q += DEPTH) {
        int depth = Math.min(DEPTH, extent.depth() - q);
        for (int i = 0; i < extent.rows(); i += Tiles.HEIGHT) {
          Tiles.add(
              a,
              at(inA, q, i),
              inA.rowStride(),
              b,
              at(inB, q, 0),
              depth,
              c,
              at(inC, i, 0),
              inC.rowStride());
        }
      }
      return;
    }
    int height = Math.min(ROWS, extent.rows());
    int length = Math.min(DEPTH, extent.depth());
    float[] packedA = new float[(height + 3) / 4 * 4 * length];
    float[] packedB = new float[length * Tiles.FLOAT_WIDTH];
    float[] edge = new float[Tiles.HEIGHT * Tiles.FLOAT_WIDTH];
    for (int q = 0; q < extent.depth(); q += DEPTH) {
      int depth = Math.min(DEPTH, extent.depth() - q);
      for (int top = 0; top < extent.rows(); top += ROWS) {
        int bottom = Math.min(top + ROWS, extent.rows());
        packA(a, inA, q, depth, top, bottom, extent.isNegative(), packedA);
        int first = extent.isUpper() ? top / Tiles.FLOAT_WIDTH * Tiles.FLOAT_WIDTH : 0;
        for (int left = first; left < extent.columns(); left += Tiles.FLOAT_WIDTH) {
          int right = Math.min(left + Tiles.FLOAT_WIDTH, extent.columns());
          packB(b, inB, q, depth, left, right, packedB);
          int last = extent.isUpper() ? Math.min(bottom, right) : bottom;
          for (int i = top; i < last; i += Tiles.HEIGHT) {
            int fromA = (i - top) * depth;
            if (i + Tiles.HEIGHT <= bottom && right - left == Tiles.FLOAT_WIDTH) {
              Tiles.add(
                  packedA,
                  fromA,
                  Tiles.HEIGHT,
                  packedB,
                  0,
                  depth,
                  c,
                  at(inC, i, left),
                  inC.rowStride());
            } else {
              int count = Math.min(Tiles.HEIGHT, bottom - i);
              copy(c, inC, i, left, edge, count, right - left, true);
              Tiles.add(
                  packedA, fromA, Tiles.HEIGHT, packedB, 0, depth, edge, 0, Tiles.FLOAT_WIDTH);
              copy(c, inC, i, left, edge, count, right - left, false);
            }
          }
        }
      }
    }
  }

  /// Packs groups of four columns of A one after the other, `[depth][4]` each, with zeros where
  /// there is no column.
  private static void packA(
      float[] a,
      Block inA,
      int q,
      int depth,
      int top,
      int bottom,
      boolean isNegative,
      float[] packed) {
    float sign = isNegative ? -1 : 1;
    for (int left = top; left < bottom; left += PACKED_COLUMNS) {
      int right = Math.min(left + PACKED_COLUMNS, bottom);
      int to = (left - top) * depth;
      if (inA.columnStride() == 1 && right - left == PACKED_COLUMNS) {
        for (int t = 0; t < depth; t++) {
          int from = at(inA, q + t, left);
          for (int i = 0; i < PACKED_COLUMNS; i += Tiles.HEIGHT) {
            FloatVector.fromArray(FLOATS, a, from + i)
                .mul(sign)
                .intoArray(packed, to + i * depth + t * Tiles.HEIGHT);
          }
        }
      } else {
        packColumns(a, inA, q, depth, left, right, sign, packed, to);
      }
    }
  }

  private static void packColumns(
      float[] a,
      Block inA,
      int q,
      int depth,
      int left,
      int right,
      float sign,
      float[] packed,
      int to) {
    int end = left + (right - left + 3) / 4 * 4;
    for (int i = left; i < end; i++) {
      int column = to + ((i - left) >> 2) * depth * Tiles.HEIGHT + ((i - left) & 3);
      int from = at(inA, q, i);
      for (int t = 0; t < depth; t++) {
        packed[column + t * Tiles.HEIGHT] = i < right ? sign * a[from + t * inA.rowStride()] : 0;
      }
    }
  }

  /// Packs columns left … right − 1 of B, `[depth][width]`, with zeros where there is no column.
  private static void packB(
      float[] b, Block inB, int q, int depth, int left, int right, float[] packed) {
    for (int t = 0; t < depth; t++) {
      int to = t * Tiles.FLOAT_WIDTH;
      System.arraycopy(b, at(inB, q + t, left), packed, to, right - left);
      if (right - left < Tiles.FLOAT_WIDTH) {
        Arrays.fill(packed, to + right - left, to + Tiles.FLOAT_WIDTH, 0);
      }
    }
  }

  private static void copy(
      float[] c, Block inC, int top, int left, float[] edge, int rows, int columns, boolean in) {
    for (int r = 0; r < rows; r++) {
      int at = at(inC, top + r, left);
      if (in) {
        System.arraycopy(c, at, edge, r * Tiles.FLOAT_WIDTH, columns);
      } else {
        System.arraycopy(edge, r * Tiles.FLOAT_WIDTH, c, at, columns);
      }
    }
  }

  /// Returns whether the operands can be read in place: B is one tile wide, and the columns of A
  /// are contiguous and need neither padding nor a change of sign.
  private static boolean isPacked(Block inA, Block inB, Extent extent, int width) {
    return inB.rowStride() == width
        && extent.columns() == width
        && inA.columnStride() == 1
        && extent.rows() % Tiles.HEIGHT == 0
        && !extent.isNegative();
  }

  private static int at(Block block, int row, int column) {
    return block.from() + row * block.rowStride() + column * block.columnStride();
  }
}
