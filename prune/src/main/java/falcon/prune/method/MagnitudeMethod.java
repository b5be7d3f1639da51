package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.model.Network;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Clock;
import falcon.torch.kernel.Workers;
import java.util.List;

/// The projection of w̄² alone, without a re-fit: the baseline "MP" of FALCON (arXiv:2403.07094).
public record MagnitudeMethod() implements PruningMethod {
  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    Budget budget = setting.plan().stageBudgets().get(stage);
    return prune(present, setting.plan(), budget, setting.workers(), setting.clock());
  }

  /// Keeps the weights whose sum of squares is greatest within a budget; their values are
  /// unchanged.
  ///
  /// @param clock receives the seconds of the phase `projection`
  public static Outcome prune(
      Network network, PruningPlan plan, Budget budget, Workers workers, Clock clock) {
    CostTable costs = plan.costs();
    float[] weights = WeightVector.of(network, costs);
    Projection projection =
        clock.time(
            "projection",
            () ->
                new BudgetProjection(workers.executor(), workers.threads())
                    .project(Saliency.squares(weights), costs, budget, plan.limits()));
    return new Outcome(
        WeightVector.into(network, weights, projection.mask(), costs), projection, null, List.of());
  }
}
