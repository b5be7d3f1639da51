package falcon.simd;

import falcon.kernel.Bfloat16;
import falcon.kernel.FloatFormat;
import falcon.kernel.MatrixKernels;
import falcon.kernel.RowPanel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;

/// [MatrixKernels] by vector instructions, of 256 bits or more.
final class SimdMatrix implements MatrixKernels {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  /// Partial sums of a dot product, whatever the width.
  private static final int PARTIALS = 16;

  private static final int LANES = MatrixLanes.LANES;

  @Override
  public void addProducts(double[] product, RowPanel x, double[] v) {
    var partial = new double[PARTIALS];
    boolean isNarrow = x.format() == FloatFormat.BFLOAT16;
    int i = 0;
    if (isNarrow) {
      for (var second = new double[PARTIALS]; i <= x.rows() - 2; i += 2) {
        addTwoBfloat16(product, x, i, v, partial, second);
      }
    }
    for (; i < x.rows(); i++) {
      product[i] +=
          isNarrow
              ? dotBfloat16(x.values(), x.rowBytes(i), v, x.columns(), partial)
              : dotFloat32(x.values(), x.rowBytes(i), v, x.columns(), partial);
    }
  }

  /// Two rows at once: a row of bfloat16 is a short run of bytes, and two of them keep more reads from
  /// memory on their way.
  private static void addTwoBfloat16(
      double[] product, RowPanel x, int i, double[] v, double[] first, double[] second) {
    MemorySegment values = x.values();
    long at0 = x.rowBytes(i);
    long at1 = x.rowBytes(i + 1);
    int end = x.columns() & -PARTIALS;
    for (int p = 0; p < PARTIALS; p += 2 * LANES) {
      DoubleVector a0 = DoubleVector.zero(MatrixLanes.DOUBLES);
      DoubleVector b0 = a0;
      DoubleVector a1 = a0;
      DoubleVector b1 = a0;
      for (int j = p; j < end; j += PARTIALS) {
        long bytes = (long) j * Short.BYTES;
        long next = bytes + (long) LANES * Short.BYTES;
        DoubleVector u = vector(v, j);
        DoubleVector w = vector(v, j + LANES);
        a0 = a0.add(MatrixLanes.ofBfloat16(values, at0 + bytes).mul(u));
        a1 = a1.add(MatrixLanes.ofBfloat16(values, at1 + bytes).mul(u));
        b0 = b0.add(MatrixLanes.ofBfloat16(values, at0 + next).mul(w));
        b1 = b1.add(MatrixLanes.ofBfloat16(values, at1 + next).mul(w));
      }
      a0.intoArray(first, p);
      b0.intoArray(first, p + LANES);
      a1.intoArray(second, p);
      b1.intoArray(second, p + LANES);
    }
    for (int j = end; j < x.columns(); j++) {
      first[j - end] += number(x, i, j) * v[j];
      second[j - end] += number(x, i + 1, j) * v[j];
    }
    product[i] += sum(first);
    product[i + 1] += sum(second);
  }

  private static double dotFloat32(
      MemorySegment x, long at, double[] v, int count, double[] partial) {
    int end = count & -PARTIALS;
    for (int p = 0; p < PARTIALS; p += 2 * LANES) {
      DoubleVector a = DoubleVector.zero(MatrixLanes.DOUBLES);
      DoubleVector b = a;
      for (int j = p; j < end; j += PARTIALS) {
        long bytes = at + (long) j * Float.BYTES;
        a = a.add(MatrixLanes.ofFloat32(x, bytes).mul(vector(v, j)));
        b =
            b.add(
                MatrixLanes.ofFloat32(x, bytes + (long) LANES * Float.BYTES)
                    .mul(vector(v, j + LANES)));
      }
      a.intoArray(partial, p);
      b.intoArray(partial, p + LANES);
    }
    for (int j = end; j < count; j++) {
      partial[j - end] += x.get(FLOAT, at + (long) j * Float.BYTES) * v[j];
    }
    return sum(partial);
  }

  private static double dotBfloat16(
      MemorySegment x, long at, double[] v, int count, double[] partial) {
    int end = count & -PARTIALS;
    for (int p = 0; p < PARTIALS; p += 2 * LANES) {
      DoubleVector a = DoubleVector.zero(MatrixLanes.DOUBLES);
      DoubleVector b = a;
      for (int j = p; j < end; j += PARTIALS) {
        long bytes = at + (long) j * Short.BYTES;
        a = a.add(MatrixLanes.ofBfloat16(x, bytes).mul(vector(v, j)));
        b =
            b.add(
                MatrixLanes.ofBfloat16(x, bytes + (long) LANES * Short.BYTES)
                    .mul(vector(v, j + LANES)));
      }
      a.intoArray(partial, p);
      b.intoArray(partial, p + LANES);
    }
    for (int j = end; j < count; j++) {
      partial[j - end] += Bfloat16.widen(x.get(SHORT, at + (long) j * Short.BYTES)) * v[j];
    }
    return sum(partial);
  }

  @Override
  public void addScaledRows(double[] sum, double[] factors, RowPanel x) {
    boolean isNarrow = x.format() == FloatFormat.BFLOAT16;
    int end = x.columns() / LANES * LANES;
    int i = 0;
    for (; i <= x.rows() - 4; i += 4) {
      if (isNarrow) {
        addFourBfloat16(sum, factors, x, i, end);
      } else {
        addFourFloat32(sum, factors, x, i, end);
      }
      for (int j = end; j < x.columns(); j++) {
        sum[j] +=
            (factors[i] * number(x, i, j) + factors[i + 1] * number(x, i + 1, j))
                + (factors[i + 2] * number(x, i + 2, j) + factors[i + 3] * number(x, i + 3, j));
      }
    }
    for (; i < x.rows(); i++) {
      for (int j = 0; j < end; j += LANES) {
        vector(sum, j).add(load(x, i, j).mul(factors[i])).intoArray(sum, j);
      }
      for (int j = end; j < x.columns(); j++) {
        sum[j] += factors[i] * number(x, i, j);
      }
    }
  }

