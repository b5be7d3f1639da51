package falcon.quadratic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.CostTable;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GradientMatrixTest {
  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  @Test
  void productsEqualTheirFormulas() {
    try (var problem = new QuadraticProblem(1, 21, 1, 5, 2050, 1, 300)) {
      var random = new SplittableRandom(2);
      double[] v = random.doubles(problem.dense.length, -1, 1).toArray();
      double[] r = random.doubles(problem.rows, -1, 1).toArray();
      double[] product = new double[problem.rows];
      double[] transposed = new double[v.length];
      double[] norms = new double[v.length];
      for (int i = 0; i < problem.rows; i++) {
        for (int j = 0; j < v.length; j++) {
          product[i] += problem.matrix[i][j] * v[j];
          transposed[j] += problem.matrix[i][j] * r[i];
          norms[j] += problem.matrix[i][j] * problem.matrix[i][j];
        }
      }
      assertThat(problem.gradients.multiply(v, executor)).containsExactly(product, within(1e-11));
      assertThat(problem.gradients.multiplyTransposed(r, executor))
          .containsExactly(transposed, within(1e-12));
      assertThat(problem.gradients.squaredColumnNorms(executor))
          .containsExactly(norms, within(1e-12));
    }
  }

  @Test
  void selectedColumnsKeepTheirValues() {
    try (var problem = new QuadraticProblem(3, 9, 1, 4, 30, 2)) {
      int[] columns = {0, 3, 33, 35};
      double[] factors = {1, -2, 3, 0.5};
      double[] expected = new double[9];
      for (int i = 0; i < 9; i++) {
        for (int c = 0; c < 4; c++) {
          expected[i] += problem.matrix[i][columns[c]] * factors[c];
        }
      }
      double[] zeros = new double[4];
      double[][] products = problem.gradients.multiplyColumns(columns, factors, zeros, executor);
      assertThat(products[0]).containsExactly(expected, within(1e-13));
      assertThat(products[1]).containsOnly(0);
      assertThat(problem.gradients.multiplyColumnsInThread(columns, factors))
          .containsExactly(expected, within(1e-13));
      try (GradientMatrix selected = problem.gradients.select(columns, executor)) {
        assertThat(selected.weightCount()).isEqualTo(4);
        assertThat(selected.multiply(factors, executor)).containsExactly(expected, within(1e-13));
      }
      float[][] rows = problem.gradients.rowsOf(columns);
      assertThat(rows[8][2]).isEqualTo((float) problem.matrix[8][33]);
    }
  }

  @Test
  void productsHaveTheSameBitsForAnyNumberOfThreads() {
    try (var problem = new QuadraticProblem(4, 50, 1, 100, 5000);
        var one = Executors.newFixedThreadPool(1);
        var four = Executors.newFixedThreadPool(4)) {
      double[] v = new SplittableRandom(5).doubles(problem.dense.length).toArray();
      double[] r = new SplittableRandom(6).doubles(50).toArray();
      GradientMatrix x = problem.gradients;
      assertThat(x.multiply(v, four)).containsExactly(x.multiply(v, one));
      assertThat(x.multiplyTransposed(r, four)).containsExactly(x.multiplyTransposed(r, one));
    }
  }

  @Test
  void effectiveRowsRunFromOneToN() {
    var costs = CostTable.builder().layer("a", 2, 1).layer("b", 1, 1).build();
    try (var x = GradientMatrix.allocate(4, costs)) {
      assertThat(x.effectiveRows()).isZero();
      x.write(1, 3, Rows.of(2));
      assertThat(x.effectiveRows()).isEqualTo(1);
      x.write(1, 0, Rows.of(2, 2, 2, 2));
      assertThat(x.effectiveRows()).isEqualTo(4);
    }
  }

  @Test
  void aValueThatIsNotFiniteIsNamedByLayerRowAndWeight() {
    var costs = CostTable.builder().layer("stem", 2, 1).layer("head", 3, 1).build();
    try (var x = GradientMatrix.allocate(4, costs)) {
      assertThatThrownBy(() -> x.write(1, 1, Rows.of(0, 0, 0, 0, Float.NEGATIVE_INFINITY, 0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the gradient of layer 'head' has -Infinity in row 2, weight 1");
    }
  }

  @Test
  void rowsThatDoNotFitAreTold() {
    var costs = CostTable.builder().layer("stem", 2, 1).build();
    try (var x = GradientMatrix.allocate(2, costs)) {
      assertThatThrownBy(() -> x.write(0, 1, Rows.of(1, 2, 3, 4)))
          .hasMessage("16 bytes from row 1 on are no rows of 2 float32 in a matrix of 2 rows");
    }
  }

  @Test
  void aClosedMatrixCannotBeUsed() {
    var costs = CostTable.builder().layer("stem", 2, 1).build();
    var x = GradientMatrix.allocate(1, costs);
    x.write(0, 0, Rows.of(1, 2));
    x.close();
    assertThatThrownBy(() -> x.multiply(new double[2], executor))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aMatrixHasRows() {
    var costs = CostTable.builder().layer("stem", 2, 1).build();
    assertThatThrownBy(() -> GradientMatrix.allocate(0, costs))
        .hasMessage("a gradient matrix of 0 rows; it takes one or more");
  }
}
