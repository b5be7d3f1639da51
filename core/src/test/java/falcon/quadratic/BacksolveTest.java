package falcon.quadratic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.Mask;
import falcon.linear.BlockedGramProduct;
import falcon.linear.GramProduct;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BacksolveTest {
  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  private Backsolve backsolve(QuadraticProblem problem) {
    return new Backsolve(problem.quadratic, new BlockedGramProduct(), executor);
  }

  @ParameterizedTest(name = "rows={0}, ridge={1}, kept={2}")
  @CsvSource({"7,0.1,0.5", "40,0.01,0.9", "40,1e-5,0.9", "200,0.1,0.5", "3,0.001,1", "70,0.1,0.9"})
  void fullSolutionSolvesTheNormalEquations(int rows, double ridge, double share) {
    try (var problem = new QuadraticProblem(rows, rows, ridge, 20, 60, 1, 19)) {
      Mask kept = problem.randomMask(share);
      float[] solved = backsolve(problem).full(kept);
      double[] expected = problem.minimiser(kept, 0, solved.length);
      for (int j = 0; j < solved.length; j++) {
        assertThat((double) solved[j])
            .as("weight %d", j)
            .isCloseTo(expected[j], within(2e-5 * (1 + Math.abs(expected[j]))));
      }
    }
  }

  @ParameterizedTest(name = "rows={0}, ridge={1}, columns={2}")
  @CsvSource({"7,0.1,60", "40,1e-5,90", "33,1e-4,2300", "70,0.1,130", "129,1e-3,700", "1,0.1,3"})
  void aCoarseGramMatrixGivesTheSameSolution(int rows, double ridge, int columns) {
    try (var problem = new QuadraticProblem(21, rows, ridge, columns, columns / 3)) {
      Mask kept = problem.randomMask(0.8);
      var coarse = new CoarseGramProduct();
      float[] solved = new Backsolve(problem.quadratic, coarse, executor).full(kept);
      assertThat(coarse.isUsed).isTrue();
      assertThat(furthest(solved, backsolve(problem).full(kept))).isLessThan(2e-6);
      if (columns < 500) {
        assertThat(furthest(solved, problem.minimiser(kept, 0, solved.length))).isLessThan(2e-6);
      }
    }
  }

  /// Returns rows that differ by less than the resolution of bfloat16: the coarse Gram matrix is
  /// useless.
  @ParameterizedTest(name = "spread={0}, ridge={1}")
  @CsvSource({"1e-2,1e-4", "1e-3,1e-6", "1e-3,1e-4", "0,1e-3"})
  void nearlyEqualRowsAreSolvedAllTheSame(double spread, double ridge) {
    try (var problem = new QuadraticProblem(22, 50, ridge, 150)) {
      for (int i = 1; i < problem.rows; i++) {
        var row = new float[150];
        for (int j = 0; j < row.length; j++) {
          row[j] = (float) (problem.matrix[0][j] + spread * problem.matrix[i][j]);
          problem.matrix[i][j] = row[j];
        }
        problem.gradients.write(0, i, Rows.of(row));
      }
      Mask kept = problem.randomMask(0.9);
      float[] solved =
          new Backsolve(problem.quadratic, new CoarseGramProduct(), executor).full(kept);
      double[] expected = problem.minimiser(kept, 0, solved.length);
      assertThat(furthest(solved, expected)).isLessThan(1e-4);
    }
  }

  @Test
  void gradientsWhoseSquaresAreNotFiniteAreTold() {
    try (var problem = new QuadraticProblem(23, 5, 0.1, 20)) {
      var row = new float[20];
      row[3] = 1e30f;
      problem.gradients.write(0, 0, Rows.of(row));
      assertThatThrownBy(() -> backsolve(problem).full(Mask.all(20)))
          .hasMessage("the gradients are not finite or too large for float32 products");
    }
  }

  /// A product as coarse as one in bfloat16: operands and results have 8 bits.
  private static final class CoarseGramProduct implements GramProduct {
    private final BlockedGramProduct exact = new BlockedGramProduct();
    private boolean isUsed;

    @Override
    public int panelColumns() {
      return 257;
    }

    @Override
    public void addTo(
        double[] gram, int n, MemorySegment panel, int columns, ExecutorService executor) {
      isUsed = true;
      double[] product = new double[n * n];
      try (Arena arena = Arena.ofShared()) {
        MemorySegment rounded = arena.allocate(panel.byteSize(), Float.BYTES);
        for (long i = 0; i < (long) n * columns; i++) {
          float value = panel.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          rounded.setAtIndex(ValueLayout.JAVA_FLOAT, i, rounded(value));
        }
        exact.addTo(product, n, rounded, columns, executor);
      }
      for (int i = 0; i < gram.length; i++) {
        gram[i] += rounded((float) product[i]);
      }
    }

    private static float rounded(float value) {
      return Float.intBitsToFloat((Float.floatToRawIntBits(value) + 0x8000) & 0xffff0000);
    }
  }

  /// Returns the greatest distance of two vectors' entries, relative where they are large.
  private static double furthest(float[] solved, double[] expected) {
    double furthest = 0;
    for (int j = 0; j < solved.length; j++) {
      furthest =
          Math.max(furthest, Math.abs(solved[j] - expected[j]) / (1 + Math.abs(expected[j])));
    }
    return furthest;
  }

  private static double furthest(float[] solved, float[] expected) {
    return furthest(
        solved, IntStream.range(0, expected.length).mapToDouble(j -> expected[j]).toArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 25, 1000})
  void eachBlockIsSolvedAsIfTheOthersStayedDense(int blockSize) {
    try (var problem = new QuadraticProblem(9, 15, 0.1, 30, 45)) {
      Mask kept = problem.randomMask(0.6);
      float[] solved = backsolve(problem).blockwise(kept, blockSize);
      for (var layer : problem.costs.layers()) {
        for (int from = layer.offset(); from < layer.end(); from += blockSize) {
          int to = Math.min(from + blockSize, layer.end());
          double[] expected = problem.minimiser(kept, from, to);
          for (int j = from; j < to; j++) {
            assertThat((double) solved[j])
                .as("weight %d", j)
                .isCloseTo(expected[j - from], within(1e-4 * (1 + Math.abs(expected[j - from]))));
          }
        }
      }
    }
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    try (var problem = new QuadraticProblem(11, 70, 0.1, 300, 900);
        var one = Executors.newFixedThreadPool(1);
        var four = Executors.newFixedThreadPool(4)) {
      Mask kept = problem.randomMask(0.5);
      var first = new Backsolve(problem.quadratic, new BlockedGramProduct(), one);
      var second = new Backsolve(problem.quadratic, new BlockedGramProduct(), four);
      assertThat(second.full(kept)).containsExactly(first.full(kept));
      assertThat(second.blockwise(kept, 100)).containsExactly(first.blockwise(kept, 100));
    }
  }

  @Test
  void aPanelNarrowerThanTheSupportGivesTheSameSolution() {
    try (var problem = new QuadraticProblem(12, 20, 0.1, 1500)) {
      Mask kept = problem.randomMask(0.9);
      float[] solved = backsolve(problem).full(kept);
      double before = problem.value(problem.dense);
      assertThat(before).isPositive();
      double[] gradient = problem.quadratic.gradient(solved, executor);
      for (int j = kept.nextKept(0); j < 1500; j = kept.nextKept(j + 1)) {
        assertThat(gradient[j]).as("slope at kept weight %d", j).isCloseTo(0, within(2e-3));
      }
    }
  }

  @Test
  void holdingTheKeptColumnsOrGatheringThemAgainGivesTheSameBits() {
    try (var problem = new QuadraticProblem(15, 20, 0.1, 2300, 2200)) {
      Mask kept = problem.randomMask(0.95);
      var held = new Backsolve(problem.quadratic, new BlockedGramProduct(), executor);
      var gathered = new Backsolve(problem.quadratic, new BlockedGramProduct(), 0, executor);
      assertThat(gathered.full(kept)).containsExactly(held.full(kept));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,5", "12,10", "14,10", "1000,45"})
  void blocksOfChannelsNeverCutOne(int blockSize, int expectedSize) {
    try (var problem = new QuadraticProblem(16, 15, 0.1, 30, 45)) {
      Mask kept = problem.randomMask(0.6);
      var backsolve = backsolve(problem);
      float[] solved = backsolve.blockwise(kept, blockSize, layer -> 5);
      assertThat(solved).containsExactly(backsolve.blockwise(kept, expectedSize));
    }
  }

  @Test
  void keepingNothingGivesZeros() {
    try (var problem = new QuadraticProblem(13, 5, 0.1, 10)) {
      assertThat(backsolve(problem).full(Mask.none(10))).containsOnly(0f);
      assertThat(backsolve(problem).blockwise(Mask.none(10), 3)).containsOnly(0f);
    }
  }

  @Test
  void argumentsThatDoNotFitAreTold() {
    try (var problem = new QuadraticProblem(14, 5, 0.1, 10)) {
      assertThatThrownBy(() -> backsolve(problem).full(Mask.all(9)))
          .hasMessage("a mask of 9 weights, the quadratic has 10");
      assertThatThrownBy(() -> backsolve(problem).blockwise(Mask.all(10), 0))
          .hasMessage("a block of 0 weights; it takes one or more");
      assertThatThrownBy(() -> backsolve(problem).blockwise(Mask.all(10), 3, layer -> 0))
          .hasMessage("channels of 0 weights in layer 0; they have one or more");
    }
  }
}
