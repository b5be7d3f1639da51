package falcon.prune.plan;

import falcon.budget.CostTable;
import falcon.model.layer.Layers;
import falcon.model.layer.PruningReach;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.NnzRule;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a user should know of a budget before the run: what pruning cannot reach, and numbers that
/// were hardly meant.
final class BudgetWarnings {
  /// Share of a total below which a budget that is a number was hardly meant.
  private static final double HARDLY_MEANT = 0.001;

  private BudgetWarnings() {}

  /// @param costs of the prunable layers
  /// @return one text per warning
  static List<String> of(Layers layers, CostTable costs, BudgetRequest asked) {
    PruningReach reach = layers.reach();
    var warnings = new ArrayList<>(reach.texts());
    Amount weights = asked.nnz() instanceof NnzRule.Limit(Amount amount) ? amount : null;
    addOutOfReach(warnings, "MACs", asked.macs(), reach.fixedMacs(), reach.allMacs());
    addOutOfReach(warnings, "weights", weights, reach.fixedWeights(), reach.allWeights());
    addHardlyMeant(warnings, "MACs", asked.macs(), costs.totalMacs());
    addHardlyMeant(warnings, "weights", weights, costs.weightCount());
    return warnings;
  }

  /// @param fixed what stays whatever is pruned
  /// @param all of the network; null if it is not known
  private static void addOutOfReach(
      List<String> warnings,
      String resource,
      @Nullable Amount asked,
      long fixed,
      @Nullable Long all) {
    if (asked == null || all == null || all == 0 || asked.of(all) >= fixed) {
      return;
    }
    warnings.add(
        "%s of the whole network's %,d %s is out of reach: %,d (%.1f %%) are not among the prunable ones and stay. The budget is one of the prunable %s."
            .formatted(asked, all, resource, fixed, 100.0 * fixed / all, resource));
  }

  private static void addHardlyMeant(
      List<String> warnings, String resource, @Nullable Amount asked, long total) {
    if (asked instanceof Amount.Count(long count) && count < HARDLY_MEANT * total) {
      warnings.add(
          "The budget of %,d %s is %.2g %% of the %,d that can be pruned. Is a unit missing (%%, k, M, G)?"
              .formatted(count, resource, 100.0 * count / total, total));
    }
  }
}
