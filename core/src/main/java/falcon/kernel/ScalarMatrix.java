package falcon.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// [MatrixKernels] in plain Java: rows are copied to arrays, which the compiler knows how to
/// vectorise.
final class ScalarMatrix implements MatrixKernels {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;

  @Override
  public void addProducts(double[] product, RowPanel x, double[] v) {
    var rows = new Rows(x, 1);
    for (int i = 0; i < x.rows(); i++) {
      rows.load(i, 0);
      product[i] += VectorLoops.dot(rows.floats[0], v, 0, x.columns());
    }
  }

  @Override
  public void addScaledRows(double[] sum, double[] factors, RowPanel x) {
    var rows = new Rows(x, 4);
    int quarter = x.rows() / 4;
    var four = new double[4];
    for (int i = 0; i < quarter; i++) {
      for (int k = 0; k < 4; k++) {
        rows.load(k * quarter + i, k);
        four[k] = factors[k * quarter + i];
      }
      VectorLoops.addFourScaled(sum, four, 0, rows.floats, x.columns());
    }
    for (int i = 4 * quarter; i < x.rows(); i++) {
      rows.load(i, 0);
      VectorLoops.addScaled(sum, factors[i], rows.floats[0], x.columns());
    }
  }

  @Override
  public double squaredNorm(MemorySegment x, long offsetBytes, int count) {
    var partial = new double[16];
    for (int j = 0; j < count; j++) {
      double value = x.get(FLOAT, offsetBytes + (long) j * Float.BYTES);
      partial[j & 15] += value * value;
    }
    double sum = 0;
    for (double term : partial) {
      sum += term;
    }
    return sum;
  }

  @Override
  public void narrow(
      MemorySegment from, long fromBytes, MemorySegment to, long toBytes, int count) {
    for (int j = 0; j < count; j++) {
      float value = from.get(FLOAT, fromBytes + (long) j * Float.BYTES);
      to.set(SHORT, toBytes + (long) j * Short.BYTES, Bfloat16.narrow(value));
    }
  }

  /// The rows of a panel as float32 arrays.
  private static final class Rows {
    private final RowPanel panel;
    private final short[] shorts;
    private final float[][] floats;

    Rows(RowPanel panel, int count) {
      this.panel = panel;
      this.shorts = new short[panel.format() == FloatFormat.BFLOAT16 ? panel.columns() : 0];
      this.floats = new float[count][panel.columns()];
    }

    void load(int row, int to) {
      int columns = panel.columns();
      float[] floatsOfRow = floats[to];
      switch (panel.format()) {
        case FLOAT32 ->
            MemorySegment.copy(panel.values(), FLOAT, panel.rowBytes(row), floatsOfRow, 0, columns);
        case BFLOAT16 -> {
          MemorySegment.copy(panel.values(), SHORT, panel.rowBytes(row), shorts, 0, columns);
          for (int j = 0; j < columns; j++) {
            floatsOfRow[j] = Bfloat16.widen(shorts[j]);
          }
        }
      }
    }
  }
}
