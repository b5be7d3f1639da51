package falcon.simd;

import falcon.kernel.DenseKernels;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The innermost loops of [SimdDense].
///
/// ```
/// C_rj ← fma(A_qr, B_qj, C_rj)      q = 0 … depth − 1 in order, r = 0 … 3, j = 0 … width − 1
/// ```
///
/// `A_qr = a[fromA + q · strideA + r]`, `B_qj = b[fromB + q · width + j]`,
/// `C_rj = c[fromC + r · strideC + j]`.
final class Tiles {
  /// Number of rows of a tile.
  static final int HEIGHT = 4;

  /// Number of columns of a float32 tile.
  static final int FLOAT_WIDTH = DenseKernels.FLOAT_WIDTH;

  /// Number of columns of a float64 tile.
  static final int DOUBLE_WIDTH = 32;

  /// At least two lanes of float64.
  private static final VectorShape SHAPE = VectorWidth.atLeast(2 * Double.SIZE);

  private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, SHAPE);
  private static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, SHAPE);

  /// Whether a tile of 4 × 4 vectors can stay in registers, as it can wherever there are vectors of
  /// 512 bits; otherwise there may be no more than 16.
  private static final boolean HAS_32_REGISTERS = SHAPE.vectorBitSize() == 512;

  private Tiles() {}

  /// Adds to a float32 tile.
  static void add(
      float[] a,
      int fromA,
      int strideA,
      float[] b,
      int fromB,
      int depth,
      float[] c,
      int fromC,
      int strideC) {
    if (HAS_32_REGISTERS) {
      addByFour(a, fromA, strideA, b, fromB, depth, c, fromC, strideC);
    } else {
      addByTwo(a, fromA, strideA, b, fromB, depth, c, fromC, strideC);
    }
  }

  /// Adds by 4 × 4 vectors, which take sixteen of 32 registers.
  private static void addByFour(
      float[] a,
      int fromA,
      int strideA,
      float[] b,
      int fromB,
      int depth,
      float[] c,
      int fromC,
      int strideC) {
    int lanes = FLOATS.length();
    for (int j = 0; j < FLOAT_WIDTH; j += 4 * lanes) {
      int row0 = fromC + j;
      int row1 = row0 + strideC;
      int row2 = row1 + strideC;
      int row3 = row2 + strideC;
      FloatVector c00 = FloatVector.fromArray(FLOATS, c, row0);
      FloatVector c01 = FloatVector.fromArray(FLOATS, c, row0 + lanes);
      FloatVector c02 = FloatVector.fromArray(FLOATS, c, row0 + 2 * lanes);
      FloatVector c03 = FloatVector.fromArray(FLOATS, c, row0 + 3 * lanes);
      FloatVector c10 = FloatVector.fromArray(FLOATS, c, row1);
      FloatVector c11 = FloatVector.fromArray(FLOATS, c, row1 + lanes);
      FloatVector c12 = FloatVector.fromArray(FLOATS, c, row1 + 2 * lanes);
      FloatVector c13 = FloatVector.fromArray(FLOATS, c, row1 + 3 * lanes);
      FloatVector c20 = FloatVector.fromArray(FLOATS, c, row2);
      FloatVector c21 = FloatVector.fromArray(FLOATS, c, row2 + lanes);
      FloatVector c22 = FloatVector.fromArray(FLOATS, c, row2 + 2 * lanes);
      FloatVector c23 = FloatVector.fromArray(FLOATS, c, row2 + 3 * lanes);
      FloatVector c30 = FloatVector.fromArray(FLOATS, c, row3);
      FloatVector c31 = FloatVector.fromArray(FLOATS, c, row3 + lanes);
      FloatVector c32 = FloatVector.fromArray(FLOATS, c, row3 + 2 * lanes);
      FloatVector c33 = FloatVector.fromArray(FLOATS, c, row3 + 3 * lanes);
      for (int q = 0, atA = fromA, atB = fromB + j;
          q < depth;
          q++, atA += strideA, atB += FLOAT_WIDTH) {
        FloatVector b0 = FloatVector.fromArray(FLOATS, b, atB);
        FloatVector b1 = FloatVector.fromArray(FLOATS, b, atB + lanes);
        FloatVector b2 = FloatVector.fromArray(FLOATS, b, atB + 2 * lanes);
        FloatVector b3 = FloatVector.fromArray(FLOATS, b, atB + 3 * lanes);
        FloatVector a0 = FloatVector.broadcast(FLOATS, a[atA]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        c02 = a0.fma(b2, c02);
        c03 = a0.fma(b3, c03);
        FloatVector a1 = FloatVector.broadcast(FLOATS, a[atA + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        c12 = a1.fma(b2, c12);
        c13 = a1.fma(b3, c13);
        FloatVector a2 = FloatVector.broadcast(FLOATS, a[atA + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        c22 = a2.fma(b2, c22);
        c23 = a2.fma(b3, c23);
        FloatVector a3 = FloatVector.broadcast(FLOATS, a[atA + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        c32 = a3.fma(b2, c32);
        c33 = a3.fma(b3, c33);
      }
      c00.intoArray(c, row0);
      c01.intoArray(c, row0 + lanes);
      c02.intoArray(c, row0 + 2 * lanes);
      c03.intoArray(c, row0 + 3 * lanes);
      c10.intoArray(c, row1);
      c11.intoArray(c, row1 + lanes);
      c12.intoArray(c, row1 + 2 * lanes);
      c13.intoArray(c, row1 + 3 * lanes);
      c20.intoArray(c, row2);
      c21.intoArray(c, row2 + lanes);
      c22.intoArray(c, row2 + 2 * lanes);
      c23.intoArray(c, row2 + 3 * lanes);
      c30.intoArray(c, row3);
      c31.intoArray(c, row3 + lanes);
      c32.intoArray(c, row3 + 2 * lanes);
      c33.intoArray(c, row3 + 3 * lanes);
    }
  }

  /// Adds by 4 × 2 vectors, which take eight of 16 registers.
  private static void addByTwo(
      float[] a,
      int fromA,
      int strideA,
      float[] b,
      int fromB,
      int depth,
      float[] c,
      int fromC,
      int strideC) {
    int lanes = FLOATS.length();
    for (int j = 0; j < FLOAT_WIDTH; j += 2 * lanes) {
      int row0 = fromC + j;
      int row1 = row0 + strideC;
      int row2 = row1 + strideC;
      int row3 = row2 + strideC;
      FloatVector c00 = FloatVector.fromArray(FLOATS, c, row0);
      FloatVector c01 = FloatVector.fromArray(FLOATS, c, row0 + lanes);
      FloatVector c10 = FloatVector.fromArray(FLOATS, c, row1);
      FloatVector c11 = FloatVector.fromArray(FLOATS, c, row1 + lanes);
      FloatVector c20 = FloatVector.fromArray(FLOATS, c, row2);
      FloatVector c21 = FloatVector.fromArray(FLOATS, c, row2 + lanes);
      FloatVector c30 = FloatVector.fromArray(FLOATS, c, row3);
      FloatVector c31 = FloatVector.fromArray(FLOATS, c, row3 + lanes);
      for (int q = 0, atA = fromA, atB = fromB + j;
          q < depth;
          q++, atA += strideA, atB += FLOAT_WIDTH) {
        FloatVector b0 = FloatVector.fromArray(FLOATS, b, atB);
        FloatVector b1 = FloatVector.fromArray(FLOATS, b, atB + lanes);
        FloatVector a0 = FloatVector.broadcast(FLOATS, a[atA]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        FloatVector a1 = FloatVector.broadcast(FLOATS, a[atA + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        FloatVector a2 = FloatVector.broadcast(FLOATS, a[atA + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        FloatVector a3 = FloatVector.broadcast(FLOATS, a[atA + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
      }
      c00.intoArray(c, row0);
      c01.intoArray(c, row0 + lanes);
      c10.intoArray(c, row1);
      c11.intoArray(c, row1 + lanes);
      c20.intoArray(c, row2);
      c21.intoArray(c, row2 + lanes);
      c30.intoArray(c, row3);
      c31.intoArray(c, row3 + lanes);
    }
  }

  /// Adds to a float64 tile.
  static void add(
      double[] a,
      int fromA,
      int strideA,
      double[] b,
      int fromB,
      int depth,
      double[] c,
      int fromC,
      int strideC) {
    if (HAS_32_REGISTERS) {
      addByFour(a, fromA, strideA, b, fromB, depth, c, fromC, strideC);
    } else {
      addByTwo(a, fromA, strideA, b, fromB, depth, c, fromC, strideC);
    }
  }

  /// Adds by 4 × 4 vectors, which take sixteen of 32 registers.
  private static void addByFour(
      double[] a,
      int fromA,
      int strideA,
      double[] b,
      int fromB,
      int depth,
      double[] c,
      int fromC,
      int strideC) {
    int lanes = DOUBLES.length();
    for (int j = 0; j < DOUBLE_WIDTH; j += 4 * lanes) {
      int row0 = fromC + j;
      int row1 = row0 + strideC;
      int row2 = row1 + strideC;
      int row3 = row2 + strideC;
      DoubleVector c00 = DoubleVector.fromArray(DOUBLES, c, row0);
      DoubleVector c01 = DoubleVector.fromArray(DOUBLES, c, row0 + lanes);
      DoubleVector c02 = DoubleVector.fromArray(DOUBLES, c, row0 + 2 * lanes);
      DoubleVector c03 = DoubleVector.fromArray(DOUBLES, c, row0 + 3 * lanes);
      DoubleVector c10 = DoubleVector.fromArray(DOUBLES, c, row1);
      DoubleVector c11 = DoubleVector.fromArray(DOUBLES, c, row1 + lanes);
      DoubleVector c12 = DoubleVector.fromArray(DOUBLES, c, row1 + 2 * lanes);
      DoubleVector c13 = DoubleVector.fromArray(DOUBLES, c, row1 + 3 * lanes);
      DoubleVector c20 = DoubleVector.fromArray(DOUBLES, c, row2);
      DoubleVector c21 = DoubleVector.fromArray(DOUBLES, c, row2 + lanes);
      DoubleVector c22 = DoubleVector.fromArray(DOUBLES, c, row2 + 2 * lanes);
      DoubleVector c23 = DoubleVector.fromArray(DOUBLES, c, row2 + 3 * lanes);
      DoubleVector c30 = DoubleVector.fromArray(DOUBLES, c, row3);
      DoubleVector c31 = DoubleVector.fromArray(DOUBLES, c, row3 + lanes);
      DoubleVector c32 = DoubleVector.fromArray(DOUBLES, c, row3 + 2 * lanes);
      DoubleVector c33 = DoubleVector.fromArray(DOUBLES, c, row3 + 3 * lanes);
      for (int q = 0, atA = fromA, atB = fromB + j;
          q < depth;
          q++, atA += strideA, atB += DOUBLE_WIDTH) {
        DoubleVector b0 = DoubleVector.fromArray(DOUBLES, b, atB);
        DoubleVector b1 = DoubleVector.fromArray(DOUBLES, b, atB + lanes);
        DoubleVector b2 = DoubleVector.fromArray(DOUBLES, b, atB + 2 * lanes);
        DoubleVector b3 = DoubleVector.fromArray(DOUBLES, b, atB + 3 * lanes);
        DoubleVector a0 = DoubleVector.broadcast(DOUBLES, a[atA]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        c02 = a0.fma(b2, c02);
        c03 = a0.fma(b3, c03);
        DoubleVector a1 = DoubleVector.broadcast(DOUBLES, a[atA + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        c12 = a1.fma(b2, c12);
        c13 = a1.fma(b3, c13);
        DoubleVector a2 = DoubleVector.broadcast(DOUBLES, a[atA + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        c22 = a2.fma(b2, c22);
        c23 = a2.fma(b3, c23);
        DoubleVector a3 = DoubleVector.broadcast(DOUBLES, a[atA + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
        c32 = a3.fma(b2, c32);
        c33 = a3.fma(b3, c33);
      }
      c00.intoArray(c, row0);
      c01.intoArray(c, row0 + lanes);
      c02.intoArray(c, row0 + 2 * lanes);
      c03.intoArray(c, row0 + 3 * lanes);
      c10.intoArray(c, row1);
      c11.intoArray(c, row1 + lanes);
      c12.intoArray(c, row1 + 2 * lanes);
      c13.intoArray(c, row1 + 3 * lanes);
      c20.intoArray(c, row2);
      c21.intoArray(c, row2 + lanes);
      c22.intoArray(c, row2 + 2 * lanes);
      c23.intoArray(c, row2 + 3 * lanes);
      c30.intoArray(c, row3);
      c31.intoArray(c, row3 + lanes);
      c32.intoArray(c, row3 + 2 * lanes);
      c33.intoArray(c, row3 + 3 * lanes);
    }
  }

  /// Adds by 4 × 2 vectors, which take eight of 16 registers.
  private static void addByTwo(
      double[] a,
      int fromA,
      int strideA,
      double[] b,
      int fromB,
      int depth,
      double[] c,
      int fromC,
      int strideC) {
    int lanes = DOUBLES.length();
    for (int j = 0; j < DOUBLE_WIDTH; j += 2 * lanes) {
      int row0 = fromC + j;
      int row1 = row0 + strideC;
      int row2 = row1 + strideC;
      int row3 = row2 + strideC;
      DoubleVector c00 = DoubleVector.fromArray(DOUBLES, c, row0);
      DoubleVector c01 = DoubleVector.fromArray(DOUBLES, c, row0 + lanes);
      DoubleVector c10 = DoubleVector.fromArray(DOUBLES, c, row1);
      DoubleVector c11 = DoubleVector.fromArray(DOUBLES, c, row1 + lanes);
      DoubleVector c20 = DoubleVector.fromArray(DOUBLES, c, row2);
      DoubleVector c21 = DoubleVector.fromArray(DOUBLES, c, row2 + lanes);
      DoubleVector c30 = DoubleVector.fromArray(DOUBLES, c, row3);
      DoubleVector c31 = DoubleVector.fromArray(DOUBLES, c, row3 + lanes);
      for (int q = 0, atA = fromA, atB = fromB + j;
          q < depth;
          q++, atA += strideA, atB += DOUBLE_WIDTH) {
        DoubleVector b0 = DoubleVector.fromArray(DOUBLES, b, atB);
        DoubleVector b1 = DoubleVector.fromArray(DOUBLES, b, atB + lanes);
        DoubleVector a0 = DoubleVector.broadcast(DOUBLES, a[atA]);
        c00 = a0.fma(b0, c00);
        c01 = a0.fma(b1, c01);
        DoubleVector a1 = DoubleVector.broadcast(DOUBLES, a[atA + 1]);
        c10 = a1.fma(b0, c10);
        c11 = a1.fma(b1, c11);
        DoubleVector a2 = DoubleVector.broadcast(DOUBLES, a[atA + 2]);
        c20 = a2.fma(b0, c20);
        c21 = a2.fma(b1, c21);
        DoubleVector a3 = DoubleVector.broadcast(DOUBLES, a[atA + 3]);
        c30 = a3.fma(b0, c30);
        c31 = a3.fma(b1, c31);
      }
      c00.intoArray(c, row0);
      c01.intoArray(c, row0 + lanes);
      c10.intoArray(c, row1);
      c11.intoArray(c, row1 + lanes);
      c20.intoArray(c, row2);
      c21.intoArray(c, row2 + lanes);
      c30.intoArray(c, row3);
      c31.intoArray(c, row3 + lanes);
    }
  }
}
