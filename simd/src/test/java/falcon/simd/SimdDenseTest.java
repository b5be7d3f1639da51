package falcon.simd;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.kernel.DenseKernels;
import falcon.kernel.DenseKernels.Block;
import falcon.kernel.DenseKernels.Extent;
import falcon.kernel.ScalarKernels;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimdDenseTest {
  private static final int[][] SIZES = {
    {1, 1, 1}, {3, 63, 5}, {5, 65, 255}, {261, 31, 257}, {8, 64, 300}, {12, 32, 9}
  };

  private final DenseKernels plain = new ScalarKernels().dense();

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 256, 512})
  void everyWidthGivesTheBitsOfPlainJava(int bits) throws ReflectiveOperationException {
    DenseKernels vectors = KernelsOfWidth.of(bits).dense();
    for (int[] size : SIZES) {
      // Added products of one tile's width are read in place.
      var extent = new Extent(size[0], size[1], size[2], size[0] % 2 == 1, false);
      var random = new SplittableRandom(size[0]);
      double[] a = random.doubles((long) size[0] * size[2], -1, 1).toArray();
      double[] b = random.doubles((long) size[1] * size[2], -1, 1).toArray();
      Block inA = Block.of(0, size[0]);
      Block inB = Block.of(0, size[1]);
      double[] expected = new double[size[0] * size[1]];
      double[] sum = new double[size[0] * size[1]];
      plain.addProduct(a, inA, b, inB, expected, inB, extent);
      vectors.addProduct(a, inA, b, inB, sum, inB, extent);
      assertThat(sum).containsExactly(expected);

      float[] floatExpected = new float[size[0] * size[1]];
      float[] floatSum = new float[size[0] * size[1]];
      plain.addProduct(narrow(a), inA, narrow(b), inB, floatExpected, inB, extent);
      vectors.addProduct(narrow(a), inA, narrow(b), inB, floatSum, inB, extent);
      assertThat(floatSum).containsExactly(floatExpected);
    }
  }

  private static float[] narrow(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
