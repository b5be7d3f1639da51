package falcon.projection.pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import falcon.budget.SparsityPattern;
import falcon.budget.WeightRows;
import falcon.projection.BudgetProjection;
import falcon.projection.Problem;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.projection.resource.ResourceProjection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The projection with a pattern, against all masks of small networks and against the definition of
/// pattern and budget on larger ones.
class PatternedProjectionTest {
  private static final double ROUNDING = 1e-6;

  @Test
  void certificateHoldsAgainstAllMasks() {
    int optimal = 0;
    int feasible = 0;
    for (long seed = 0; seed < 600; seed++) {
      PatternProblem small = PatternProblem.small(seed, 13);
      double best = small.bestOfAll();
      if (best < 0) {
        assertThatThrownBy(() -> project(small)).as("%s", small).hasMessageContaining("must keep");
        continue;
      }
      feasible++;
      Projection found = project(small);
      check(small, found);
      double rounding = ROUNDING * best;
      assertThat(found.value()).as("%s", small).isLessThanOrEqualTo(best + rounding);
      assertThat(found.bound()).as("%s", small).isGreaterThanOrEqualTo(best - rounding);
      assertThat(best - found.value()).as("%s", small).isLessThanOrEqualTo(found.gap() + rounding);
      if (found.isOptimal()) {
        assertThat(found.value()).as("%s", small).isGreaterThanOrEqualTo(best - rounding);
        optimal++;
      }
    }
    assertThat(feasible).isGreaterThan(500);
    assertThat(optimal).isGreaterThan(feasible * 9 / 10);
  }

  @Test
  void hasPatternAndBudgetOnMoreWeights() {
    for (long seed = 1000; seed < 1200; seed++) {
      PatternProblem problem = PatternProblem.small(seed, 300);
      try {
        check(problem, project(problem));
      } catch (IllegalArgumentException e) {
        assertThat(e).as("%s", problem).hasMessageContaining("must keep");
      }
    }
  }

  private static Projection project(PatternProblem small) {
    return new PatternedProjection()
        .project(
            small.problem().saliency().values(),
            small.costs(),
            small.problem().budget(),
            small.limits());
  }

  /// Checks a result from the definition of pattern, budget and value.
  private static void check(PatternProblem problem, Projection found) {
    Mask mask = found.mask();
    Budget budget = problem.problem().budget();
    assertThat(problem.hasPattern(mask)).as("%s", problem).isTrue();
    assertThat(PatternItems.of(problem.costs(), problem.limits()).violatedIn(mask)).isNull();
    assertThat(problem.meetsFloors(mask)).as("%s", problem).isTrue();
    assertThat(budget.allows(mask, problem.costs())).as("%s", problem).isTrue();
    assertThat(found.nnz()).isEqualTo(mask.keptCount());
    assertThat(found.macs()).isEqualTo(mask.macs(problem.costs()));
    assertThat(found.nnzSlack()).isEqualTo(budget.maxNnz() - found.nnz());
    assertThat(found.macsSlack()).isEqualTo(budget.maxMacs() - found.macs());
    double value = problem.value(mask);
    assertThat(found.value())
        .as("%s", problem)
        .isBetween(value * (1 - ROUNDING), value * (1 + ROUNDING));
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocks", "2:4", "4:8", "1:3"})
  void sameBitsForAnyNumberOfThreads(String pattern) {
    CostTable costs = Problem.resNet20();
    LayerLimits limits = resNet20(SparsityPattern.parse(pattern));
    float[] saliency = Problem.saliencies(new SplittableRandom(5), costs.weightCount(), 0);
    Budget budget = new Budget(costs.weightCount() / 4, costs.totalMacs() / 5);
    Projection alone = new PatternedProjection().project(saliency, costs, budget, limits);
    try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
      var parallel = new PatternedProjection(executor, 3);
      assertThat(parallel.project(saliency, costs, budget, limits)).isEqualTo(alone);
      assertThat(parallel.project(saliency, costs, budget, limits)).isEqualTo(alone);
    }
    assertThat(PatternItems.of(costs, limits).violatedIn(alone.mask())).isNull();
  }

  /// A budget of MACs alone, and blocks that are all whole, leave one multiplier: a gap of less
  /// than a block.
  @ParameterizedTest
  @CsvSource({"blocks,5", "2:4,5", "4:8,3"})
  void gapIsThatOfOneItem(String pattern, int part) {
    CostTable costs = Problem.resNet20();
    float[] saliency = Problem.saliencies(new SplittableRandom(6), costs.weightCount(), 0);
    Projection found =
        new PatternedProjection()
            .project(
                saliency,
                costs,
                Budget.ofMacs(costs.totalMacs() / part),
                resNet20(SparsityPattern.parse(pattern)));
    assertThat(found.relativeGap()).isLessThan(1e-6);
    assertThat(found.macsSlack()).isLessThan(4096);
  }

