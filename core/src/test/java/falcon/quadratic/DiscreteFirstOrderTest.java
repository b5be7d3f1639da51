package falcon.quadratic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.gradients.GradientMatrix;
import falcon.kernel.FloatFormat;
import falcon.linear.BlockedGramProduct;
import falcon.projection.BudgetProjection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class DiscreteFirstOrderTest {
  private static final DiscreteFirstOrder.Settings EXHAUSTIVE =
      new DiscreteFirstOrder.Settings(200, 0, 3, 6);

  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  static LongStream seeds() {
    return LongStream.range(0, 25);
  }

  /// Returns the best of all masks, by enumeration.
  private static Projector enumeration(CostTable costs) {
    int p = costs.weightCount();
    return (saliency, budget) -> {
      Mask best = Mask.none(p);
      double bestValue = -1;
      for (long bits = 0; bits < 1L << p; bits++) {
        double value = 0;
        for (int i = 0; i < p; i++) {
          value += (bits >>> i & 1) * (double) saliency[i];
        }
        if (value > bestValue) {
          Mask mask = Mask.ofWords(p, new long[] {bits});
          if (budget.allows(mask, costs)) {
            best = mask;
            bestValue = value;
          }
        }
      }
      return best;
    };
  }

  /// Keeps the greatest saliencies first, as long as they fit: exact where only the number of
  /// weights is limited.
  private static Projector greedy(CostTable costs) {
    return (saliency, budget) -> {
      Integer[] order = IntStream.range(0, saliency.length).boxed().toArray(Integer[]::new);
      Arrays.sort(order, Comparator.comparingDouble(i -> -saliency[i]));
      boolean[] kept = new boolean[saliency.length];
      long nnz = 0;
      long macs = 0;
      for (int i : order) {
        long cost =
            costs.layers().stream()
                .filter(layer -> i >= layer.offset() && i < layer.end())
                .findFirst()
                .orElseThrow()
                .macsPerWeight();
        if (budget.allows(nnz + 1, macs + cost)) {
          kept[i] = true;
          nnz++;
          macs += cost;
        }
      }
      return Mask.ofKept(kept);
    };
  }

  private DiscreteFirstOrder solver(
      QuadraticProblem problem, Projector projector, DiscreteFirstOrder.Settings settings) {
    return new DiscreteFirstOrder(problem.quadratic, projector, settings, executor);
  }

  private static void assertNeverRises(List<Double> objectives) {
    for (int i = 1; i < objectives.size(); i++) {
      assertThat(objectives.get(i))
          .as("objective after step %d of %s", i, objectives)
          .isLessThanOrEqualTo(objectives.get(i - 1) * (1 + 1e-12));
    }
  }

  private static void assertZeroWhereNotKept(Solution solution) {
    for (int i = 0; i < solution.weights().length; i++) {
      if (!solution.kept().isKept(i)) {
        assertThat(solution.weights()[i]).as("weight %d", i).isZero();
      }
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void objectiveLiesBetweenTheBestOfAllSupportsAndTheStart(long seed) {
    try (var problem = new QuadraticProblem(seed, 12, 0.05, 4, 5)) {
      var budget = new Budget(5, 7);
      double best = Double.POSITIVE_INFINITY;
      for (long bits = 0; bits < 1L << 9; bits++) {
        Mask kept = Mask.ofWords(9, new long[] {bits});
        if (budget.allows(kept, problem.costs)) {
          double[] weights = problem.minimiser(kept, 0, 9);
          float[] rounded = new float[9];
          for (int i = 0; i < 9; i++) {
            rounded[i] = (float) weights[i];
          }
          best = Math.min(best, problem.value(rounded));
        }
      }
      Solution solution =
          solver(problem, enumeration(problem.costs), EXHAUSTIVE).solve(problem.dense, budget);

      assertThat(solution.objective()).as("seed %d", seed).isGreaterThan(best * (1 - 1e-6));
      assertThat(solution.objective()).isLessThanOrEqualTo(solution.initialObjective());
      assertNeverRises(solution.objectives());
      assertZeroWhereNotKept(solution);
      assertThat(budget.allows(solution.kept(), problem.costs)).isTrue();
      assertThat(problem.value(solution.weights()))
          .isCloseTo(solution.objective(), within(1e-5 * solution.objective()));
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void aGreedyProjectionNeverRaisesTheObjective(long seed) {
    try (var problem = new QuadraticProblem(seed, 60, 0.01, 30, 50)) {
      var budget = new Budget(30, 45);
      Solution solution =
          solver(problem, greedy(problem.costs), DiscreteFirstOrder.Settings.DEFAULT)
              .solve(problem.dense, budget);
      assertNeverRises(solution.objectives());
      assertZeroWhereNotKept(solution);
      assertThat(budget.allows(solution.kept(), problem.costs)).isTrue();
      assertThat(solution.objective()).isLessThan(solution.initialObjective());
    }
  }

  @Test
  void theExactProjectionServesAsProjector() {
    try (var problem = new QuadraticProblem(21, 150, 0.01, 300, 500, 200)) {
      var projection = new BudgetProjection();
      Projector projector =
          (saliency, budget) -> projection.project(saliency, problem.costs, budget).mask();
      var budget = new Budget(300, 500);
      Solution solution =
          solver(problem, projector, DiscreteFirstOrder.Settings.DEFAULT)
              .solve(problem.dense, budget);
      assertThat(budget.allows(solution.kept(), problem.costs)).isTrue();
      assertThat(solution.objective()).isLessThan(solution.initialObjective());
      assertNeverRises(solution.objectives());
      assertZeroWhereNotKept(solution);
      float[] solved =
          new Backsolve(problem.quadratic, new BlockedGramProduct(), executor)
              .full(solution.kept());
      assertThat(problem.value(solved)).isLessThanOrEqualTo(solution.objective());
    }
  }

  @Test
  void aFullRankQuadraticMovesTheSupport() {
    try (var problem = new QuadraticProblem(77, 200, 0.001, 40, 40)) {
      Solution solution =
          solver(problem, greedy(problem.costs), EXHAUSTIVE).solve(problem.dense, Budget.ofNnz(20));
      assertThat(solution.supportChanges()).isPositive();
    }
  }

  @Test
  void anUnlimitedBudgetReachesTheMinimumOfTheQuadratic() {
    try (var problem = new QuadraticProblem(5, 30, 0.1, 10)) {
      Solution solution =
          solver(problem, greedy(problem.costs), new DiscreteFirstOrder.Settings(200, 0, 200, 1))
              .solve(problem.dense, Budget.UNLIMITED);
      double[] expected = problem.minimiser(Mask.all(10), 0, 10);
      for (int i = 0; i < 10; i++) {
        assertThat((double) solution.weights()[i]).isCloseTo(expected[i], within(1e-3));
      }
    }
  }

  @Test
  void aBudgetOfNothingKeepsNothing() {
    try (var problem = new QuadraticProblem(6, 5, 0.1, 10)) {
      Solution solution =
          solver(problem, greedy(problem.costs), EXHAUSTIVE).solve(problem.dense, Budget.ofNnz(0));
      assertThat(solution.kept().keptCount()).isZero();
      assertThat(solution.weights()).containsOnly(0f);
    }
  }

  @Test
  void itStopsAtTheIterationLimit() {
    try (var problem = new QuadraticProblem(7, 50, 0.001, 40)) {
      var limited = new DiscreteFirstOrder.Settings(2, 0, 5, 2);
      Solution solution =
          solver(problem, greedy(problem.costs), limited).solve(problem.dense, Budget.ofNnz(20));
      assertThat(solution.outcome()).isEqualTo(Solution.Outcome.ITERATION_LIMIT);
      assertThat(solution.iterations()).isEqualTo(2);
    }
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    try (var problem = new QuadraticProblem(8, 70, 0.01, 100, 200);
        var one = Executors.newFixedThreadPool(1);
        var four = Executors.newFixedThreadPool(4)) {
      var settings = DiscreteFirstOrder.Settings.DEFAULT;
      Projector projector = greedy(problem.costs);
      var first = new DiscreteFirstOrder(problem.quadratic, projector, settings, one);
      var second = new DiscreteFirstOrder(problem.quadratic, projector, settings, four);
      Solution expected = first.solve(problem.dense, Budget.ofNnz(100));
      Solution solution = second.solve(problem.dense, Budget.ofNnz(100));
      assertThat(solution.weights()).containsExactly(expected.weights());
      assertThat(solution.objectives()).isEqualTo(expected.objectives());
      assertThat(solution.kept()).isEqualTo(expected.kept());
    }
  }

  @ParameterizedTest
  @EnumSource(FloatFormat.class)
  void aMatrixOnDiskGivesTheSameSolutionAsInMemory(FloatFormat format) throws IOException {
    try (var problem = new QuadraticProblem(10, 60, 0.01, 300, 900);
        var memory = copy(problem, new GradientMatrix.Storage(format, null));
        var disk = copy(problem, new GradientMatrix.Storage(format, TemporaryFile.scratch()))) {
      Projector projector = greedy(problem.costs);
      var settings = DiscreteFirstOrder.Settings.DEFAULT.withMaxColumns(450);
      var there = Quadratic.of(disk, problem.dense, problem.residual, problem.ridge);
      var here = Quadratic.of(memory, problem.dense, problem.residual, problem.ridge);
      Solution expected =
          new DiscreteFirstOrder(here, projector, settings, executor)
              .solve(problem.dense, Budget.ofNnz(400));
      Solution solution =
          new DiscreteFirstOrder(there, projector, settings, executor)
              .solve(problem.dense, Budget.ofNnz(400));
      assertNeverRises(solution.objectives());
      assertThat(solution.objective())
          .isCloseTo(expected.objective(), within(1e-9 * expected.objective()));
      assertThat(solution.kept()).isEqualTo(expected.kept());
      try (var support = RestrictedQuadratic.onSupport(there, solution, executor)) {
        float[] onSupport =
            new Backsolve(support.quadratic(), new BlockedGramProduct(), executor)
                .full(Mask.all(support.columnCount()));
        float[] whole =
            new Backsolve(here, new BlockedGramProduct(), executor).full(solution.kept());
        assertThat(support.spread(onSupport)).containsExactly(whole, within(1e-5f));
      }
    }
  }

  private static GradientMatrix copy(QuadraticProblem problem, GradientMatrix.Storage storage) {
    GradientMatrix copy = GradientMatrix.allocate(problem.rows, problem.costs, storage);
    for (int layer = 0; layer < problem.costs.layers().size(); layer++) {
      var of = problem.costs.layers().get(layer);
      for (int row = 0; row < problem.rows; row++) {
        float[] values = new float[of.count()];
        for (int j = 0; j < values.length; j++) {
          values[j] = (float) problem.matrix[row][of.offset() + j];
        }
        copy.write(layer, row, Rows.of(values));
      }
    }
    return copy;
  }

  @Test
  void theSolverTellsWhichMaskItMovedTo() {
    try (var problem = new QuadraticProblem(77, 200, 0.001, 40, 40)) {
      var accepted = new ArrayList<Mask>();
      Projector greedy = greedy(problem.costs);
      var projector =
          new Projector() {
            @Override
            public Mask project(float[] saliency, Budget budget) {
              return greedy.project(saliency, budget);
            }

            @Override
            public void accepted(Mask mask) {
              accepted.add(mask);
            }
          };
      Solution solution =
          solver(problem, projector, EXHAUSTIVE).solve(problem.dense, Budget.ofNnz(20));
      assertThat(accepted).hasSize(solution.iterations() + 1);
      assertThat(accepted.getLast()).isSameAs(solution.kept());
    }
  }

  @Test
  void argumentsOutOfRangeAreTold() {
    try (var problem = new QuadraticProblem(9, 5, 0.1, 3)) {
      var solver = solver(problem, greedy(problem.costs), DiscreteFirstOrder.Settings.DEFAULT);
      assertThatThrownBy(() -> solver.solve(new float[2], Budget.UNLIMITED))
          .hasMessage("start of 2 weights, the quadratic has 3");
      assertThatThrownBy(() -> solver.solve(new float[] {0, Float.NaN, 0}, Budget.UNLIMITED))
          .hasMessage("weight 1 starts at NaN; a start is finite");
    }
  }
}
