package falcon.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.kernel.Kernels;
import falcon.kernel.ScalarKernels;
import falcon.kernel.SelectionKernels;
import falcon.projection.group.Chunks;
import falcon.projection.group.CostClasses;
import falcon.projection.group.LayerLimits;
import falcon.projection.group.Segments;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares the projection by one pass with the one by several passes.
class ZonedProjectionTest {
  /// Both projections, each with its own memory.
  private record Both(ZonedProjection zoned, HistogramProjection byHistogram) {
    static Both of(CostTable costs, LayerLimits limits) {
      return of(costs, limits, Kernels.active());
    }

    static Both of(CostTable costs, LayerLimits limits, Kernels active) {
      CostClasses classes = new CostClasses(costs, limits);
      Chunks chunks = new Chunks(null, 1);
      Segments segments = new Segments(classes);
      SelectionKernels kernels = active.selection();
      long[] words = new long[Mask.wordCount(classes.weightCount())];
      MaskWriter writer = new MaskWriter(classes, segments, chunks, kernels, words);
      Candidates candidates = new Candidates(classes, segments, chunks, kernels, words);
      return new Both(
          new ZonedProjection(classes, chunks, candidates, writer),
          new HistogramProjection(classes, chunks, writer));
    }

    /// Projects both ways and compares the results; returns null where the zones give up.
    @Nullable Projection compare(Problem problem) {
      float[] saliency = problem.saliency().values();
      Projection found = zoned.project(saliency, problem.budget());
      Projection wanted = byHistogram.project(saliency, problem.budget());
      if (found != null) {
        assertThat(problem.budget().allows(found.mask(), problem.costs())).isTrue();
        assertThat(found.nnz()).isEqualTo(found.mask().keptCount());
        assertThat(found.macs()).isEqualTo(found.mask().macs(problem.costs()));
        double rounding = 1e-13 * wanted.bound();
        assertThat(found.value()).as("%s", problem).isCloseTo(wanted.value(), within(rounding));
        assertThat(found.bound()).as("%s", problem).isCloseTo(wanted.bound(), within(rounding));
      }
      return found;
    }
  }

  private static CostTable costs(SplittableRandom random, int weightCount) {
    CostTable.Builder builder = CostTable.builder();
    long[] costs = {1, 7, 49, 196, 784, 3136, 12544, 0};
    int distinct = 1 + random.nextInt(costs.length);
    for (int left = weightCount, l = 0; left > 0; l++) {
      int count = 1 + random.nextInt(Math.min(left, weightCount / 6));
      builder.layer("layer" + l, count, costs[random.nextInt(distinct)]);
      left -= count;
    }
    return builder.build();
  }

  private static Problem problem(long seed, int kind) {
    SplittableRandom random = new SplittableRandom(seed);
    CostTable costs = costs(random, 250_000 + random.nextInt(100_000));
    float[] saliency = Problem.saliencies(random, costs.weightCount(), kind);
    long maxNnz = random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextInt(costs.weightCount());
    long maxMacs = random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextLong(costs.totalMacs() + 1);
    return new Problem(
        "seed %d kind %d".formatted(seed, kind),
        new Problem.Saliency(saliency),
        costs,
        new Budget(maxNnz, maxMacs));
  }

  @ParameterizedTest(name = "kind={0}")
  @ValueSource(ints = {0, 1, 3})
  void onePassFindsWhatManyFind(int kind) {
    int found = 0;
    for (long seed = 0; seed < 20; seed++) {
      Problem problem = problem(seed, kind);
      Both both = Both.of(problem.costs(), LayerLimits.NONE);
      found += both.compare(problem) == null ? 0 : 1;
    }
    assertThat(found).as("problems solved by one pass").isGreaterThanOrEqualTo(19);
  }

