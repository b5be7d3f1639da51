package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tests the definition, entry by entry; the `simd` module runs the test on its twin.
class DenseKernelsTest {
  private static final String SIZES =
      """
      1,1,1
      3,5,0
      4,64,7
      5,65,300
      4,32,1
      9,130,257
      260,33,12
      31,257,4
      """;

  private final DenseKernels dense = Kernels.active().dense();

  @ParameterizedTest(name = "rows={0}, columns={1}, depth={2}")
  @CsvSource(textBlock = SIZES)
  void floatsAreChainsOfFusedProducts(int rows, int columns, int depth) {
    var random = new SplittableRandom(rows + 31L * columns + depth);
    float[] a = floats(random, depth * (rows + 2) + 3);
    float[] b = floats(random, depth * (columns + 5) + 2);
    float[] c = floats(random, rows * (columns + 1) + 1);
    for (boolean isNegative : new boolean[] {false, true}) {
      float[] expected = c.clone();
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          int at = 1 + i * (columns + 1) + j;
          for (int q = 0; q < depth; q++) {
            float factor = a[3 + q * (rows + 2) + i] * (isNegative ? -1 : 1);
            expected[at] = Math.fma(factor, b[2 + q * (columns + 5) + j], expected[at]);
          }
        }
      }
      float[] sum = c.clone();
      dense.addProduct(
          a,
          Block.of(3, rows + 2),
          b,
          Block.of(2, columns + 5),
          sum,
          Block.of(1, columns + 1),
          new Extent(rows, columns, depth, isNegative, false));
      assertThat(sum).containsExactly(expected);
    }
  }

  @ParameterizedTest(name = "rows={0}, columns={1}, depth={2}")
  @CsvSource(textBlock = SIZES)
  void doublesAreChainsOfFusedProductsOfATransposedBlockToo(int rows, int columns, int depth) {
    var random = new SplittableRandom(rows + 31L * columns + depth);
    double[] a = random.doubles((long) depth * rows, -1, 1).toArray();
    double[] b = random.doubles((long) depth * columns, -1, 1).toArray();
    double[] c = random.doubles((long) rows * columns, -1, 1).toArray();
    double[] sum = c.clone();
    dense.addProduct(
        a,
        Block.of(0, depth).transposed(),
        b,
        Block.of(0, columns),
        sum,
        Block.of(0, columns),
        new Extent(rows, columns, depth, false, false));
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double expected = c[i * columns + j];
        for (int q = 0; q < depth; q++) {
          expected = Math.fma(a[i * depth + q], b[q * columns + j], expected);
        }
        assertThat(sum[i * columns + j]).as("entry (%d, %d)", i, j).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,3", "70,5", "300,260", "33,33"})
  void theUpperTriangleIsThatOfTheWholeProduct(int size, int depth) {
    var random = new SplittableRandom(size);
    double[] a = random.doubles((long) depth * size, -1, 1).toArray();
    double[] whole = new double[size * size];
    double[] upper = new double[size * size];
    var block = Block.of(0, size);
    dense.addProduct(a, block, a, block, whole, block, new Extent(size, size, depth, true, false));
    dense.addProduct(a, block, a, block, upper, block, new Extent(size, size, depth, true, true));
    for (int i = 0; i < size; i++) {
      for (int j = i; j < size; j++) {
        assertThat(upper[i * size + j]).isEqualTo(whole[i * size + j]);
      }
    }
  }

  private static float[] floats(SplittableRandom random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
