package falcon.prune.report;

import falcon.budget.Mask;
import falcon.model.Network;
import falcon.prune.plan.PruningPlan;

/// A pruned network and what is known about it.
///
/// @param network the same graph, pruned weights exactly zero
/// @param mask of the prunable weights, in the order of `plan.costs()`
/// @param plan budgets and layers that it was pruned by
/// @param report what was done and measured
public record PrunedNetwork(Network network, Mask mask, PruningPlan plan, Report report) {
  /// Budgets, accuracies, certificate and time, as text of a few lines.
  public String summary() {
    return Summary.of(report);
  }
}
