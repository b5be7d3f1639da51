package falcon.prune.method;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.torch.curvature.ChannelDescent;
import falcon.torch.kernel.Workers;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/// The discrete first-order method on the full-rank quadratic of the layers' own errors, with the
/// projection in every step.
///
/// ```
/// Q(w) = ½ Σ_l tr (W_l − W̄_l) H_l (W_l − W̄_l)ᵀ       H_l: second moments of layer l's inputs
/// for shrinking budgets:
///   z  = projection of the saliency of w
///   w  = conjugate gradient steps on Q from w, on the support z, all channels at once
/// ```
///
/// so that later choices account for how the kept weights take over the work of the pruned ones.
/// Source: FALCON (arXiv:2403.07094), section 3.2, on the layer-wise quadratic of OBC
/// (arXiv:2208.11580), where the paper's low-rank quadratic cannot distinguish supports.
final class SupportSearch {
  private final CostTable costs;
  private final Function<float[], float[]> saliency;
  private final MaskProjection projection;
  private final int descentSteps;
  private final Workers workers;

  /// @param saliency computes the saliency of weights
  /// @param descentSteps number of conjugate gradient steps between two projections
  SupportSearch(
      CostTable costs,
      Function<float[], float[]> saliency,
      MaskProjection projection,
      int descentSteps,
      Workers workers) {
    this.costs = costs;
    this.saliency = saliency;
    this.projection = projection;
    this.descentSteps = descentSteps;
    this.workers = workers;
  }

  /// Searches for the support.
  ///
  /// @param dense w̄, `[p]`
  /// @param descents the layers' quadratics with the dense outputs as targets
  /// @param budgets shrinking budgets; the last one is the budget of the result
  /// @return the last projection
  Projection search(float[] dense, List<ChannelDescent> descents, List<Budget> budgets) {
    List<ChannelDescent.Block> blocks =
        descents.stream().flatMap(descent -> descent.blocks().stream()).toList();
    float[] weights = dense.clone();
    for (Budget budget : budgets.subList(0, budgets.size() - 1)) {
      Mask mask = projection.project(saliency.apply(weights), costs, budget).mask();
      workers.map(blocks.size(), b -> step(blocks.get(b), mask, weights));
    }
    return projection.project(saliency.apply(weights), costs, budgets.getLast());
  }

  /// Moves the weights of some outputs towards the minimiser on the support; those off it become
  /// zero. The blocks' weights do not overlap.
  private float[] step(ChannelDescent.Block block, Mask mask, float[] weights) {
    int offset = Objects.requireNonNull(costs.layer(block.descent().tensorName())).offset();
    block.descent().descend(block, weights, offset, mask::isKept, descentSteps);
    return weights;
  }
}