  @ParameterizedTest(name = "kind={0}")
  @ValueSource(ints = {2, 4, 5})
  void tiesAndZerosAreSolvedRightOrNotAtAll(int kind) {
    for (long seed = 100; seed < 110; seed++) {
      Problem problem = problem(seed, kind);
      Both.of(problem.costs(), LayerLimits.NONE).compare(problem);
    }
  }

  @Test
  void masksAreTheSameBothWays() {
    CostTable costs = Problem.resNet20();
    Both both = Both.of(costs, LayerLimits.NONE);
    for (int percent = 5; percent < 100; percent += 10) {
      SplittableRandom random = new SplittableRandom(percent);
      float[] saliency = Problem.saliencies(random, costs.weightCount(), 0);
      Budget budget =
          new Budget(costs.weightCount() * (long) percent / 90, costs.totalMacs() * percent / 100);
      Projection found = Objects.requireNonNull(both.zoned().project(saliency, budget));
      Projection wanted = both.byHistogram().project(saliency, budget);
      assertThat(found.mask()).as("%d %%", percent).isEqualTo(wanted.mask());
      assertThat(found.isOptimal()).as("%d %%", percent).isEqualTo(wanted.isOptimal());
    }
  }

  @ParameterizedTest(name = "factor={0}")
  @ValueSource(floats = {0f, 0.5f, 0.96f, 0.99f, 1.01f, 1.04f, 2f, 1e6f})
  void wrongGuessesNeverMakeAWrongResult(float factor) {
    CostTable costs = Problem.resNet20();
    float[] saliency = Problem.saliencies(new SplittableRandom(9), costs.weightCount(), 1);
    float[] similar = new float[saliency.length];
    for (int i = 0; i < saliency.length; i++) {
      similar[i] = saliency[i] * factor;
    }
    Both both = Both.of(costs, LayerLimits.NONE);
    for (Budget budget :
        new Budget[] {
          Budget.ofNnz(50_000), Budget.ofMacs(10_000_000), new Budget(80_000, 10_000_000)
        }) {
      Projection found = both.zoned().project(saliency, similar, budget);
      boolean isNear = Math.abs(factor - 1) < 0.02;
      boolean isFar = factor < 0.6 || factor > 1.9;
      assertThat(isNear && found == null).isFalse();
      assertThat(isFar && found != null).isFalse();
      if (found != null) {
        assertThat(found.mask()).isEqualTo(both.byHistogram().project(saliency, budget).mask());
      }
    }
  }

  @Test
  void limitsOfLayersAreKeptBothWays() {
    CostTable costs = Problem.resNet20();
    LayerLimits limits =
        new LayerLimits(
            Map.of(
                0, new LayerLimits.Range(400, 432),
                3, new LayerLimits.Range(0, 100),
                15, new LayerLimits.Range(0, 9000),
                17, new LayerLimits.Range(20_000, 30_000),
                19, new LayerLimits.Range(640, 640)));
    Both both = Both.of(costs, limits);
    for (int percent = 15; percent < 95; percent += 20) {
      float[] saliency = Problem.saliencies(new SplittableRandom(percent), costs.weightCount(), 0);
      Budget budget =
          new Budget(costs.weightCount() * (long) percent / 95, costs.totalMacs() * percent / 100);
      Problem problem = new Problem(percent + " %", new Problem.Saliency(saliency), costs, budget);
      assertThat(both.compare(problem)).as("%s", problem).isNotNull();
    }
  }

  @ParameterizedTest(name = "{0} % of the MACs")
  @ValueSource(ints = {10, 20, 30, 45})
  void limitsOnAllLayersNeedNoFurtherPasses(int percent) {
    CostTable costs = Problem.resNet20();
    Map<Integer, LayerLimits.Range> limits = new TreeMap<>();
    for (int layer = 0; layer < costs.layers().size(); layer++) {
      int count = costs.layers().get(layer).count();
      limits.put(layer, new LayerLimits.Range(count / 20, count / 2));
    }
    float[] saliency = Problem.saliencies(new SplittableRandom(percent), costs.weightCount(), 0);
    Budget budget =
        new Budget(costs.weightCount() * (long) percent / 100, costs.totalMacs() * percent / 100);
    Problem problem = new Problem(percent + " %", new Problem.Saliency(saliency), costs, budget);
    assertThat(Both.of(costs, new LayerLimits(limits)).compare(problem)).isNotNull();
  }

