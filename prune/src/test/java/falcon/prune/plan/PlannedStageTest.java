package falcon.prune.plan;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.prune.options.RetrainingOptions;
import falcon.prune.options.RetrainingSchedule;
import org.junit.jupiter.api.Test;

class PlannedStageTest {
  private static final RetrainingOptions TEN = RetrainingOptions.of(10);

  @Test
  void withoutRetrainingEachBudgetIsAStage() {
    assertThat(PlannedStage.of(2, null))
        .containsExactly(new PlannedStage(0, 0, 0), new PlannedStage(1, 0, 0));
  }

  @Test
  void inOneShotAllEpochsFollowTheLastBudget() {
    assertThat(PlannedStage.of(2, TEN))
        .containsExactly(
            new PlannedStage(0, 0, 0), new PlannedStage(1, 0, 0), new PlannedStage(1, 0, 10));
  }

  @Test
  void graduallyHalfOfTheEpochsFollowTheLastBudget() {
    assertThat(PlannedStage.of(3, TEN.withSchedule(RetrainingSchedule.GRADUAL)))
        .containsExactly(
            new PlannedStage(0, 0, 0),
            new PlannedStage(0, 0, 2),
            new PlannedStage(1, 2, 0),
            new PlannedStage(1, 2, 2),
            new PlannedStage(2, 4, 0),
            new PlannedStage(2, 4, 6));
  }

  @Test
  void graduallyEachBudgetGetsAnEpoch() {
    assertThat(PlannedStage.of(4, RetrainingOptions.of(4).withSchedule(RetrainingSchedule.GRADUAL)))
        .filteredOn(PlannedStage::isRetraining)
        .extracting(PlannedStage::epochs)
        .containsExactly(1, 1, 1, 1);
  }
}
