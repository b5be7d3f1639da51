package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import falcon.torch.Workers;
import java.util.function.Function;

/// Chooses the weights of greatest total saliency within a budget.
@FunctionalInterface
public interface MaskProjection {
  /// The exact one, on a run's threads.
  Function<Workers, MaskProjection> EXACT =
      workers -> new BudgetProjection(workers.executor(), workers.threads())::project;

  /// Projects.
  ///
  /// @param saliency `[p]`, finite, zero or more; read only
  Projection project(float[] saliency, CostTable costs, Budget budget);
}
