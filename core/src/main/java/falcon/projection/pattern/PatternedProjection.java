package falcon.projection.pattern;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import falcon.projection.group.Chunks;
import falcon.projection.group.LayerLimits;
import falcon.projection.group.Saliencies;
import falcon.projection.resource.ProjectedMask;
import falcon.projection.resource.ResourceProjection;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// The projection onto any [Budget]: zeros may have a pattern, and further resources a limit.
///
/// ```
/// maximise    Σ_b I_b z_b              z_b ∈ {0,1}, 1 = item b is kept
/// subject to  Σ_b s_b z_b     ≤ S      s_b = number of weights of item b
///             Σ_b s_b f_b z_b ≤ F      f_b = MACs of each of them
///             Σ_b a_br z_b    ≤ b_r    a_br = cost of its weights in the further resource r
/// ```
///
/// Without a pattern and without limits on further resources this is [BudgetProjection]. With
/// blocks, the weights of a block at one place of the row are an item: I_b is the sum of their
/// saliencies, rounded to float32. With n:m, the n weights of greatest saliency of each m are items
/// of one weight, and all others are left out: any choice with the pattern becomes one of these, of
/// the same cost and of no smaller value, when the weights that it keeps of some m are exchanged
/// for as many of the best ones. So the items' optimum is that of the pattern, and so is every
/// bound of it.
///
/// [ResourceProjection] solves the program of the items; its value, multipliers and certificate are
/// those of the result.
///
/// An instance keeps its working memory from one call to the next; it is not safe for use by
/// several threads at a time. The result is the same for any number of threads.
public final class PatternedProjection {
  /// Number of the first further resource in a table of all: NNZ and MACs come before it.
  private static final int FURTHER = 2;

  private final BudgetProjection plain;
  private final ResourceProjection ofItems;
  private final Chunks chunks;
  private @Nullable Workspace workspace;

  /// The state that depends on costs and limits alone.
  private record Workspace(
      CostTable costs,
      LayerLimits limits,
      @Nullable PatternItems items,
      ResourceTable table,
      LayerLimits itemLimits) {
    static Workspace of(CostTable costs, LayerLimits limits) {
      if (limits.pattern() == null) {
        return new Workspace(
            costs,
            limits,
            null,
            ResourceTable.ofAll(costs),
            new LayerLimits(limits.rangeByLayer()));
      }
      PatternItems items = PatternItems.of(costs, limits);
      return new Workspace(costs, limits, items, items.table(), items.limits());
    }
  }

  /// Creates a projection that runs on the calling thread.
  public PatternedProjection() {
    plain = new BudgetProjection();
    ofItems = new ResourceProjection();
    chunks = new Chunks(null, 1);
  }

  /// Creates a projection that also runs on an executor's threads.
  ///
  /// @param executor runs up to `threads − 1` short tasks per pass over the weights
  /// @param threads number of threads that work at the same time, the calling one included; 1 or
  ///     more
  /// @throws IllegalArgumentException if `threads` is below 1
  public PatternedProjection(Executor executor, int threads) {
    plain = new BudgetProjection(executor, threads);
    ofItems = new ResourceProjection(executor, threads);
    chunks = new Chunks(executor, threads);
  }

  /// Projects within limits of single layers, and with their pattern.
  ///
  /// @param saliency I, `[p]`, finite and zero or more; read only
  /// @param costs costs of the p weights
  /// @param budget limits on all further resources of the costs, or on none of them
  /// @return the mask, with the value, bound and gap of the items' program
  /// @throws IllegalArgumentException as by [BudgetProjection#project] and
  ///     [ResourceProjection#project], or if the limits are not those of [PatternItems#of]
  public Projection project(float[] saliency, CostTable costs, Budget budget, LayerLimits limits) {
    boolean isPlain = budget.further().resourceCount() == 0;
    if (isPlain && limits.pattern() == null) {
      return plain.project(saliency, costs, budget, limits);
    }
    if (saliency.length != costs.weightCount()) {
      throw new IllegalArgumentException(
          "%d saliencies for %d weights".formatted(saliency.length, costs.weightCount()));
    }
    Saliencies.refuseBad(saliency);
    Workspace space = workspaceFor(costs, limits);
    PatternItems items = space.items();
    ResourceBudget all = limitsOfAll(budget, space.table());
    if (items != null) {
      ProjectedMask found =
          ofItems.project(
              items.saliencies(saliency, chunks), space.table(), all, space.itemLimits());
      return projection(items.weights(found.mask(), saliency), found, costs, budget);
    }
    Mask keepable = limits.keepable();
    ProjectedMask found =
        ofItems.project(
            keepable == null ? saliency : only(keepable, saliency),
            space.table(),
            all,
            space.itemLimits());
    Projection projected = projection(found.mask(), found, costs, budget);
    return keepable == null ? projected : projected.within(keepable, costs);
  }

  /// Returns a limit for each resource of a table of all; further ones that the budget leaves out
  /// have none.
  private static ResourceBudget limitsOfAll(Budget budget, ResourceTable table) {
    var limits = new long[table.resources().size()];
    Arrays.fill(limits, ResourceBudget.UNLIMITED);
    limits[0] = budget.maxNnz();
    limits[1] = budget.maxMacs();
    for (int r = 0; r < budget.further().resourceCount(); r++) {
      limits[FURTHER + r] = budget.further().limit(r);
    }
    return ResourceBudget.of(limits);
  }

  private static float[] only(Mask keepable, float[] saliency) {
    var possible = new float[saliency.length];
    for (int i = keepable.nextKept(0); i < possible.length; i = keepable.nextKept(i + 1)) {
      possible[i] = saliency[i];
    }
    return possible;
  }

  private Workspace workspaceFor(CostTable costs, LayerLimits limits) {
    Workspace space = workspace;
    if (space == null || !space.costs().equals(costs) || !space.limits().equals(limits)) {
      space = Workspace.of(costs, limits);
      workspace = space;
    }
    return space;
  }

  private static Projection projection(
      Mask mask, ProjectedMask found, CostTable costs, Budget budget) {
    long nnz = mask.keptCount();
    long macs = mask.macs(costs);
    return new Projection(
        mask,
        found.value(),
        found.bound(),
        found.gap(),
        found.uses().get(0).multiplier(),
        found.uses().get(1).multiplier(),
        nnz,
        macs,
        budget.maxNnz() - nnz,
        budget.maxMacs() - macs,
        found.isOptimal(),
        budget.further().resourceCount() == 0
            ? List.of()
            : found.uses().subList(FURTHER, found.uses().size()));
  }
}
