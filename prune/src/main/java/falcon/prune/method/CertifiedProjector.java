package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.projection.pattern.PatternedProjection;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.quadratic.Projector;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// The exact projection as a solver's projector. It keeps the certificate of the mask that the
/// solver moved to and discards those of the others.
final class CertifiedProjector implements Projector {
  private final CostTable costs;
  private final LayerLimits limits;
  private final PatternedProjection projection;
  private final List<Projection> proposed = new ArrayList<>();
  private @Nullable Projection accepted;

  CertifiedProjector(CostTable costs, LayerLimits limits, ExecutorService executor, int threads) {
    this.costs = costs;
    this.limits = limits;
    this.projection = new PatternedProjection(executor, threads);
  }

  /// @throws PruningException if a saliency is NaN; the message names the layer
  @Override
  public Mask project(float[] saliency, Budget budget) {
    requireNumbers(saliency);
    Projection projected = projection.project(saliency, costs, budget, limits);
    proposed.add(projected);
    return projected.mask();
  }

  /// With a pattern, these are chosen without it: of weights that exclude each other all may come
  /// in, and [#project] decides.
  @Override
  public Mask candidates(float[] saliency, Budget budget) {
    if (limits.pattern() == null) {
      return project(saliency, budget);
    }
    requireNumbers(saliency);
    return projection.project(saliency, costs, budget, limits.withPattern(null)).mask();
  }

  private void requireNumbers(float[] saliency) {
    for (CostTable.Layer layer : costs.layers()) {
      for (int i = layer.offset(); i < layer.end(); i++) {
        if (Float.isNaN(saliency[i])) {
          throw new PruningException(
              PruningException.Kind.INPUT,
              "The gradients of layer '%s' are beyond what float32 holds.%nThe network's values overflow on this data; check the preprocessing and the weights, or leave %s backsolve out."
                  .formatted(layer.name(), Option.REFIT));
        }
      }
    }
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

  /// Returns the projection that the solver moved to last.
  ///
  /// @throws NullPointerException if the solver has moved to none
  Projection accepted() {
    return Objects.requireNonNull(accepted);
  }
}
