package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.quadratic.ChannelLeastSquares;
import falcon.torch.LayerProblem;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;

/// Chooses which weights to keep on the full-rank quadratic of the layers' own errors.
///
/// ```
/// Q(w) = ½ Σ_l tr (W_l − W̄_l) H_l (W_l − W̄_l)ᵀ       H_l: second moments of layer l's inputs
/// repeat for shrinking budgets:  z = projection of the saliency of w;  w = argmin Q on the support z
/// ```
///
/// so that later choices see how the kept weights take over the work of the pruned ones. This is
/// iterative hard thresholding with the exact minimiser in place of a gradient step; the projection runs
/// in every step. Source: FALCON (arXiv:2403.07094), section 3.2, on the layer-wise quadratic of OBC
/// (arXiv:2208.11580), where the paper's low-rank one cannot tell supports apart.
final class SupportSearch {
  private final CostTable costs;
  private final Function<float[], float[]> saliency;
  private final BudgetedProjection projection;
  private final ExecutorService executor;

  /// Projection onto one budget.
  interface BudgetedProjection {
    Projection project(float[] saliency, Budget budget);
  }

  /// @param saliency of weights
  SupportSearch(
      CostTable costs,
      Function<float[], float[]> saliency,
      BudgetedProjection projection,
      ExecutorService executor) {
    this.costs = costs;
    this.saliency = saliency;
    this.projection = projection;
    this.executor = executor;
  }

  /// @param dense w̄, `[p]`
  /// @param problems the layers' H with the dense outputs as wanted ones
  /// @param budgets shrinking; the last one counts
  /// @return the last projection
  Projection search(
      float[] dense, List<LayerProblem> problems, double ridge, List<Budget> budgets) {
    Map<String, Integer> offsets = new HashMap<>();
    costs.layers().forEach(layer -> offsets.put(layer.name(), layer.offset()));
    List<ChannelLeastSquares> solvers =
        problems.stream()
            .map(problem ->
                ChannelLeastSquares.of(
                    problem.inputs(), problem.outputs(), problem.gram(), problem.cross(), ridge))
            .toList();
    float[] weights = dense.clone();
    for (Budget budget : budgets.subList(0, budgets.size() - 1)) {
      Mask mask = projection.project(saliency.apply(weights), budget).mask();
      for (int l = 0; l < problems.size(); l++) {
        LayerProblem problem = problems.get(l);
        int offset = offsets.getOrDefault(problem.tensorName(), 0);
        var present = new float[problem.inputs() * problem.outputs()];
        for (int i = 0; i < present.length; i++) {
          present[i] = weights[offset + problem.tensorIndex(i)];
        }
        float[] solved =
            solvers
                .get(l)
                .solve(present, i -> mask.isKept(offset + problem.tensorIndex(i)), executor);
        for (int i = 0; i < solved.length; i++) {
          weights[offset + problem.tensorIndex(i)] = solved[i];
        }
      }
    }
    return projection.project(saliency.apply(weights), budgets.getLast());
  }
}
