package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorLoopsTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 31, 32, 33, 100})
  void dotAddsSixteenPartialSumsInOrder(int count) {
    var random = new SplittableRandom(count);
    float[] x = new float[count + 2];
    double[] v = random.doubles(count + 5, -1, 1).toArray();
    double[] wide = new double[count + 2];
    double[] partial = new double[16];
    for (int j = 0; j < count; j++) {
      x[j] = (float) random.nextGaussian();
      wide[j] = x[j];
      partial[j % 16] += x[j] * v[3 + j];
    }
    double expected = 0;
    for (double term : partial) {
      expected += term;
    }
    assertThat(VectorLoops.dot(x, v, 3, count)).isEqualTo(expected);
    double[] shifted = new double[count + 2];
    System.arraycopy(v, 3, shifted, 0, count);
    assertThat(VectorLoops.dot(wide, shifted, 0, count)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 63, 64, 65})
  void fourScaledRowsAreAddedPairwise(int count) {
    var random = new SplittableRandom(count);
    float[][] rows = new float[4][count];
    for (float[] row : rows) {
      for (int j = 0; j < count; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    double[] factors = random.doubles(6, -1, 1).toArray();
    double[] sum = random.doubles(count + 1, -1, 1).toArray();
    double[] expected = sum.clone();
    for (int j = 0; j < count; j++) {
      expected[j] +=
          (factors[1] * rows[0][j] + factors[2] * rows[1][j])
              + (factors[3] * rows[2][j] + factors[4] * rows[3][j]);
    }
    VectorLoops.addFourScaled(sum, factors, 1, rows, count);
    assertThat(sum).containsExactly(expected);
  }
}
