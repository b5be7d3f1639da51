package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.quadratic.ChannelLeastSquares;
import falcon.torch.LayerProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Discrete first-order method on the full-rank quadratic of the layers' own errors, with the
/// projection in every step.
///
/// ```
/// Q(w) = ½ Σ_l tr (W_l − W̄_l) H_l (W_l − W̄_l)ᵀ       H_l: second moments of layer l's inputs
/// for shrinking budgets:
///   z  = projection of the saliency of u
///   w  = argmin Q on the support z                     in place of a gradient step on the support
///   u  = w − τ D⁻¹ ∇Q(w), D = diag H                   off the support, where w = 0
/// ```
///
/// so that later choices see how the kept weights take over the work of the pruned ones, and a pruned
/// weight returns where its step is worth more than what is kept. Source: FALCON (arXiv:2403.07094),
/// section 3.2, on the layer-wise quadratic of OBC (arXiv:2208.11580), where the paper's low-rank one
/// cannot tell supports apart.
final class SupportSearch {
  private final CostTable costs;
  private final Function<float[], float[]> saliency;
  private final MaskProjection projection;
  private final double stepSize;
  private final ExecutorService executor;

  /// One layer's quadratic (or one group's of a layer).
  private record Part(LayerProblem problem, ChannelLeastSquares solver, int offset) {}

  /// @param saliency of weights
  /// @param stepSize τ of the pruned weights, 0 (none returns) to 1 (each as if it alone returned)
  SupportSearch(
      CostTable costs,
      Function<float[], float[]> saliency,
      MaskProjection projection,
      double stepSize,
      ExecutorService executor) {
    this.costs = costs;
    this.saliency = saliency;
    this.projection = projection;
    this.stepSize = stepSize;
    this.executor = executor;
  }

  /// Searches.
  ///
  /// @param dense w̄, `[p]`
  /// @param problems the layers' H with the dense outputs as wanted ones
  /// @param ridge of the least squares, relative to the mean diagonal
  /// @param budgets shrinking; the last one counts
  /// @return the last projection
  Projection search(
      float[] dense, List<LayerProblem> problems, double ridge, List<Budget> budgets) {
    Map<String, Integer> offsets =
        costs.layers().stream()
            .collect(Collectors.toMap(CostTable.Layer::name, CostTable.Layer::offset));
    List<Part> parts = new ArrayList<>();
    for (LayerProblem problem : problems) {
      var solver =
          ChannelLeastSquares.of(
              problem.inputs(), problem.outputs(), problem.gram(), problem.cross(), ridge);
      parts.add(
          new Part(problem, solver, Objects.requireNonNull(offsets.get(problem.tensorName()))));
    }
    float[] weights = dense.clone();
    for (Budget budget : budgets.subList(0, budgets.size() - 1)) {
      Mask mask = projection.project(saliency.apply(weights), costs, budget).mask();
      for (Part part : parts) {
        step(part, mask, weights);
      }
    }
    return projection.project(saliency.apply(weights), costs, budgets.getLast());
  }

  /// The minimiser on the support, and the step of the weights off it.
  private void step(Part part, Mask mask, float[] weights) {
    LayerProblem problem = part.problem();
    var kept = new boolean[problem.inputs() * problem.outputs()];
    var present = new float[kept.length];
    for (int i = 0; i < kept.length; i++) {
      int weight = part.offset() + problem.tensorIndex(i);
      kept[i] = mask.isKept(weight);
      present[i] = weights[weight];
    }
    float[] next = part.solver().solve(present, i -> kept[i], executor);
    if (stepSize > 0) {
      int k = problem.inputs();
      double[] gradient = part.solver().gradient(next, executor);
      for (int i = 0; i < next.length; i++) {
        double curvature = problem.gram()[(i % k) * (k + 1)] + part.solver().ridge();
        if (!kept[i] && curvature > 0) {
          next[i] = (float) (-stepSize * gradient[i] / curvature);
        }
      }
    }
    for (int i = 0; i < next.length; i++) {
      weights[part.offset() + problem.tensorIndex(i)] = next[i];
    }
  }
}
