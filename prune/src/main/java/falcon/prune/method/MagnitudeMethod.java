package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.WeightSaliency;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Clock;
import falcon.torch.kernel.Workers;
import java.util.List;

/// The projection of the weights alone, without a re-fit: of w̄², the baseline "MP" of FALCON
/// (arXiv:2403.07094), or of their squares in units that do not depend on the network's scaling.
///
/// @param saliency what weights are compared by
public record MagnitudeMethod(WeightSaliency saliency) implements PruningMethod {
  @Override
  public Outcome run(Setting setting, int stage, Network present) {
    Budget budget = setting.plan().stageBudgets().get(stage);
    return prune(present, setting.plan(), budget, setting.workers(), setting.clock());
  }

  /// Returns the method with the saliency that options ask for.
  public static MagnitudeMethod of(PruningOptions options) {
    WeightSaliency asked = options.search().saliency();
    return new MagnitudeMethod(asked == null ? WeightSaliency.SQUARES : asked);
  }

  /// Keeps the weights whose sum of saliencies is greatest within a budget; their values are
  /// unchanged.
  ///
  /// @param clock receives the seconds of the phase `projection`
  public Outcome prune(
      Network network, PruningPlan plan, Budget budget, Workers workers, Clock clock) {
    CostTable costs = plan.costs();
    float[] weights = WeightVector.of(network, costs);
    Projection projection =
        clock.time(
            "projection",
            () ->
                MaskProjection.EXACT
                    .apply(workers, plan.limits())
                    .project(saliencies(network, weights, costs), costs, budget));
    return new Outcome(
        WeightVector.into(network, weights, projection.mask(), costs), projection, null, List.of());
  }

  private float[] saliencies(Network network, float[] weights, CostTable costs) {
    return switch (saliency) {
      case SQUARES -> Saliency.squares(weights);
      case SCALE_FREE ->
          Saliency.squares(
              weights, WeightUnits.ofWeightsAlone(network, SaliencyRule.BALANCED, costs));
    };
  }
}
