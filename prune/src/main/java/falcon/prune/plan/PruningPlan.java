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

/// What a run will do, before anything is computed. Immutable; [Planner] alone makes it.
public final class PruningPlan {
  private final Tensors tensors;
  private final Budgets budgets;
  private final Work work;
  private final Memory memory;

  PruningPlan(Tensors tensors, Budgets budgets, Work work, Memory memory) {
    this.tensors = tensors;
    this.budgets = budgets;
    this.work = work;
    this.memory = memory;
  }

  /// Weight tensors of the network, by what may happen to them; see the accessors of the plan.
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

  /// Limits of the run and of its stages; see the accessors of the plan.
  record Budgets(
      BudgetRequest asked,
      Budget whole,
      Budget ofMagnitude,
      List<Budget> stages,
      @Nullable Schedule schedule,
      LayerLimits limits) {
    Budgets {
      stages = List.copyOf(stages);
    }
  }

  /// What is computed; see the accessors of the plan.
  record Work(Refit refit, int samples, double seconds) {}

  /// What it takes; see the accessors of the plan.
  record Memory(long bytes, long passBytes, @Nullable MemoryPlan gradients) {}

  /// Returns the prunable layers, in graph order.
  public List<PrunableLayer> layers() {
    return tensors.prunable();
  }

  /// Returns the number of weights of the prunable layers and what each costs, in the order of
  /// [#layers].
  public CostTable costs() {
    return tensors.costs();
  }

  /// Returns whether the multiply-accumulates of all prunable layers are known. If not, [#costs]
  /// has none, and the number of weights alone is limited.
  public boolean isCounted() {
    return tensors.isCounted();
  }

  /// Returns how few weights of single layers may be kept.
  public LayerLimits limits() {
    return budgets.limits();
  }

  /// Returns the names of weight tensors whose values may change: the prunable ones, and those that
  /// stay dense only because the architecture says so.
  public List<String> adaptable() {
    return tensors.adaptable();
  }

  /// Returns the names of all other weight tensors: they come back to the bit.
  public List<String> untouched() {
    return tensors.untouched();
  }

  /// Returns the budget as it was asked for.
  public BudgetRequest asked() {
    return budgets.asked();
  }

  /// Returns the limits that this means: numbers of weights and of multiply-accumulates of one
  /// example, inclusive.
  public Budget budget() {
    return budgets.whole();
  }

  /// Returns the limits that the same request means for [falcon.prune.options.Method#MAGNITUDE]:
  /// [#budget], or fewer weights where their number was left open.
  public Budget magnitudeBudget() {
    return budgets.ofMagnitude();
  }

  /// Returns the limits of each stage, one or more; the last ones are [#budget].
  public List<Budget> stageBudgets() {
    return budgets.stages();
  }

  /// Returns how the kept weights are re-fitted, never [Refit#AUTO].
  public Refit refit() {
    return work.refit();
  }

  /// Returns the number of calibration samples of a stage, 0 if none are used.
  public int samples() {
    return work.samples();
  }

  /// Returns how the budgets shrink, null with one stage.
  public @Nullable Schedule schedule() {
    return budgets.schedule();
  }

  /// Returns an estimate of the resident memory that the run needs, in bytes.
  public long memoryBytes() {
    return memory.bytes();
  }

  /// Returns how many bytes the values of samples on their way through the network may take, and
  /// the work on one layer's inputs beside them; 0 where nothing is reconstructed.
  public long passBytes() {
    return memory.passBytes();
  }

  /// Returns how the gradient matrix and the work on it fit in memory, null if there is none.
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

  /// One prunable weight tensor.
  ///
  /// @param name name of the tensor
  /// @param shape sizes of its axes, as in the network's file
  /// @param count number of its weights
  /// @param macsPerWeight multiply-accumulates that one kept weight costs for one example
  public record PrunableLayer(String name, List<Long> shape, int count, long macsPerWeight) {
    /// Copies the shape.
    public PrunableLayer {
      shape = List.copyOf(shape);
    }
  }
}
