package falcon.prune;

import falcon.budget.CostTable;
import falcon.model.Network;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;

/// Projection of w̄² alone, nothing re-fitted: the baseline "MP" of FALCON (arXiv:2403.07094).
record MagnitudeMethod() implements PruningMethod {
  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    CostTable costs = setting.plan().costs();
    float[] weights = WeightVector.of(present, costs);
    Projection projection =
        setting
            .clock()
            .time(
                "projection",
                () ->
                    new BudgetProjection(setting.workers().executor(), setting.workers().threads())
                        .project(
                            Saliency.squares(weights),
                            costs,
                            setting.plan().stageBudgets().get(stage),
                            setting.plan().limits()));
    return new Outcome(
        WeightVector.into(present, weights, projection.mask(), costs), projection, null);
  }
}
