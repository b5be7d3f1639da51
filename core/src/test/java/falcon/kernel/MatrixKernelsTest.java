package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs on the kernels of the process: scalar ones here, vectors where those are required.
class MatrixKernelsTest {
  private static final MatrixKernels KERNELS = Kernels.active().matrix();

  @ParameterizedTest
  @EnumSource(FloatFormat.class)
  void productsEqualTheirFormulas(FloatFormat format) {
    for (int columns : new int[] {1, 7, 16, 31, 64, 1000}) {
      for (int rows : new int[] {1, 3, 4, 9, 14}) {
        var random = new SplittableRandom(31 * columns + rows);
        double[][] x = new double[rows][columns];
        RowPanel panel = panel(format, x, random);
        double[] v = random.doubles(columns, -1, 1).toArray();
        double[] f = random.doubles(rows, -1, 1).toArray();
        double[] product = new double[rows];
        double[] scaled = new double[columns];
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            product[i] += x[i][j] * v[j];
            scaled[j] += f[i] * x[i][j];
          }
        }
        double[] foundProduct = new double[rows];
        double[] foundScaled = new double[columns];
        KERNELS.addProducts(foundProduct, panel, v);
        KERNELS.addScaledRows(foundScaled, f, panel);
        assertThat(foundProduct).containsExactly(product, within(1e-12));
        assertThat(foundScaled).containsExactly(scaled, within(1e-13));
      }
    }
  }

  /// A panel with a gap after each row, and its numbers in `x`.
  private static RowPanel panel(FloatFormat format, double[][] x, SplittableRandom random) {
    int columns = x[0].length;
    long stride = (columns + 3L) * format.bytes();
    MemorySegment values = Arena.ofAuto().allocate(stride * x.length + 64, 64);
    var panel = new RowPanel(values, 8, stride, x.length, columns, format);
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < columns; j++) {
        float value = (float) random.nextGaussian();
        long at = panel.rowBytes(i) + (long) j * format.bytes();
        switch (format) {
          case FLOAT32 -> values.set(ValueLayout.JAVA_FLOAT, at, value);
          case BFLOAT16 -> {
            values.set(ValueLayout.JAVA_SHORT, at, Bfloat16.narrow(value));
            value = Bfloat16.widen(Bfloat16.narrow(value));
          }
        }
        x[i][j] = value;
      }
    }
    return panel;
  }
}
