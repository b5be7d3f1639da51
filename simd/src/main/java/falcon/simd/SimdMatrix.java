package falcon.simd;

import falcon.kernel.Bfloat16;
import falcon.kernel.MatrixKernels;
import falcon.kernel.RowPanel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.IntVector;

/// [MatrixKernels] by vector instructions of 256 bits or more.
final class SimdMatrix implements MatrixKernels {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  /// Number of partial sums of a dot product, whatever the width.
  private static final int PARTIALS = 16;

  private static final int LANES = MatrixLanes.LANES;

  @Override
  public void addProducts(double[] product, RowPanel x, double[] v) {
    switch (x.format()) {
      case FLOAT32 -> addFloat32(product, x, v);
      case BFLOAT16 -> addBfloat16(product, x, v);
    }
  }

  private static void addFloat32(double[] product, RowPanel x, double[] v) {
    int quarter = x.rows() / 4;
    var partials = new double[4][PARTIALS];
    for (int i = 0; i < quarter; i++) {
      addFourFloat32(product, x, i, quarter, v, partials);
    }
    for (int i = 4 * quarter; i < x.rows(); i++) {
      addOneFloat32(product, x, i, v, partials[0]);
    }
  }

  /// Adds rows i, m + i, 2m + i and 3m + i at once, where m is a quarter of all rows: four streams
  /// of bytes, each read in order, keep more memory reads in flight than a single stream, or four
  /// read in turn.
  private static void addFourFloat32(
      double[] product, RowPanel x, int i, int quarter, double[] v, double[][] partials) {
    MemorySegment values = x.values();
    long at0 = x.rowBytes(i);
    long at1 = x.rowBytes(quarter + i);
    long at2 = x.rowBytes(2 * quarter + i);
    long at3 = x.rowBytes(3 * quarter + i);
    int end = x.columns() & -PARTIALS;
    for (int p = 0; p < PARTIALS; p += 2 * LANES) {
      DoubleVector a0 = DoubleVector.zero(MatrixLanes.DOUBLES);
      DoubleVector a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      for (int j = p; j < end; j += PARTIALS) {
        long bytes = (long) j * Float.BYTES;
        long next = bytes + (long) LANES * Float.BYTES;
        DoubleVector u = vector(v, j);
        DoubleVector w = vector(v, j + LANES);
        a0 = a0.add(MatrixLanes.ofFloat32(values, at0 + bytes).mul(u));
        b0 = b0.add(MatrixLanes.ofFloat32(values, at0 + next).mul(w));
        a1 = a1.add(MatrixLanes.ofFloat32(values, at1 + bytes).mul(u));
        b1 = b1.add(MatrixLanes.ofFloat32(values, at1 + next).mul(w));
        a2 = a2.add(MatrixLanes.ofFloat32(values, at2 + bytes).mul(u));
        b2 = b2.add(MatrixLanes.ofFloat32(values, at2 + next).mul(w));
        a3 = a3.add(MatrixLanes.ofFloat32(values, at3 + bytes).mul(u));
        b3 = b3.add(MatrixLanes.ofFloat32(values, at3 + next).mul(w));
      }
      store(a0, b0, partials[0], p);
      store(a1, b1, partials[1], p);
      store(a2, b2, partials[2], p);
      store(a3, b3, partials[3], p);
    }
    for (int k = 0; k < 4; k++) {
      addRest(product, x, k * quarter + i, v, partials[k]);
    }
  }

  private static void store(DoubleVector first, DoubleVector second, double[] partial, int p) {
    first.intoArray(partial, p);
    second.intoArray(partial, p + LANES);
  }

  /// Adds the terms after the last whole run of partial sums, and then all partial sums to the
  /// product.
  private static void addRest(double[] product, RowPanel x, int row, double[] v, double[] partial) {
    int end = x.columns() & -PARTIALS;
    for (int j = end; j < x.columns(); j++) {
      partial[j - end] += number(x, row, j) * v[j];
    }
    product[row] += sum(partial);
  }