  private static void addFourFloat32(
      double[] sum, double[] factors, RowPanel x, int first, int end) {
    MemorySegment values = x.values();
    long at0 = x.rowBytes(first);
    long at1 = x.rowBytes(first + 1);
    long at2 = x.rowBytes(first + 2);
    long at3 = x.rowBytes(first + 3);
    DoubleVector f0 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first]);
    DoubleVector f1 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first + 1]);
    DoubleVector f2 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first + 2]);
    DoubleVector f3 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first + 3]);
    for (int j = 0; j < end; j += LANES) {
      long bytes = (long) j * Float.BYTES;
      DoubleVector t01 =
          f0.mul(MatrixLanes.ofFloat32(values, at0 + bytes))
              .add(f1.mul(MatrixLanes.ofFloat32(values, at1 + bytes)));
      DoubleVector t23 =
          f2.mul(MatrixLanes.ofFloat32(values, at2 + bytes))
              .add(f3.mul(MatrixLanes.ofFloat32(values, at3 + bytes)));
      vector(sum, j).add(t01.add(t23)).intoArray(sum, j);
    }
  }

  private static void addFourBfloat16(
      double[] sum, double[] factors, RowPanel x, int first, int end) {
    MemorySegment values = x.values();
    long at0 = x.rowBytes(first);
    long at1 = x.rowBytes(first + 1);
    long at2 = x.rowBytes(first + 2);
    long at3 = x.rowBytes(first + 3);
    DoubleVector f0 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first]);
    DoubleVector f1 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first + 1]);
    DoubleVector f2 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first + 2]);
    DoubleVector f3 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first + 3]);
    for (int j = 0; j < end; j += LANES) {
      long bytes = (long) j * Short.BYTES;
      DoubleVector t01 =
          f0.mul(MatrixLanes.ofBfloat16(values, at0 + bytes))
              .add(f1.mul(MatrixLanes.ofBfloat16(values, at1 + bytes)));
      DoubleVector t23 =
          f2.mul(MatrixLanes.ofBfloat16(values, at2 + bytes))
              .add(f3.mul(MatrixLanes.ofBfloat16(values, at3 + bytes)));
      vector(sum, j).add(t01.add(t23)).intoArray(sum, j);
    }
  }

  @Override
  public void addSquaredRows(double[] sum, RowPanel x) {
    int end = x.columns() / LANES * LANES;
    for (int i = 0; i < x.rows(); i++) {
      for (int j = 0; j < end; j += LANES) {
        DoubleVector values = load(x, i, j);
        vector(sum, j).add(values.mul(values)).intoArray(sum, j);
      }
      for (int j = end; j < x.columns(); j++) {
        sum[j] += number(x, i, j) * number(x, i, j);
      }
    }
  }

  @Override
  public double squaredNorm(MemorySegment x, long offsetBytes, int count) {
    var partial = new double[PARTIALS];
    int end = count & -PARTIALS;
    for (int p = 0; p < PARTIALS; p += LANES) {
      DoubleVector a = DoubleVector.zero(MatrixLanes.DOUBLES);
      for (int j = p; j < end; j += PARTIALS) {
        DoubleVector values = MatrixLanes.ofFloat32(x, offsetBytes + (long) j * Float.BYTES);
        a = a.add(values.mul(values));
      }
      a.intoArray(partial, p);
    }
    for (int j = end; j < count; j++) {
      double value = x.get(FLOAT, offsetBytes + (long) j * Float.BYTES);
      partial[j - end] += value * value;
    }
    return sum(partial);
  }

  @Override
  public void narrow(
      MemorySegment from, long fromBytes, MemorySegment to, long toBytes, int count) {
    int j = 0;
    for (; j <= count - LANES; j += LANES) {
      MatrixLanes.narrow(
          from, fromBytes + (long) j * Float.BYTES, to, toBytes + (long) j * Short.BYTES);
    }
    for (; j < count; j++) {
      float value = from.get(FLOAT, fromBytes + (long) j * Float.BYTES);
      to.set(SHORT, toBytes + (long) j * Short.BYTES, Bfloat16.narrow(value));
    }
  }

  private static DoubleVector vector(double[] v, int j) {
    return DoubleVector.fromArray(MatrixLanes.DOUBLES, v, j);
  }

  private static DoubleVector load(RowPanel x, int i, int j) {
    return switch (x.format()) {
      case FLOAT32 -> MatrixLanes.ofFloat32(x.values(), x.rowBytes(i) + (long) j * Float.BYTES);
      case BFLOAT16 -> MatrixLanes.ofBfloat16(x.values(), x.rowBytes(i) + (long) j * Short.BYTES);
    };
  }

  private static double number(RowPanel x, int i, int j) {
    return switch (x.format()) {
      case FLOAT32 -> x.values().get(FLOAT, x.rowBytes(i) + (long) j * Float.BYTES);
      case BFLOAT16 ->
          Bfloat16.widen(x.values().get(SHORT, x.rowBytes(i) + (long) j * Short.BYTES));
    };
  }

  private static double sum(double[] partial) {
    double sum = 0;
    for (double term : partial) {
      sum += term;
    }
    return sum;
  }
}
