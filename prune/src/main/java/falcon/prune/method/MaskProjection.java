package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.projection.pattern.PatternedProjection;
import falcon.torch.kernel.Workers;
import java.util.function.BiFunction;

/// Chooses the weights of greatest total saliency within a budget.
@FunctionalInterface
public interface MaskProjection {
  /// The exact projection, on a run's threads, within limits of single layers and with
  /// their pattern of zeros.
  BiFunction<Workers, LayerLimits, MaskProjection> EXACT =
      (workers, limits) -> {
        var projection = new PatternedProjection(workers.executor(), workers.threads());
        return (saliency, costs, budget) -> projection.project(saliency, costs, budget, limits);
      };

  /// Projects saliencies onto a budget.
  ///
  /// @param saliency `[p]`, finite, zero or more; read only
  Projection project(float[] saliency, CostTable costs, Budget budget);
}
