package falcon.prune.plan;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.prune.options.Schedule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BudgetScheduleTest {
  /// 200 weights, 4,000 MACs.
  private static final CostTable COSTS =
      CostTable.builder().layer("a", 100, 10).layer("b", 100, 30).build();

  @Test
  void aGeometricScheduleFallsByTheSameFactorInEveryStep() {
    List<Budget> budgets = BudgetSchedule.of(Schedule.GEOMETRIC, 5, 2, new Budget(20, 400), COSTS);
    assertThat(budgets)
        .containsExactly(
            new Budget(40, 800), // 20 and 400 times 2^(4/4), 2^(3/4), …
            new Budget(33, 672),
            new Budget(28, 565),
            new Budget(23, 475),
            new Budget(20, 400));
  }

  @Test
  void aCubicScheduleStartsAtFourFifthsAsInThePaper() {
    List<Budget> budgets = BudgetSchedule.of(Schedule.CUBIC, 5, 2, new Budget(200, 400), COSTS);
    assertThat(budgets.stream().map(Budget::maxMacs))
        .containsExactly(3200L, 1581L, 750L, 443L, 400L); // 400 (1 + 7 (1 − t/4)³)
    assertThat(budgets.stream().map(Budget::maxNnz)).as("not limited").containsOnly(200L);
  }

  @Test
  void aGeometricScheduleStartsAtFourFifthsAtMost() {
    List<Budget> budgets =
        BudgetSchedule.of(Schedule.GEOMETRIC, 3, 100, new Budget(200, 1000), COSTS);
    assertThat(budgets.getFirst()).isEqualTo(new Budget(200, 3200));
  }

  @Test
  void theTighterLimitDecidesWhereToStart() {
    List<Budget> budgets =
        BudgetSchedule.of(Schedule.GEOMETRIC, 2, 100, new Budget(20, 2000), COSTS);
    assertThat(budgets.getFirst())
        .as("80 %% of the weights; as many MACs as there are")
        .isEqualTo(new Budget(160, 4000));
  }

  @ParameterizedTest
  @EnumSource
  void aBudgetAboveFourFifthsDoesNotShrink(Schedule schedule) {
    assertThat(BudgetSchedule.of(schedule, 3, 2, new Budget(200, 3600), COSTS))
        .containsOnly(new Budget(200, 3600));
  }

  @ParameterizedTest
  @EnumSource
  void noLimitIsWhatTheNetworkHasUntilTheLastStep(Schedule schedule) {
    assertThat(BudgetSchedule.of(schedule, 3, 2, Budget.UNLIMITED, COSTS))
        .containsExactly(new Budget(200, 4000), new Budget(200, 4000), Budget.UNLIMITED);
  }

  @ParameterizedTest
  @EnumSource
  void oneStepIsTheBudgetAskedFor(Schedule schedule) {
    Budget budget = new Budget(7, 300);
    assertThat(BudgetSchedule.of(schedule, 1, 2, budget, COSTS)).containsExactly(budget);
  }

  @Test
  void weightsAloneDecideWhereMacsAreNotKnown() {
    CostTable uncounted = CostTable.builder().layer("a", 100, 0).build();
    assertThat(BudgetSchedule.of(Schedule.GEOMETRIC, 2, 2, new Budget(10, 0), uncounted))
        .containsExactly(new Budget(20, 0), new Budget(10, 0));
  }
}
