package falcon.prune.plan;

import falcon.prune.options.RetrainingOptions;
import falcon.prune.options.RetrainingSchedule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One of the steps in which a run is performed and kept: a pruning to one of the stage budgets, or
/// a retraining on the mask that it left.
///
/// @param budget index of the budget, see [PruningPlan#stageBudgets]
/// @param firstEpoch number of epochs of retraining before this stage
/// @param epochs number of epochs of the retraining, 0 for a pruning
public record PlannedStage(int budget, int firstEpoch, int epochs) {
  /// Returns whether the stage is a retraining.
  public boolean isRetraining() {
    return epochs > 0;
  }

  /// Returns the stages of a run, in order.
  ///
  /// @param budgets number of its budgets, 1 or more
  /// @param retraining null where nothing is retrained; as many epochs as budgets at least where it
  ///     is gradual
  static List<PlannedStage> of(int budgets, @Nullable RetrainingOptions retraining) {
    var stages = new ArrayList<PlannedStage>();
    int epochs = retraining == null ? 0 : retraining.epochs();
    boolean isGradual =
        retraining != null && retraining.schedule() == RetrainingSchedule.GRADUAL && budgets > 1;
    int early = isGradual ? Math.max(1, epochs / 2 / (budgets - 1)) : 0;
    int done = 0;
    for (int budget = 0; budget < budgets; budget++) {
      stages.add(new PlannedStage(budget, done, 0));
      int own = budget == budgets - 1 ? epochs - done : early;
      if (own > 0) {
        stages.add(new PlannedStage(budget, done, own));
        done += own;
      }
    }
    return stages;
  }
}
