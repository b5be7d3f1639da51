package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.PatternLayout;
import falcon.budget.SparsityPattern;
import falcon.gradients.MemoryPlan;
import falcon.model.layer.PruningReach;
import falcon.projection.group.LayerLimits;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Refit;
import falcon.prune.options.Schedule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The plan of a run, made before anything is computed. Immutable; only [Planner] creates it.
public final class PruningPlan {
  private final Tensors tensors;
  private final Budgets budgets;
  private final Work work;
  private final Memory memory;
  private final Scope scope;

  PruningPlan(Tensors tensors, Budgets budgets, Work work, Memory memory, Scope scope) {
    this.tensors = tensors;
    this.budgets = budgets;
    this.work = work;
    this.memory = memory;
    this.scope = scope;
  }

  /// The weight tensors of the network, by the changes that they allow; see the accessors of the
  /// plan.
  record Tensors(
      List<PrunableLayer> prunable,
      CostTable costs,
      boolean isCounted,
      List<String> adaptable,
      List<String> untouched) {
    Tensors {
      prunable = List.copyOf(prunable);
      adaptable = List.copyOf(adaptable);
      untouched = List.copyOf(untouched);
    }
  }

  /// The limits of the run and of its stages; see the accessors of the plan.
  record Budgets(
      BudgetRequest asked,
      Budget whole,
      Budget ofMagnitude,
      List<Budget> ofStages,
      List<PlannedStage> stages,
      @Nullable Schedule schedule,
      LayerLimits limits,
      List<PlannedResource> resources,
      List<Amount> path) {
    Budgets {
      resources = List.copyOf(resources);
      ofStages = List.copyOf(ofStages);
      stages = List.copyOf(stages);
      path = List.copyOf(path);
    }
  }

  /// The work of the run; see the accessors of the plan.
  record Work(Refit refit, int samples, int steps, @Nullable Double learningRate, double seconds) {}

  /// The memory that the run needs; see the accessors of the plan.
  record Memory(long bytes, long passBytes, @Nullable MemoryPlan gradients) {}

  /// What of the network the run is about; see the accessors of the plan.
  record Scope(PruningReach reach, List<String> warnings) {
    Scope {
      warnings = List.copyOf(warnings);
    }
  }

  /// Returns the prunable layers, in graph order.
  public List<PrunableLayer> layers() {
    return tensors.prunable();
  }

  /// Returns the number of weights of the prunable layers and the cost of each, in the order of
  /// [#layers].
  public CostTable costs() {
    return tensors.costs();
  }

  /// Returns the shape that the zeros of each layer have.
  public SparsityPattern pattern() {
    PatternLayout layout = limits().pattern();
    return layout == null ? SparsityPattern.SCATTERED : layout.pattern();
  }

  /// Returns whether the multiply-accumulates of all prunable layers are known. If not, [#costs]
  /// has none, and the number of weights alone is limited.
  public boolean isCounted() {
    return tensors.isCounted();
  }

  /// Returns the least numbers of kept weights of single layers, and the pattern of the zeros.
  public LayerLimits limits() {
    return budgets.limits();
  }

  /// Returns the least numbers of kept weights by layer; layers without such a limit are left out.
  public Map<String, Integer> leastKept() {
    var least = new LinkedHashMap<String, Integer>();
    limits()
        .rangeByLayer()
        .forEach((number, range) -> least.put(layers().get(number).name(), range.minKept()));
    return least;
  }

  /// Returns the names of weight tensors whose values may change: the prunable ones, and those that
  /// stay dense only because of the architecture.
  public List<String> adaptable() {
    return tensors.adaptable();
  }

  /// Returns the names of all other weight tensors: they are unchanged to the bit.
  public List<String> untouched() {
    return tensors.untouched();
  }

  /// Returns the requested budget.
  public BudgetRequest asked() {
    return budgets.asked();
  }

  /// Returns the budgets of further resources, in the order of `costs().further()`; their limits
  /// without fixed costs are `budget().further()`.
  public List<PlannedResource> resources() {
    return budgets.resources();
  }

  /// Returns the limits of the requested budget: numbers of weights and of multiply-accumulates of
  /// one example, inclusive.
  public Budget budget() {
    return budgets.whole();
  }

  /// Returns the shrinking budgets of MACs of the runs before this one, each of which started from
  /// the one before it; empty for a run that starts from the dense network.
  public List<Amount> path() {
    return budgets.path();
  }

  /// Returns the limits that the same request means for [falcon.prune.options.Method#MAGNITUDE]:
  /// [#budget], or fewer weights where their number was left open.
  public Budget magnitudeBudget() {
    return budgets.ofMagnitude();
  }

  /// Returns the limits of each pruning stage, one or more; the last ones are [#budget].
  public List<Budget> stageBudgets() {
    return budgets.ofStages();
  }

  /// Returns all stages, retraining included, in order.
  public List<PlannedStage> stages() {
    return budgets.stages();
  }

  /// Returns the re-fit of the kept weights, never [Refit#AUTO].
  public Refit refit() {
    return work.refit();
  }

  /// Returns the number of calibration samples of a stage, 0 if none are used.
  public int samples() {
    return work.samples();
  }

  /// Returns the number of refinement steps of the last stage, 0 if nothing is refined.
  public int steps() {
    return work.steps();
  }

  /// Returns the greatest learning rate of the refinement, as a share of the root mean square of a
  /// tensor's kept weights; null if nothing is refined.
  public @Nullable Double learningRate() {
    return work.learningRate();
  }

  /// Returns the schedule of the budgets, null with one stage.
  public @Nullable Schedule schedule() {
    return budgets.schedule();
  }

  /// Returns an estimate of the resident memory that the run needs, in bytes.
  public long memoryBytes() {
    return memory.bytes();
  }

  /// Returns the number of bytes that the values of samples on their way through the network may
  /// take, and that the work on one layer's inputs may take beside them; 0 where nothing is
  /// reconstructed.
  public long passBytes() {
    return memory.passBytes();
  }

  /// Returns how the gradient matrix and the work on it fit in memory; null if there is none.
  public @Nullable MemoryPlan gradients() {
    return memory.gradients();
  }

  /// Returns how the gradient matrix fits in memory, as text of three lines; null if there is none.
  public @Nullable String gradientText() {
    return memory.gradients() == null ? null : memory.gradients().toString();
  }

  /// Returns an estimate of the time on this machine in seconds, evaluations included.
  public double seconds() {
    return work.seconds();
  }

  /// Returns what the whole network costs, and what of it cannot be pruned or counted.
  public PruningReach reach() {
    return scope.reach();
  }

  /// Returns what the user should know before the run, one text per warning.
  public List<String> warnings() {
    return scope.warnings();
  }

  /// One prunable weight tensor.
  ///
  /// @param name name of the tensor
  /// @param shape sizes of its axes, as in the network's file
  /// @param count number of its weights
  /// @param macsPerWeight multiply-accumulates of one kept weight for one example; 0 if
  ///     those of some prunable layer are not known ([#isCounted])
  /// @param operator types of the operators that use it, such as `Conv` or `Gather+MatMul`
  public record PrunableLayer(
      String name, List<Long> shape, int count, long macsPerWeight, String operator) {
    /// Copies the shape.
    public PrunableLayer {
      shape = List.copyOf(shape);
    }
  }
}
