package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.gradients.MemoryPlan;
import falcon.projection.group.LayerLimits;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Refit;
import falcon.prune.options.Schedule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a run will do, before anything is computed.
///
/// @param layers prunable layers in graph order
/// @param costs the same for the projection
/// @param isCounted whether the multiply-accumulates of all prunable layers are known; if not, `costs` has
///     none and the number of weights alone is limited
/// @param limits how few weights of single layers may be kept
/// @param adaptable weight tensors whose values may change: the prunable ones, and those that stay dense
///     only because the architecture says so
/// @param untouched all other weight tensors: they come back to the bit
/// @param asked budget as the user wrote it
/// @param budget the limits that this means
/// @param stageBudgets limits of each stage, the last one `budget`
/// @param refit how the kept weights are re-fitted, never [Refit#AUTO]
/// @param samples calibration images of a stage, 0 if none are used
/// @param schedule how the budgets shrink, null with one stage
/// @param memoryBytes estimate of the memory needed
/// @param passBytes what the values of samples on their way may take, and the work on one layer's inputs
///     beside them; 0 where nothing is reconstructed
/// @param gradients how the gradient matrix and the work on it fit in memory, null if there is none
/// @param seconds estimate of the time on this machine, evaluations included
public record PruningPlan(
    List<PrunableLayer> layers,
    CostTable costs,
    boolean isCounted,
    LayerLimits limits,
    List<String> adaptable,
    List<String> untouched,
    BudgetRequest asked,
    Budget budget,
    List<Budget> stageBudgets,
    Refit refit,
    int samples,
    @Nullable Schedule schedule,
    long memoryBytes,
    long passBytes,
    @Nullable MemoryPlan gradients,
    double seconds) {

  public PruningPlan {
    layers = List.copyOf(layers);
    adaptable = List.copyOf(adaptable);
    untouched = List.copyOf(untouched);
    stageBudgets = List.copyOf(stageBudgets);
  }

  /// How the gradient matrix fits in memory, in three lines; null if there is none.
  public @Nullable String gradientText() {
    return gradients == null ? null : gradients.toString();
  }

  /// One prunable weight tensor.
  ///
  /// @param name of the tensor
  /// @param macsPerWeight what one kept weight costs for one example
  public record PrunableLayer(String name, List<Long> shape, int count, long macsPerWeight) {
    public PrunableLayer {
      shape = List.copyOf(shape);
    }
  }
}
