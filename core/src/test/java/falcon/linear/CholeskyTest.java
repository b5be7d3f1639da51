package falcon.linear;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.leastsquares.DenseAlgebra;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CholeskyTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 31, 32, 33, 36, 37, 63, 64, 65, 97, 255, 256, 257, 300})
  void solutionEqualsGaussianElimination(int m) {
    var random = new SplittableRandom(m);
    double[][] matrix = DenseAlgebra.positiveDefinite(random, m, 1);
    double[] b = random.doubles(m, -1, 1).toArray();
    double[] expected = DenseAlgebra.solve(matrix, b);
    var factored = new Cholesky(DenseAlgebra.flat(matrix), m);

    assertThat(factored.factor(null)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
    factored.solve(b);

    assertThat(b).containsExactly(expected, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 32, 33, 97, 256, 300, 530})
  void theFloat32FactorSolvesToItsPrecision(int m) {
    var random = new SplittableRandom(m);
    double[] matrix = decaying(m);
    double[] b = random.doubles(m, -1, 1).toArray();
    var single = new FloatCholesky(new float[m * m], m);
    int[] all = IntStream.range(0, m).toArray();
    for (int i = 0; i < m; i++) {
      single.fillRow(i, matrix, i * m, all, 0.25, 2);
    }
    for (int i = 0; i < m; i++) {
      matrix[i * m + i] += 0.25;
    }
    var shifted = new Cholesky(matrix, m);
    shifted.factor(null);
    double[] expected = b.clone();
    shifted.solve(expected);
    float[] solved = new float[m];
    for (int i = 0; i < m; i++) {
      solved[i] = (float) b[i];
    }
    assertThat(single.factor()).isTrue();
    single.solve(solved);
    for (int i = 0; i < m; i++) {
      assertThat(2.0 * solved[i]).isCloseTo(expected[i], within(1e-5));
    }
  }

  @Test
  void aMatrixThatFloat32TakesForSingularIsTold() {
    var single = new FloatCholesky(new float[4], 2);
    for (int i = 0; i < 2; i++) {
      single.fillRow(i, new double[] {1, 1, 1, 1 + 1e-9}, 2 * i, new int[] {0, 1}, 0, 1);
    }
    assertThat(single.factor()).isFalse();
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    int m = 700;
    double[] alone = decaying(m);
    double[] shared = alone.clone();
    var first = new Cholesky(alone, m);
    var second = new Cholesky(shared, m);
    try (var executor = Executors.newFixedThreadPool(4)) {
      assertThat(first.factor(null)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
      assertThat(second.factor(executor)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
      assertThat(Arrays.equals(second.inverse(executor), first.inverse(null))).isTrue();
    }
  }

  @Test
  void rowsOfAWideMatrixMeetWithoutAGap() {
    int m = 600;
    double[] matrix = decaying(m);
    double[] x = new SplittableRandom(5).doubles(m, -1, 1).toArray();
    double[] b = new double[m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        b[i] += matrix[i * m + j] * x[j];
      }
    }
    var factored = new Cholesky(matrix, m);
    assertThat(factored.factor(null)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
    factored.solve(b);
    assertThat(b).containsExactly(x, within(1e-10));
  }

  @Test
  void aSingularMatrixIsToldByItsRow() {
    assertThat(new Cholesky(new double[] {1, 2, 3, 2, 4, 6, 3, 6, 9}, 3).factor(null)).isEqualTo(1);
  }

  @Test
  void aSingularMatrixIsToldByItsRowInALaterGroup() {
    int m = 400;
    double[] matrix = decaying(m);
    for (int j = 0; j < m; j++) { // row and column 350 are those of 20
      matrix[350 * m + j] = matrix[20 * m + j];
    }
    for (int i = 0; i < m; i++) {
      matrix[i * m + 350] = matrix[i * m + 20];
    }
    matrix[350 * m + 350] = matrix[20 * m + 20];
    assertThat(new Cholesky(matrix, m).factor(null)).isEqualTo(350);
  }

  @Test
  void aNotANumberIsNoPivot() {
    assertThat(new Cholesky(new double[] {1, 0, 0, Double.NaN}, 2).factor(null)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 40, 270})
  void inverseTimesMatrixIsTheIdentity(int m) {
    double[][] matrix = DenseAlgebra.positiveDefinite(new SplittableRandom(m), m, 1);
    var factored = new Cholesky(DenseAlgebra.flat(matrix), m);
    factored.factor(null);
    double[] inverse = factored.inverse(null);
    double largest = 0;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        double sum = i == j ? -1 : 0;
        for (int k = 0; k < m; k++) {
          sum += inverse[i * m + k] * matrix[k][j];
        }
        largest = Math.max(largest, Math.abs(sum));
      }
    }
    assertThat(largest).isLessThan(1e-8);
  }

  /// `1 / (1 + |i − j|)`, on the diagonal one more.
  private static double[] decaying(int m) {
    double[] matrix = new double[m * m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        matrix[i * m + j] = 1.0 / (1 + Math.abs(i - j)) + (i == j ? 1 : 0);
      }
    }
    return matrix;
  }
}