  /// The layers of [Problem#resNet20] with rows of nine taps, and the last one with ten outputs.
  private static LayerLimits resNet20(SparsityPattern pattern) {
    var rows = new ArrayList<WeightRows>();
    var random = new SplittableRandom(9);
    for (CostTable.Layer layer : Problem.resNet20().layers()) {
      int outputs = layer.name().equals("linear") ? 10 : layer.count() < 9000 ? 16 : 64;
      rows.add(ShuffledRows.of(1, outputs, layer.count() / outputs, random));
    }
    return new LayerLimits(Map.of(), null, new PatternLayout(pattern, rows));
  }

  @Test
  void withoutPatternItIsTheBudgetProjection() {
    for (long seed = 0; seed < 50; seed++) {
      Problem problem = Problem.small(seed, 200);
      assertThat(
              new PatternedProjection()
                  .project(
                      problem.saliency().values(),
                      problem.costs(),
                      problem.budget(),
                      LayerLimits.NONE))
          .isEqualTo(
              new BudgetProjection()
                  .project(problem.saliency().values(), problem.costs(), problem.budget()));
    }
  }

  @Test
  void saliencyOfBlocksMayBeBeyondFloat() {
    CostTable costs = CostTable.builder().layer("a", 8, 1).build();
    float[] saliency = {
      Float.MAX_VALUE, Float.MAX_VALUE, Float.MAX_VALUE, Float.MAX_VALUE, 1, 1, 1, 1
    };
    Projection found =
        new PatternedProjection()
            .project(saliency, costs, Budget.ofMacs(5), limits(SparsityPattern.BLOCKS, 8, 1));
    assertThat(found.mask()).isEqualTo(Mask.ofKept(kept(8, 0, 1, 2, 3)));
  }

  private static boolean[] kept(int count, int... indexes) {
    var kept = new boolean[count];
    for (int i : indexes) {
      kept[i] = true;
    }
    return kept;
  }

  /// Limits of one layer with a row after the other.
  private static LayerLimits limits(SparsityPattern pattern, int outputs, int length) {
    var numbers = new ArrayList<Integer>();
    for (int i = 0; i < outputs * length; i++) {
      numbers.add(i);
    }
    return new LayerLimits(
        Map.of(),
        null,
        new PatternLayout(pattern, List.of(new ShuffledRows(1, outputs, length, numbers))));
  }

  @Test
  void othersRefuseLimitsWithAPattern() {
    CostTable costs = CostTable.builder().layer("a", 8, 1).build();
    LayerLimits limits = limits(SparsityPattern.BLOCKS, 8, 1);
    assertThatThrownBy(
            () -> new BudgetProjection().project(new float[8], costs, Budget.ofMacs(5), limits))
        .hasMessageContaining("PatternedProjection");
    assertThatThrownBy(() ->
            new ResourceProjection()
                .project(
                    new float[8],
                    falcon.budget.ResourceTable.of(costs),
                    falcon.budget.ResourceBudget.of(5, 5),
                    limits))
        .hasMessageContaining("PatternedProjection");
  }

  @Test
  void refusesWhatDoesNotFit() {
    CostTable costs = CostTable.builder().layer("a", 8, 1).build();
    var projection = new PatternedProjection();
    LayerLimits blocks = limits(SparsityPattern.BLOCKS, 4, 1);
    assertThatThrownBy(() -> projection.project(new float[8], costs, Budget.ofMacs(5), blocks))
        .hasMessage("layer 'a' has 8 weights, its rows have 4");
    LayerLimits half = limits(SparsityPattern.parse("2:4"), 1, 8);
    assertThatThrownBy(() ->
            projection.project(
                new float[8],
                costs,
                Budget.ofMacs(8),
                new LayerLimits(Map.of(0, new LayerLimits.Range(5, 8)), null, half.pattern())))
        .hasMessage("layer 'a' must keep 5 weights, but the pattern lets 4 stay");
    assertThatThrownBy(() ->
            projection.project(
                new float[8],
                costs,
                Budget.ofMacs(8),
                new LayerLimits(Map.of(0, new LayerLimits.Range(0, 5)), null, half.pattern())))
        .hasMessageContaining("layers can have floors only");
    float[] bad = {0, 0, 0, Float.NaN, 0, 0, 0, 0};
    assertThatThrownBy(() -> projection.project(bad, costs, Budget.ofMacs(8), half))
        .hasMessageContaining("saliency 3 of 8 is NaN");
  }
}
