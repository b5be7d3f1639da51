package falcon.projection.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.CostPattern;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.projection.Problem;
import falcon.projection.group.LayerLimits;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ojalgo.optimisation.Expression;
import org.ojalgo.optimisation.ExpressionsBasedModel;
import org.ojalgo.optimisation.Optimisation;
import org.ojalgo.optimisation.Variable;
import org.ojalgo.optimisation.integer.IntegerStrategy;
import org.ojalgo.type.context.NumberContext;

/// Compares projections with the best mask of ojAlgo's branch and bound, which knows nothing of
/// cost classes.
class MixedIntegerSolverTest {
  /// Number of digits to which ojAlgo has to close its gap.
  private static final int DIGITS = 12;

  /// Relative tolerance of two sums of thousands of saliencies in different order.
  private static final double ROUNDING = 1e-11;

  @ParameterizedTest(name = "seed={0} weights={1} resources={2}")
  @CsvSource({
    "131,100,2", "132,100,2", "331,300,2", "362,300,2", "1033,1000,2", "1064,1000,2",
    "1095,1000,2", "3033,3000,2", "134,100,3", "165,100,3", "196,100,3", "334,300,3",
    "365,300,3", "396,300,3", "427,300,3", "1065,1000,3", "1096,1000,3", "3034,3000,3",
    "3127,3000,3", "501,200,4", "502,200,4"
  })
  void valueIsWhatAMixedIntegerSolverProves(long seed, int weights, int resources) {
    ResourceProblem problem = problem(seed, weights, resources);
    ProjectedMask found =
        ResourceProjectionTest.check(
            problem,
            new ResourceProjection()
                .project(problem.saliency().values(), problem.table(), problem.budget()));
    Optimisation.Result best = solve(problem);
    assertThat(best.getState().isOptimal()).as("%s", problem).isTrue();
    double rounding = ROUNDING * best.getValue();
    assertThat(found.bound()).as("%s", problem).isGreaterThanOrEqualTo(best.getValue() - rounding);
    assertThat(found.isOptimal()).as("%s", problem).isTrue();
    assertThat(found.value()).as("%s", problem).isCloseTo(best.getValue(), within(rounding));
  }

  /// Returns six layers with up to three kinds of weights each; the first resource counts weights.
  private static ResourceProblem problem(long seed, int weights, int resources) {
    SplittableRandom random = new SplittableRandom(seed);
    ResourceTable.Builder builder = ResourceTable.builder(ResourceProblem.names(resources));
    for (int left = weights, l = 0; left > 0; l++) {
      int count = Math.min(left, weights / 6 + 1);
      long[][] costs = new long[1 + random.nextInt(3)][resources];
      for (long[] cost : costs) {
        for (int r = 0; r < resources; r++) {
          cost[r] = r == 0 ? 1 : 1 + random.nextInt(r == 1 ? 64 : 1000);
        }
      }
      int[] kinds = new int[9];
      Arrays.setAll(kinds, j -> random.nextInt(costs.length));
      builder.layer("layer" + l, count, CostPattern.repeating(kinds, costs));
      left -= count;
    }
    ResourceTable table = builder.build();
    long[] limits = new long[resources];
    Arrays.setAll(limits, r -> (long) (table.total(r) * (0.3 + 0.1 * random.nextDouble())));
    return new ResourceProblem(
        "seed " + seed,
        new Problem.Saliency(Problem.saliencies(random, weights, 1)),
        table,
        ResourceBudget.of(limits),
        LayerLimits.NONE);
  }

  private static Optimisation.Result solve(ResourceProblem problem) {
    ExpressionsBasedModel model = new ExpressionsBasedModel();
    Variable[] kept = new Variable[problem.weightCount()];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = model.newVariable("z" + i).binary().weight(problem.saliency().values()[i]);
    }
    for (int r = 0; r < problem.budget().resourceCount(); r++) {
      Expression used = model.newExpression("b" + r).upper(problem.budget().limit(r));
      for (int i = 0; i < kept.length; i++) {
        used.set(kept[i], problem.cost(i, r));
      }
    }
    model.options.integer(
        IntegerStrategy.DEFAULT
            .withGapTolerance(NumberContext.of(DIGITS))
            .withParallelism(() -> 1));
    return model.maximise();
  }
}
