package falcon.prune.report;

import falcon.budget.Mask;
import falcon.model.Network;
import falcon.prune.plan.PruningPlan;

/// A pruned network with its mask, plan and report.
///
/// @param network the same graph, with pruned weights exactly zero
/// @param mask the mask of the prunable weights, in the order of `plan.costs()`
/// @param plan the budgets and layers of the run
/// @param report the work and the measurements of the run
public record PrunedNetwork(Network network, Mask mask, PruningPlan plan, Report report) {
  /// Returns the same with a measured resource in the report.
  public PrunedNetwork with(Measured measured) {
    return new PrunedNetwork(network, mask, plan, report.with(measured));
  }

  /// Returns budgets, accuracies, certificate and time, as text of a few lines.
  public String summary() {
    return Summary.of(report);
  }
}
