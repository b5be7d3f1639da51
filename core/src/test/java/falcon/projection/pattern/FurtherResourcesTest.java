package falcon.projection.pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.budget.Budget;
import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.budget.SparsityPattern;
import falcon.budget.WeightRows;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import falcon.projection.ResourceUse;
import falcon.projection.group.LayerLimits;
import java.util.ArrayList;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Budgets of resources besides weights and MACs, against all masks of small networks.
class FurtherResourcesTest {
  private static final double ROUNDING = 1e-6;

  /// A network whose two further resources cost each weight something of its own, or the same in a
  /// layer.
  private static final class Case {
    private final String name;
    private final CostTable costs;
    private final long[][] cost;
    private final float[] saliency;
    private final Budget budget;
    private final LayerLimits limits;

    private Case(
        String name,
        CostTable costs,
        long[][] cost,
        float[] saliency,
        Budget budget,
        LayerLimits limits) {
      this.name = name;
      this.costs = costs;
      this.cost = cost;
      this.saliency = saliency;
      this.budget = budget;
      this.limits = limits;
    }

    /// @param isEqual whether the weights of a layer cost the same
    static Case of(long seed, SparsityPattern pattern, boolean isEqual) {
      var random = new SplittableRandom(seed);
      CostTable.Builder table = CostTable.builder();
      var rows = new ArrayList<WeightRows>();
      for (int l = 0; l < 2; l++) {
        int outputs = 1 + random.nextInt(3);
        int length = 1 + random.nextInt(3);
        table.layer("layer" + l, outputs * length, 1 + random.nextInt(4));
        rows.add(ShuffledRows.of(1, outputs, length, random));
      }
      CostTable plain = table.build();
      int count = plain.weightCount();
      var cost = new long[count][];
      ResourceTable.Builder further = ResourceTable.builder("energy", "traffic");
      for (CostTable.Layer layer : plain.layers()) {
        var kinds = new int[layer.count()];
        var costs = new long[layer.count()][];
        for (int j = 0; j < layer.count(); j++) {
          kinds[j] = j;
          costs[j] =
              isEqual && j > 0 ? costs[0] : new long[] {random.nextInt(9), random.nextInt(60)};
          cost[layer.offset() + j] = costs[j];
        }
        further.layer(
            layer.name(),
            layer.count(),
            isEqual ? CostPattern.same(costs[0]) : CostPattern.repeating(kinds, costs));
      }
      ResourceTable resources = further.build();
      var saliency = new float[count];
      for (int i = 0; i < count; i++) {
        saliency[i] = random.nextInt(5) == 0 ? 0 : (float) random.nextDouble();
      }
      Mask keepable = null;
      if (random.nextInt(3) == 0) {
        var may = new boolean[count];
        for (int i = 0; i < count; i++) {
          may[i] = i == 0 || random.nextInt(4) > 0;
        }
        keepable = Mask.ofKept(may);
      }
      return new Case(
          "seed %d, %s".formatted(seed, pattern),
          plain.withFurther(resources),
          cost,
          saliency,
          new Budget(
              random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(count + 1),
              random.nextLong(plain.totalMacs() + 1),
              ResourceBudget.of(
                  random.nextLong(resources.total(0) + 1),
                  random.nextLong(resources.total(1) + 1))),
          new LayerLimits(
              Map.of(),
              keepable,
              pattern.equals(SparsityPattern.SCATTERED) ? null : new PatternLayout(pattern, rows)));
    }

    long used(Mask mask, int resource) {
      long used = 0;
      for (int i = 0; i < cost.length; i++) {
        used += mask.isKept(i) ? cost[i][resource] : 0;
      }
      return used;
    }

    boolean isAllowed(Mask mask) {
      Mask keepable = limits.keepable();
      return mask.keptCount() <= budget.maxNnz()
          && mask.macs(costs) <= budget.maxMacs()
          && used(mask, 0) <= budget.further().limit(0)
          && used(mask, 1) <= budget.further().limit(1)
          && (keepable == null || mask.and(keepable).equals(mask))
          && (limits.pattern() == null || PatternItems.of(costs, limits).violatedIn(mask) == null);
    }

    double value(Mask mask) {
      double value = 0;
      for (int i = 0; i < saliency.length; i++) {
        value += mask.isKept(i) ? saliency[i] : 0;
      }
      return value;
    }

    double best() {
      double best = 0;
      for (long bits = 0; bits < 1L << saliency.length; bits++) {
        Mask mask = Mask.ofWords(saliency.length, new long[] {bits});
        if (value(mask) > best && isAllowed(mask)) {
          best = value(mask);
        }
      }
      return best;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scattered", "blocks", "2:4"})
  void certificateHoldsAgainstAllMasks(String name) {
    SparsityPattern pattern = SparsityPattern.parse(name);
    int optimal = 0;
    for (long seed = 0; seed < 150; seed++) {
      Case problem = Case.of(seed, pattern, name.equals("2:4"));
      Projection found = project(problem);
      double best = problem.best();
      assertThat(problem.isAllowed(found.mask())).as(problem.name).isTrue();
      assertThat(found.value())
          .as(problem.name)
          .isBetween(
              problem.value(found.mask()) - ROUNDING, problem.value(found.mask()) + ROUNDING);
      assertThat(found.bound()).as(problem.name).isGreaterThanOrEqualTo(best - ROUNDING);
      assertThat(best - found.value()).as(problem.name).isLessThanOrEqualTo(found.gap() + ROUNDING);
      optimal += found.value() >= best - ROUNDING ? 1 : 0;
      for (int r = 0; r < 2; r++) {
        ResourceUse use = found.further().get(r);
        assertThat(use.used()).as(problem.name).isEqualTo(problem.used(found.mask(), r));
        assertThat(use.slack())
            .as(problem.name)
            .isEqualTo(problem.budget.further().limit(r) - use.used());
      }
    }
    assertThat(optimal).isGreaterThan(140);
  }

  private static Projection project(Case problem) {
    return new PatternedProjection()
        .project(problem.saliency, problem.costs, problem.budget, problem.limits);
  }

  @Test
  void costsWithoutALimitChangeNoBit() {
    for (long seed = 0; seed < 20; seed++) {
      Case problem = Case.of(seed, SparsityPattern.SCATTERED, false);
      Budget two = problem.budget.withFurther(ResourceBudget.NONE);
      CostTable plain = CostTable.of(problem.costs.layers());
      assertThat(
              new PatternedProjection()
                  .project(problem.saliency, problem.costs, two, problem.limits))
          .as(problem.name)
          .isEqualTo(new BudgetProjection().project(problem.saliency, plain, two, problem.limits));
    }
  }

  @Test
  void whatCannotBeProvenIsRefused() {
    Case problem = Case.of(3, SparsityPattern.parse("1:2"), false);
    assertThatThrownBy(() -> project(problem)).hasMessageContaining("differ in cost");
    Case scattered = Case.of(3, SparsityPattern.SCATTERED, true);
    assertThatThrownBy(() ->
            new BudgetProjection().project(scattered.saliency, scattered.costs, scattered.budget))
        .hasMessageContaining("PatternedProjection");
  }
}
