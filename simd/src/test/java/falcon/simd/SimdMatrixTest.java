package falcon.simd;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.kernel.FloatFormat;
import falcon.kernel.MatrixKernels;
import falcon.kernel.RowPanel;
import falcon.kernel.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares vectors with plain Java, bit by bit, for each width.
class SimdMatrixTest {
  private static final MatrixKernels PLAIN = new ScalarKernels().matrix();
  private static final int[] COLUMNS = {
    0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 129, 2047
  };

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 256, 512})
  void bitsAreThoseOfPlainJava(int bits) throws ReflectiveOperationException {
    MatrixKernels simd = KernelsOfWidth.of(bits).matrix();
    for (FloatFormat format : FloatFormat.values()) {
      for (int columns : COLUMNS) {
        for (int rows : new int[] {1, 4, 7, 8, 13}) {
          compare(simd, format, rows, columns);
        }
      }
    }
  }

  private static void compare(MatrixKernels simd, FloatFormat format, int rows, int columns) {
    String what = "%s, %d rows, %d columns".formatted(format, rows, columns);
    var random = new SplittableRandom(columns);
    long stride = (columns + 2L) * format.bytes();
    MemorySegment floats = Arena.ofAuto().allocate((columns + 2L) * rows * Float.BYTES + 16, 64);
    for (long i = 0; i < floats.byteSize() / Float.BYTES; i++) {
      float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-40, 40)));
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    MemorySegment values = floats;
    if (format == FloatFormat.BFLOAT16) {
      values = narrowed(PLAIN, floats, (columns + 2) * rows);
      assertThat(narrowed(simd, floats, (columns + 2) * rows).mismatch(values))
          .as(what)
          .isEqualTo(-1);
    }
    var panel = new RowPanel(values, 2L * format.bytes(), stride, rows, columns, format);
    double[] v = random.doubles(columns, -1, 1).toArray();
    double[] f = random.doubles(rows, -1, 1).toArray();
    double[][] found = products(simd, panel, v, f);
    double[][] expected = products(PLAIN, panel, v, f);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).as(what).containsExactly(expected[i]);
    }
    assertThat(simd.squaredNorm(floats, 4, columns))
        .as(what)
        .isEqualTo(PLAIN.squaredNorm(floats, 4, columns));
  }

  private static double[][] products(
      MatrixKernels kernels, RowPanel x, double[] v, double[] factors) {
    double[][] results = {new double[x.rows()], new double[x.columns()]};
    kernels.addProducts(results[0], x, v);
    kernels.addScaledRows(results[1], factors, x);
    return results;
  }

  private static MemorySegment narrowed(MatrixKernels kernels, MemorySegment floats, int count) {
    MemorySegment to = Arena.ofAuto().allocate((long) count * Short.BYTES + 16, 64);
    kernels.narrow(floats, 4, to, 2, count);
    return to;
  }

  @ParameterizedTest
  @ValueSource(ints = {256, 512})
  void everyKindOfNumberIsRoundedAlike(int bits) throws ReflectiveOperationException {
    MatrixKernels simd = KernelsOfWidth.of(bits).matrix();
    MemorySegment floats = Arena.ofAuto().allocate(4L << 12, 64);
    var random = new SplittableRandom(bits);
    for (int i = 0; i < 1 << 12; i++) {
      int number = i % 7 == 0 ? 0x7f800000 | random.nextInt(1 << 20) : random.nextInt();
      floats.setAtIndex(ValueLayout.JAVA_INT, i, i == 0 ? 0x7f800000 : number);
    }
    assertThat(narrowed(simd, floats, 4000).mismatch(narrowed(PLAIN, floats, 4000))).isEqualTo(-1);
  }
}
