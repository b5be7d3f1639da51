package falcon.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// [Tiles] by vectors of 256 bits: eight of 16 registers hold 4 × 2 vectors of a tile.
final class Tiles256 implements Tiles {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_256;

  @Override
  public void add(
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

  @Override
  public void add(
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
