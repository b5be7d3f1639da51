package falcon.gradients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.CostTable;
import falcon.kernel.FloatFormat;
import falcon.quadratic.QuadraticProblem;
import falcon.quadratic.Rows;
import falcon.quadratic.TemporaryFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
      for (int i = 0; i < problem.rows; i++) {
        for (int j = 0; j < v.length; j++) {
          product[i] += problem.matrix[i][j] * v[j];
          transposed[j] += problem.matrix[i][j] * r[i];
        }
      }
      assertThat(problem.gradients.multiply(v, executor)).containsExactly(product, within(1e-11));
      assertThat(problem.gradients.multiplyTransposed(r, executor))
          .containsExactly(transposed, within(1e-12));
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

  /// A matrix in a format and place: float32 or bfloat16, in memory or in a file.
  private GradientMatrix copy(QuadraticProblem problem, FloatFormat format, boolean isOnDisk)
      throws IOException {
    GradientMatrix copy =
        GradientMatrix.allocate(
            problem.rows,
            problem.costs,
            new GradientMatrix.Storage(format, isOnDisk ? TemporaryFile.scratch() : null));
    for (int layer = 0; layer < problem.costs.layers().size(); layer++) {
      var of = problem.costs.layers().get(layer);
      for (int row = 0; row < problem.rows; row += 4) {
        int count = Math.min(4, problem.rows - row);
        float[] block = new float[count * of.count()];
        for (int i = 0; i < block.length; i++) {
          block[i] = (float) problem.matrix[row + i / of.count()][of.offset() + i % of.count()];
        }
        copy.write(layer, row, Rows.of(block));
      }
    }
    return copy;
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, true", "BFLOAT16, false", "BFLOAT16, true"})
  void everyFormatAndPlaceGivesTheProductsOfItsNumbers(FloatFormat format, boolean isOnDisk)
      throws IOException {
    try (var problem = new QuadraticProblem(7, 21, 1, 5, 9000, 1, 300);
        GradientMatrix x = copy(problem, format, isOnDisk)) {
      int p = problem.dense.length;
      var random = new SplittableRandom(8);
      double[] v = random.doubles(p, -1, 1).toArray();
      double[] r = random.doubles(problem.rows, -1, 1).toArray();
      int[] all = IntStream.range(0, p).toArray();
      float[][] numbers = x.rowsOf(all);
      double[] product = new double[problem.rows];
      double[] transposed = new double[p];
      for (int i = 0; i < problem.rows; i++) {
        for (int j = 0; j < p; j++) {
          double error = format == FloatFormat.FLOAT32 ? 0 : Math.abs(problem.matrix[i][j]) / 256;
          assertThat((double) numbers[i][j]).isCloseTo(problem.matrix[i][j], within(error));
          product[i] += numbers[i][j] * v[j];
          transposed[j] += numbers[i][j] * r[i];
        }
      }
      assertThat(x.multiply(v, executor)).containsExactly(product, within(1e-11));
      assertThat(x.multiplyTransposed(r, executor)).containsExactly(transposed, within(1e-12));
      assertThat(x.effectiveRows()).isCloseTo(problem.gradients.effectiveRows(), within(1e-10));
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, false", "FLOAT32, true", "BFLOAT16, false", "BFLOAT16, true"})
  void columnsAreCopiedFromEveryFormatAndPlace(FloatFormat format, boolean isOnDisk)
      throws IOException {
    try (var problem = new QuadraticProblem(9, 70, 1, 5, 9000, 1, 300);
        GradientMatrix x = copy(problem, format, isOnDisk)) {
      int[] columns = IntStream.range(0, problem.dense.length).filter(j -> j % 3 != 1).toArray();
      float[][] expected = x.rowsOf(columns);
      int count = columns.length - 7;
      try (GradientMatrix selected = x.select(columns, executor);
          Arena arena = Arena.ofShared()) {
        assertThat(selected.format()).isEqualTo(format);
        assertThat(selected.rowsOf(IntStream.range(0, columns.length).toArray()))
            .isDeepEqualTo(expected);
        MemorySegment panel = arena.allocate(70L * count * Float.BYTES, Float.BYTES);
        x.pack(columns, 5, count, panel, executor);
        for (int i = 0; i < 70; i++) {
          for (int c = 0; c < count; c++) {
            assertThat(panel.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * count + c))
                .isEqualTo(expected[i][c + 5]);
          }
        }
      }
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
