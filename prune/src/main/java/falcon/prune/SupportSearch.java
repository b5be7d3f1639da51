package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.projection.Projection;
import falcon.torch.ChannelDescent;
import falcon.torch.LayerProblem;
import falcon.torch.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/// Discrete first-order method on the full-rank quadratic of the layers' own errors, with the
/// projection in every step.
///
/// ```
/// Q(w) = ½ Σ_l tr (W_l − W̄_l) H_l (W_l − W̄_l)ᵀ       H_l: second moments of layer l's inputs
/// for shrinking budgets:
///   z  = projection of the saliency of u
///   w  = conjugate gradient steps on Q from w, on the support z, all channels at once
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
  private final int descentSteps;
  private final double stepSize;
  private final Workers workers;

  /// One layer's quadratic, of all its groups.
  private record Part(List<LayerProblem> groups, ChannelDescent descent, int offset) {}

  /// @param saliency of weights
  /// @param descentSteps conjugate gradient steps between two projections
  /// @param stepSize τ of the pruned weights, 0 (none returns) to 1 (each as if it alone returned)
  SupportSearch(
      CostTable costs,
      Function<float[], float[]> saliency,
      MaskProjection projection,
      int descentSteps,
      double stepSize,
      Workers workers) {
    this.costs = costs;
    this.saliency = saliency;
    this.projection = projection;
    this.descentSteps = descentSteps;
    this.stepSize = stepSize;
    this.workers = workers;
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
    var groupsByTensor = new LinkedHashMap<String, List<LayerProblem>>();
    for (LayerProblem problem : problems) {
      groupsByTensor.computeIfAbsent(problem.tensorName(), _ -> new ArrayList<>()).add(problem);
    }
    List<String> tensors = List.copyOf(groupsByTensor.keySet());
    List<Part> parts =
        workers.map(
            tensors.size(),
            t -> {
              List<LayerProblem> groups =
                  Objects.requireNonNull(groupsByTensor.get(tensors.get(t)));
              return new Part(
                  groups,
                  new ChannelDescent(groups, ridge),
                  Objects.requireNonNull(costs.layer(tensors.get(t))).offset());
            });
    try {
      float[] weights = dense.clone();
      for (Budget budget : budgets.subList(0, budgets.size() - 1)) {
        Mask mask = projection.project(saliency.apply(weights), costs, budget).mask();
        workers.map(parts.size(), p -> step(parts.get(p), mask, weights));
      }
      return projection.project(saliency.apply(weights), costs, budgets.getLast());
    } finally {
      parts.forEach(part -> part.descent().close());
    }
  }

  /// Brings one layer's weights towards the minimiser on the support, and takes the step of those off
  /// it. Layers have weights of their own.
  private float[] step(Part part, Mask mask, float[] weights) {
    int size = part.groups().getFirst().present().length;
    var kept = new float[part.groups().size() * size];
    var present = new float[kept.length];
    for (int i = 0; i < kept.length; i++) {
      int weight = weight(part, i, size);
      kept[i] = mask.isKept(weight) ? 1 : 0;
      present[i] = weights[weight];
    }
    float[] next = part.descent().minimise(present, kept, descentSteps);
    if (stepSize > 0) {
      float[] steps = part.descent().singleSteps(next);
      for (int i = 0; i < next.length; i++) {
        next[i] = kept[i] == 0 ? (float) stepSize * steps[i] : next[i];
      }
    }
    for (int i = 0; i < next.length; i++) {
      weights[weight(part, i, size)] = next[i];
    }
    return weights;
  }

  /// @param i number among the weights of all groups, in matrix order
  /// @param size weights of a group
  private static int weight(Part part, int i, int size) {
    return part.offset() + part.groups().get(i / size).tensorIndex(i % size);
  }
}