  @ParameterizedTest(name = "{0} of the weights are zero, {1} are kept")
  @CsvSource({"0.8,0.1", "0.8,0.2", "0.8,0.3", "0.2,0.9", "1,0.5"})
  void zerosNeedNoFurtherPasses(double zeros, double kept) {
    CostTable costs = Problem.resNet20();
    SplittableRandom random = new SplittableRandom(3);
    float[] saliency = Problem.saliencies(random, costs.weightCount(), 0);
    for (int i = 0; i < saliency.length; i++) {
      saliency[i] = random.nextDouble() < zeros ? 0 : saliency[i];
    }
    Budget budget = new Budget((long) (kept * saliency.length), costs.totalMacs());
    Problem problem = new Problem("zeros", new Problem.Saliency(saliency), costs, budget);
    assertThat(Both.of(costs, LayerLimits.NONE).compare(problem)).isNotNull();
  }

  @Test
  void manyWeightsGiveTheSameBitsForAnyNumberOfThreads() {
    SplittableRandom random = new SplittableRandom(11);
    CostTable costs = costs(random, 2_000_000);
    float[] saliency = Problem.saliencies(random, costs.weightCount(), 0);
    Budget budget = new Budget(600_000, costs.totalMacs() / 5);
    Projection alone = new BudgetProjection().project(saliency, costs, budget);
    assertThat(alone.relativeGap()).isLessThanOrEqualTo(1e-6);
    try (ExecutorService executor = Executors.newFixedThreadPool(5)) {
      for (int threads : new int[] {2, 3, 5}) {
        BudgetProjection parallel = new BudgetProjection(executor, threads);
        assertThat(parallel.project(saliency, costs, budget)).isEqualTo(alone);
      }
    }
  }

  @Test
  void reusedWorkspaceAllocatesLittleMoreThanTheMask() {
    SplittableRandom random = new SplittableRandom(12);
    CostTable costs = costs(random, 2_000_000);
    float[] saliency = Problem.saliencies(random, costs.weightCount(), 0);
    Budget budget = new Budget(600_000, costs.totalMacs() / 5);
    // Vectors are objects until the compiler has optimised their code; scalar kernels have none.
    ZonedProjection projection = Both.of(costs, LayerLimits.NONE, new ScalarKernels()).zoned();
    for (int n = 0; n < 2; n++) {
      assertThat(projection.project(saliency, budget)).isNotNull();
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    Projection found = projection.project(saliency, budget);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(found).isNotNull();
    assertThat(allocated).isLessThan(costs.weightCount() / 8 + (2 << 20));
  }

  @Test
  void tiesInTheZoneAreKeptFromTheLowestIndexOn() {
    CostTable costs = CostTable.builder().layer("only", 100_000, 1).build();
    float[] saliency = new float[costs.weightCount()];
    for (int i = 0; i < saliency.length; i++) {
      saliency[i] = 1 + i % 500;
    }
    Both both = Both.of(costs, LayerLimits.NONE);
    Projection found = Objects.requireNonNull(both.zoned().project(saliency, Budget.ofNnz(10_150)));
    // 200 weights of each value: 50 values are kept whole, 150 weights of the next.
    assertThat(found.nnz()).isEqualTo(10_150);
    int[] ties = new int[200];
    for (int n = 0; n < ties.length; n++) {
      ties[n] = 449 + 500 * n;
    }
    assertThat(Arrays.stream(ties).filter(found.mask()::isKept).toArray())
        .containsExactly(Arrays.copyOf(ties, 150));
    assertThat(found.mask())
        .isEqualTo(both.byHistogram().project(saliency, Budget.ofNnz(10_150)).mask());
  }
}
