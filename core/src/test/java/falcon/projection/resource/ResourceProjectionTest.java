package falcon.projection.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.Budget;
import falcon.budget.CostPattern;
import falcon.budget.Mask;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.projection.BudgetProjection;
import falcon.projection.Problem;
import falcon.projection.Projection;
import falcon.projection.ResourceUse;
import falcon.projection.group.LayerLimits;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceProjectionTest {
  private static final ResourceTable RES_NET_20 = ResourceProblem.resNet20(false);
  private static final ResourceTable PATTERNED = ResourceProblem.resNet20(true);

  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  private static ProjectedMask solve(ResourceProblem problem) {
    return check(
        problem,
        new ResourceProjection()
            .project(
                problem.saliency().values(), problem.table(), problem.budget(), problem.limits()));
  }

  /// Checks the properties of every solution, from the problem alone.
  static ProjectedMask check(ResourceProblem problem, ProjectedMask found) {
    Mask mask = found.mask();
    assertThat(problem.allows(mask)).as("%s", problem).isTrue();
    double value = problem.valueOf(mask);
    assertThat(found.value()).as("%s", problem).isCloseTo(value, within(1e-12 * value));
    assertThat(found.gap()).as("%s", problem).isNotNegative();
    double[] multipliers = new double[found.uses().size()];
    for (int r = 0; r < multipliers.length; r++) {
      ResourceUse use = found.uses().get(r);
      assertThat(use.resource()).isEqualTo(problem.table().resources().get(r));
      assertThat(use.used()).as("%s", problem).isEqualTo(problem.table().used(mask, r));
      assertThat(use.slack()).isEqualTo(problem.budget().limit(r) - use.used());
      assertThat(use.multiplier()).as("%s", problem).isNotNegative();
      multipliers[r] = use.multiplier();
    }
    double dual = problem.dual(multipliers);
    // The definition takes differences of saliencies and thresholds, each of which is rounded.
    double rounding = 1e-11 * dual + 1e-15 * problem.valueOf(Mask.all(problem.weightCount()));
    assertThat(found.bound()).as("%s", problem).isCloseTo(dual, within(rounding));
    assertThat(dual).as("%s", problem).isGreaterThanOrEqualTo(value - rounding);
    for (int l = 0; l < problem.table().layers().size(); l++) {
      ResourceTable.Layer layer = problem.table().layers().get(l);
      int kept = mask.keptCount(layer.offset(), layer.end());
      for (int j = 0; j < layer.count() && kept < problem.range(l).maxKept(); j++) {
        boolean wouldFit = !mask.isKept(layer.offset() + j);
        for (int r = 0; r < multipliers.length; r++) {
          long cost = layer.pattern().cost(layer.pattern().kindOf(j), r);
          wouldFit &= found.uses().get(r).slack() >= cost;
        }
        assertThat(wouldFit).as("weight %d of layer %d, %s", j, l, problem).isFalse();
      }
    }
    return found;
  }

  @ParameterizedTest(name = "resources={0}")
  @ValueSource(ints = {1, 2, 3, 4})
  void valueEqualsEnumeration(int resources) {
    for (long seed = 0; seed < 300; seed++) {
      ResourceProblem problem = ResourceProblem.small(1000L * resources + seed, 11, resources);
      ProjectedMask found = solve(problem);
      double best = problem.bestByEnumeration();
      assertThat(found.value()).as("%s", problem).isCloseTo(best, within(1e-13 * best));
      assertThat(found.isOptimal()).as("%s", problem).isTrue();
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void boundIsTheLeastOfTheDualFunction(long seed) {
    ResourceProblem problem = ResourceProblem.small(seed + 10_000, 300, 1 + (int) (seed % 5));
    ProjectedMask found = solve(problem);
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 0; n < 200; n++) {
      double spread = Math.exp(-n / 10.0);
      double[] multipliers = new double[found.uses().size()];
      for (int r = 0; r < multipliers.length; r++) {
        double near = found.uses().get(r).multiplier() * (1 + spread * random.nextGaussian());
        multipliers[r] = Math.abs(near);
      }
      assertThat(problem.dual(multipliers))
          .as("%s", problem)
          .isGreaterThanOrEqualTo(found.bound() * (1 - 1e-12));
    }
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void twoResourcesGiveWhatBudgetProjectionGives(long seed) {
    Problem problem = Problem.small(seed + 20_000, 400);
    Budget budget = problem.budget();
    Projection expected =
        new BudgetProjection().project(problem.saliency().values(), problem.costs(), budget);
    ProjectedMask found =
        new ResourceProjection()
            .project(
                problem.saliency().values(),
                ResourceTable.of(problem.costs()),
                ResourceBudget.of(budget.maxNnz(), budget.maxMacs()));
    assertThat(found.value()).as("%s", problem).isEqualTo(expected.value());
    assertThat(found.bound()).as("%s", problem).isLessThanOrEqualTo(expected.bound() * (1 + 1e-13));
    assertThat(found.isOptimal()).as("%s", problem).isEqualTo(expected.isOptimal());
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void scalingByAPowerOfTwoGivesTheSameMask(long seed) {
    ResourceProblem problem = ResourceProblem.small(seed + 30_000, 200, 3);
    float[] scaled = new float[problem.weightCount()];
    float[] back = new float[scaled.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = problem.saliency().values()[i] * 0.25f;
      back[i] = scaled[i] * 4f;
    }
    assertThat(solve(problem.withSaliency(back)).mask())
        .as("%s", problem)
        .isEqualTo(solve(problem.withSaliency(scaled)).mask());
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void orderWithinALayerOfEqualCostsDoesNotMatter(long seed) {
    ResourceProblem problem = ResourceProblem.small(seed + 40_000, 200, 3);
    float[] reversed = problem.saliency().values().clone();
    for (ResourceTable.Layer layer : problem.table().layers()) {
      if (layer.pattern().kindCount() == 1) {
        for (int i = layer.offset(), j = layer.end() - 1; i < j; i++, j--) {
          float swapped = reversed[i];
          reversed[i] = reversed[j];
          reversed[j] = swapped;
        }
      }
    }
    ProjectedMask found = solve(problem);
    ProjectedMask foundReversed = solve(problem.withSaliency(reversed));
    assertThat(foundReversed.value()).as("%s", problem).isEqualTo(found.value());
    assertThat(foundReversed.bound()).as("%s", problem).isEqualTo(found.bound());
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void looserBudgetNeverLowersTheValue(long seed) {
    ResourceProblem drawn = ResourceProblem.small(seed + 50_000, 30, 3);
    ResourceProblem problem =
        new ResourceProblem(
            drawn.name(), drawn.saliency(), drawn.table(), drawn.budget(), LayerLimits.NONE);
    double before = -1;
    for (int step = 0; step <= 10; step++) {
      int share = step;
      long[] limits =
          LongStream.range(0, 3).map(r -> problem.table().total((int) r) * share / 10).toArray();
      ProjectedMask found = solve(problem.withBudget(ResourceBudget.of(limits)));
      if (found.isOptimal()) {
        assertThat(found.value()).as("%s", problem).isGreaterThanOrEqualTo(before * (1 - 1e-13));
        before = found.value();
      }
    }
    double all = problem.valueOf(Mask.all(problem.weightCount()));
    assertThat(before).isCloseTo(all, within(all * 1e-13));
  }

  private static ResourceProblem resNet20(ResourceTable table, int kind, double... shares) {
    SplittableRandom random = new SplittableRandom(1000L * kind + Math.round(100 * shares[1]));
    float[] saliency = Problem.saliencies(random, table.weightCount(), kind);
    long[] limits = new long[shares.length];
    Arrays.setAll(limits, r -> Math.round(shares[r] * table.total(r)));
    return new ResourceProblem(
        "kind " + kind,
        new Problem.Saliency(saliency),
        table,
        ResourceBudget.of(limits),
        LayerLimits.NONE);
  }

  @ParameterizedTest(name = "kind={0} nnz={1} macs={2} time={3}")
  @CsvSource({
    "0,0.3,0.3,0.3",
    "0,0.36,0.2,0.21",
    "0,0.1,0.1,0.1",
    "0,0.5,0.45,0.44",
    "0,0.9,0.8,0.8",
    "1,0.3,0.3,0.3",
    "1,0.5,0.5,0.5",
    "3,0.3,0.3,0.3"
  })
  void gapIsTinyOnResNet20WithThreeResources(int kind, double nnz, double macs, double time) {
    for (ResourceTable table : new ResourceTable[] {RES_NET_20, PATTERNED}) {
      ResourceProblem problem = resNet20(table, kind, nnz, macs, time);
      ProjectedMask found = solve(problem);
      assertThat(found.relativeGap()).as("%s %s", problem, found).isLessThanOrEqualTo(1e-6);
    }
  }

  @Test
  void gapIsTinyWhereAllThreeBudgetsBind() {
    // Budgets that the best mask at arbitrary multipliers uses up: all three bind at once.
    ResourceProblem loose = resNet20(RES_NET_20, 0, 1, 1, 1);
    boolean[] kept = new boolean[loose.weightCount()];
    for (ResourceTable.Layer layer : RES_NET_20.layers()) {
      CostPattern pattern = layer.pattern();
      double threshold = 2e-4 + 1e-6 * pattern.cost(0, 1) + 1e-7 * pattern.cost(0, 2);
      for (int i = layer.offset(); i < layer.end(); i++) {
        kept[i] = loose.saliency().values()[i] > threshold;
      }
    }
    Mask mask = Mask.ofKept(kept);
    long[] limits = LongStream.range(0, 3).map(r -> RES_NET_20.used(mask, (int) r)).toArray();
    limits[2] -= 1;
    ProjectedMask found = solve(loose.withBudget(ResourceBudget.of(limits)));
    assertThat(found.uses()).allSatisfy(use -> assertThat(use.multiplier()).isPositive());
    assertThat(found.relativeGap()).as("%s", found).isLessThanOrEqualTo(1e-6);
  }

  @ParameterizedTest(name = "kind={0}")
  @ValueSource(ints = {2, 4, 5})
  void tiesZerosAndDenormalsAreSolved(int kind) {
    ProjectedMask found = solve(resNet20(RES_NET_20, kind, 0.31, 0.23, 0.24));
    assertThat(found.relativeGap()).as("%s", found).isLessThanOrEqualTo(1e-4);
  }

  @ParameterizedTest(name = "saliency={0}")
  @ValueSource(floats = {0f, 1f, 0.3f, Float.MIN_VALUE, Float.MAX_VALUE})
  void equalSaliencies(float all) {
    ResourceProblem problem = resNet20(RES_NET_20, 0, 0.31, 0.23, 0.24);
    float[] saliency = new float[problem.weightCount()];
    Arrays.fill(saliency, all);
    ProjectedMask found = solve(problem.withSaliency(saliency));
    assertThat(found.relativeGap()).as("%s", found).isLessThanOrEqualTo(1e-5);
  }

  @Test
  void oneLayerKeepsWhatTheTightestBudgetAllows() {
    ResourceTable table = ResourceTable.builder("a", "b", "c").layer("only", 1000, 2, 3, 5).build();
    float[] saliency = Problem.saliencies(new SplittableRandom(3), 1000, 0);
    ResourceProblem problem =
        new ResourceProblem(
            "one",
            new Problem.Saliency(saliency),
            table,
            ResourceBudget.of(1001, 1400, 2399),
            LayerLimits.NONE);
    ProjectedMask found = solve(problem);
    assertThat(found.mask().keptCount()).isEqualTo(466);
    assertThat(found.isOptimal()).isTrue();
  }

  @Test
  void budgetsAtTheEndsAreLegal() {
    int p = RES_NET_20.weightCount();
    ResourceProblem problem = resNet20(RES_NET_20, 0, 1, 1, 1);
    assertThat(solve(problem).mask()).isEqualTo(Mask.all(p));
    assertThat(solve(problem).gap()).isZero();
    assertThat(solve(problem.withBudget(ResourceBudget.of(0, 0, 0))).mask())
        .isEqualTo(Mask.none(p));
    long[] total = LongStream.range(0, 3).map(r -> RES_NET_20.total((int) r)).toArray();
    ResourceBudget none = ResourceBudget.of(total[0] / 3, total[1] / 3, 0);
    assertThat(solve(problem.withBudget(none)).mask()).isEqualTo(Mask.none(p));
    ResourceBudget nearly = ResourceBudget.of(total[0] - 1, total[1] - 1, total[2] - 1);
    assertThat(solve(problem.withBudget(nearly)).mask().keptCount()).isEqualTo(p - 1);
    ResourceTable empty = ResourceTable.builder("a", "b", "c").build();
    assertThat(
            new ResourceProjection()
                .project(new float[0], empty, ResourceBudget.of(1, 2, 3))
                .bound())
        .isZero();
  }

  @Test
  void slackAndProportionalResourcesChangeNothing() {
    ResourceTable.Builder builder = ResourceTable.builder("nnz", "macs", "same", "triple", "bytes");
    for (ResourceTable.Layer layer : RES_NET_20.layers()) {
      long macs = layer.pattern().cost(0, 1);
      builder.layer(layer.name(), layer.count(), 1, macs, macs, 3 * macs, 4);
    }
    ResourceTable table = builder.build();
    ResourceProblem problem = resNet20(table, 0, 0.3, 0.25, 0.25, 0.25, 0.9);
    ProjectedMask found = solve(problem);
    ResourceBudget budget = problem.budget();
    Projection two =
        new BudgetProjection()
            .project(
                problem.saliency().values(),
                Problem.resNet20(),
                new Budget(budget.limit(0), budget.limit(1)));
    assertThat(found.bound()).isCloseTo(two.bound(), within(1e-12 * two.bound()));
    assertThat(found.relativeGap()).isLessThanOrEqualTo(1e-6);
    assertThat(found.uses().get(4).multiplier()).isZero();
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void everyWeightMayHaveACostOfItsOwn(long seed) {
    int count = 5000;
    SplittableRandom random = new SplittableRandom(seed);
    long[][] costs = new long[count][];
    int[] kinds = new int[count];
    for (int j = 0; j < count; j++) {
      costs[j] =
          new long[] {1 + random.nextInt(1000), random.nextInt(1_000_000), random.nextInt(300)};
      kinds[j] = j;
    }
    ResourceTable table =
        ResourceTable.builder("a", "b", "c")
            .layer("all", count, CostPattern.repeating(kinds, costs))
            .build();
    ResourceProblem problem = resNet20(table, 0, 0.3, 0.3, 0.3);
    ProjectedMask found = solve(problem);
    assertThat(found.relativeGap()).as("%s", found).isLessThanOrEqualTo(1e-4);
    ResourceProblem limited =
        new ResourceProblem(
            "limited",
            problem.saliency(),
            table,
            problem.budget(),
            new LayerLimits(Map.of(0, new LayerLimits.Range(0, 1200))));
    assertThat(solve(limited).mask().keptCount()).isEqualTo(1200);
  }

  @ParameterizedTest(name = "threads={0}")
  @ValueSource(ints = {2, 4})
  void anyNumberOfThreadsGivesTheSameBits(int threads) {
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      ResourceProjection parallel = new ResourceProjection(executor, threads);
      ResourceProjection alone = new ResourceProjection();
      for (int kind = 0; kind < 6; kind++) {
        for (ResourceTable table : new ResourceTable[] {RES_NET_20, PATTERNED}) {
          ResourceProblem problem = resNet20(table, kind, 0.29, 0.17, 0.18);
          float[] saliency = problem.saliency().values();
          assertThat(parallel.project(saliency, table, problem.budget()))
              .isEqualTo(alone.project(saliency, table, problem.budget()));
        }
      }
    }
  }

  @ParameterizedTest(name = "bad={0}")
  @ValueSource(floats = {Float.NaN, -1f, Float.POSITIVE_INFINITY})
  void badSaliencyIsRefusedWithItsPosition(float bad) {
    for (ResourceTable table : new ResourceTable[] {RES_NET_20, PATTERNED}) {
      ResourceProblem problem = resNet20(table, 0, 0.3, 0.3, 0.3);
      float[] spoilt = problem.saliency().values().clone();
      spoilt[200_000] = bad;
      spoilt[200_001] = Float.NaN;
      assertThatThrownBy(() -> new ResourceProjection().project(spoilt, table, problem.budget()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "saliency 200000 of 268336 is %s; a saliency is finite and zero or more"
                  .formatted(bad));
    }
  }

  @Test
  void wrongSizesAndLimitsAreRefused() {
    ResourceProjection projection = new ResourceProjection();
    ResourceTable table =
        ResourceTable.builder("nnz", "time")
            .layer("a", 4, 1, 10)
            .layer(
                "b",
                4,
                CostPattern.repeating(new int[] {0, 1}, new long[] {1, 2}, new long[] {1, 3}))
            .build();
    float[] saliency = new float[8];
    ResourceBudget budget = ResourceBudget.of(2, 20);
    assertThatThrownBy(() -> projection.project(new float[3], table, budget))
        .hasMessage("3 saliencies for 8 weights");
    assertThatThrownBy(() -> projection.project(saliency, table, ResourceBudget.of(1)))
        .hasMessage("a budget of 1 resources for costs in 2");
    assertThatThrownBy(() -> projection.project(saliency, table, budget, floor(0, 3)))
        .hasMessage("what the layers must keep uses 3 of 'nnz', the budget allows 2");
    assertThatThrownBy(() -> projection.project(saliency, table, budget, floor(1, 1)))
        .hasMessage(
            "layer 'b' must keep 1 weights, but its weights differ in cost;"
                + " only layers of equal costs can have a floor");
    assertThatThrownBy(() -> projection.project(saliency, table, budget, floor(2, 1)))
        .hasMessage("a limit is set on layer 2, but there are 2 layers");
    assertThatThrownBy(() -> new ResourceProjection(Runnable::run, 0))
        .hasMessage("threads is 0; at least 1 works");
  }

  private static LayerLimits floor(int layer, int minKept) {
    return new LayerLimits(Map.of(layer, new LayerLimits.Range(minKept, Integer.MAX_VALUE)));
  }
}
