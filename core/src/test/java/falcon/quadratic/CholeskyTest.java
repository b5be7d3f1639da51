package falcon.quadratic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CholeskyTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 31, 32, 33, 36, 37, 63, 64, 65, 97})
  void solutionEqualsGaussianElimination(int m) {
    var random = new SplittableRandom(m);
    double[][] matrix = DenseAlgebra.positiveDefinite(random, m, 1);
    double[] b = random.doubles(m, -1, 1).toArray();
    double[] expected = DenseAlgebra.solve(matrix, b);

    assertThat(Cholesky.factor(matrix, m)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
    Cholesky.solve(matrix, m, b);

    assertThat(b).containsExactly(expected, within(1e-10));
  }

  @Test
  void columnBlocksOfAWideMatrixMeetWithoutAGap() {
    int m = 600;
    var random = new SplittableRandom(5);
    double[][] matrix = new double[m][m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        matrix[i][j] = 1.0 / (1 + Math.abs(i - j)) + (i == j ? 1 : 0);
      }
    }
    double[] x = random.doubles(m, -1, 1).toArray();
    double[] b = new double[m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        b[i] += matrix[i][j] * x[j];
      }
    }
    assertThat(Cholesky.factor(matrix, m)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
    Cholesky.solve(matrix, m, b);
    assertThat(b).containsExactly(x, within(1e-10));
  }

  @Test
  void aSingularMatrixIsToldByItsRow() {
    double[][] matrix = {{1, 2, 3}, {2, 4, 6}, {3, 6, 9}};
    assertThat(Cholesky.factor(matrix, 3)).isEqualTo(1);
  }

  @Test
  void aNotANumberIsNoPivot() {
    double[][] matrix = {{1, 0}, {0, Double.NaN}};
    assertThat(Cholesky.factor(matrix, 2)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 40})
  void inverseTimesMatrixIsTheIdentity(int m) {
    double[][] matrix = DenseAlgebra.positiveDefinite(new SplittableRandom(m), m, 1);
    double[][] factor = new double[m][];
    for (int i = 0; i < m; i++) {
      factor[i] = matrix[i].clone();
    }
    Cholesky.factor(factor, m);
    double[][] inverse;
    try (var executor = Executors.newFixedThreadPool(2)) {
      inverse = Cholesky.inverse(factor, m, executor);
    }
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        double sum = 0;
        for (int k = 0; k < m; k++) {
          sum += inverse[i][k] * matrix[k][j];
        }
        assertThat(sum).isCloseTo(i == j ? 1 : 0, within(1e-10));
      }
    }
  }
}