  private static void addOneFloat32(
      double[] product, RowPanel x, int row, double[] v, double[] partial) {
    long at = x.rowBytes(row);
    int end = x.columns() & -PARTIALS;
    for (int p = 0; p < PARTIALS; p += 2 * LANES) {
      DoubleVector a = DoubleVector.zero(MatrixLanes.DOUBLES);
      DoubleVector b = a;
      for (int j = p; j < end; j += PARTIALS) {
        long bytes = at + (long) j * Float.BYTES;
        long next = bytes + (long) LANES * Float.BYTES;
        a = a.add(MatrixLanes.ofFloat32(x.values(), bytes).mul(vector(v, j)));
        b = b.add(MatrixLanes.ofFloat32(x.values(), next).mul(vector(v, j + LANES)));
      }
      store(a, b, partial, p);
    }
    addRest(product, x, row, v, partial);
  }

  private static void addBfloat16(double[] product, RowPanel x, double[] v) {
    var partial = new double[PARTIALS];
    double[] parted = parted(v, x.columns() & -PARTIALS);
    for (int i = 0; i < x.rows(); i++) {
      addOneBfloat16(product, x, i, v, parted, partial);
    }
  }

  /// Returns the numbers with each run of two per lane reordered, those of even index first.
  private static double[] parted(double[] v, int count) {
    var parted = new double[count];
    for (int j = 0; j < count; j += 2 * LANES) {
      for (int l = 0; l < LANES; l++) {
        parted[j + l] = v[j + 2 * l];
        parted[j + LANES + l] = v[j + 2 * l + 1];
      }
    }
    return parted;
  }

  /// @param parted v without its remainder, in the order of [#parted]
  private static void addOneBfloat16(
      double[] product, RowPanel x, int row, double[] v, double[] parted, double[] partial) {
    long at = x.rowBytes(row);
    for (int p = 0; p < PARTIALS; p += 2 * LANES) {
      DoubleVector even = DoubleVector.zero(MatrixLanes.DOUBLES);
      DoubleVector odd = even;
      for (int j = p; j < parted.length; j += PARTIALS) {
        IntVector pairs = MatrixLanes.pairs(x.values(), at + (long) j * Short.BYTES);
        even = even.add(MatrixLanes.first(pairs).mul(vector(parted, j)));
        odd = odd.add(MatrixLanes.second(pairs).mul(vector(parted, j + LANES)));
      }
      for (int l = 0; l < LANES; l++) {
        partial[p + 2 * l] = even.lane(l);
        partial[p + 2 * l + 1] = odd.lane(l);
      }
    }
    addRest(product, x, row, v, partial);
  }

  @Override
  public void addScaledRows(double[] sum, double[] factors, RowPanel x) {
    int end = x.columns() / LANES * LANES;
    int m = x.rows() / 4;
    for (int i = 0; i < m; i++) {
      switch (x.format()) {
        case FLOAT32 -> addFourFloat32(sum, factors, x, i, end);
        case BFLOAT16 -> addFourBfloat16(sum, factors, x, i, end);
      }
      for (int j = end; j < x.columns(); j++) {
        sum[j] +=
            (factors[i] * number(x, i, j) + factors[m + i] * number(x, m + i, j))
                + (factors[2 * m + i] * number(x, 2 * m + i, j)
                    + factors[3 * m + i] * number(x, 3 * m + i, j));
      }
    }
    for (int i = 4 * m; i < x.rows(); i++) {
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
    int m = x.rows() / 4;
    long at0 = x.rowBytes(first);
    long at1 = x.rowBytes(m + first);
    long at2 = x.rowBytes(2 * m + first);
    long at3 = x.rowBytes(3 * m + first);
    DoubleVector f0 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first]);
    DoubleVector f1 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[m + first]);
    DoubleVector f2 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[2 * m + first]);
    DoubleVector f3 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[3 * m + first]);
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
    int m = x.rows() / 4;
    long at0 = x.rowBytes(first);
    long at1 = x.rowBytes(m + first);
    long at2 = x.rowBytes(2 * m + first);
    long at3 = x.rowBytes(3 * m + first);
    DoubleVector f0 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[first]);
    DoubleVector f1 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[m + first]);
    DoubleVector f2 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[2 * m + first]);
    DoubleVector f3 = DoubleVector.broadcast(MatrixLanes.DOUBLES, factors[3 * m + first]);
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
