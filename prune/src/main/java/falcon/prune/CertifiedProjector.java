package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.BudgetProjection;
import falcon.projection.LayerLimits;
import falcon.projection.Projection;
import falcon.quadratic.Projector;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// The exact projection as a solver's projector, which keeps the certificate of the mask that the
/// solver moved to and forgets those of the others.
final class CertifiedProjector implements Projector {
  private final CostTable costs;
  private final LayerLimits limits;
  private final BudgetProjection projection;
  private final List<Projection> proposed = new ArrayList<>();
  private @Nullable Projection accepted;

  CertifiedProjector(CostTable costs, LayerLimits limits, ExecutorService executor, int threads) {
    this.costs = costs;
    this.limits = limits;
    this.projection = new BudgetProjection(executor, threads);
  }

  @Override
  public Mask project(float[] saliency, Budget budget) {
    Projection projected = projection.project(saliency, costs, budget, limits);
    proposed.add(projected);
    return projected.mask();
  }

  @Override
  public void accepted(Mask mask) {
    for (Projection projected : proposed) {
      if (projected.mask().equals(mask)) {
        accepted = projected;
      }
    }
    proposed.clear();
  }

  /// The projection that the solver moved to last.
  ///
  /// @throws NullPointerException if it moved to none
  Projection accepted() {
    return Objects.requireNonNull(accepted);
  }
}
