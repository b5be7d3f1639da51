package falcon.projection.resource;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.kernel.Kernels;
import falcon.projection.BudgetProjection;
import falcon.projection.MaskWriter;
import falcon.projection.Projection;
import falcon.projection.Relaxation;
import falcon.projection.ResourceUse;
import falcon.projection.dual.DualSimplex;
import falcon.projection.group.Chunks;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.group.LayerLimits;
import falcon.projection.group.SaliencyHistogram;
import falcon.projection.group.Segments;
import falcon.projection.integer.IntegerRounding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// The projection onto a budget of any number of resources: [BudgetProjection] is the case of two,
/// NNZ and MACs.
///
/// ```
/// maximise    Σ_i I_i z_i            z_i ∈ {0,1}, 1 = kept
/// subject to  Σ_i a_ir z_i ≤ b_r     for every resource r; a_ir = cost of weight i, b = budget
/// ```
///
/// [CostOrder] makes the weights of equal cost adjacent, [ResourceRows] finds the budgets that
/// bind. If these are at most two, one of them on the number of weights, the rest is
/// [BudgetProjection]; else [DualSimplex] finds one multiplier μ_r for each, with t_c = Σ_r μ_r
/// a_cr in place of α + μ f_c. Integer rounding and certificate are the same.
///
/// Source: FALCON (arXiv:2403.07094), section 2, has NNZ and FLOPs only; the dual function
/// generalises without change.
///
/// An instance keeps its working memory from one call to the next; it is not safe for use by
/// several threads at a time. The result is the same for any number of threads.
public final class ResourceProjection {
  /// Number of classes above which weights are sorted instead of counted in histograms.
  private static final int MAX_HISTOGRAMS = 2048;

  /// Greatest number of passes that split groups only to prove the optimum.
  private static final int MAX_PROOF_PASSES = 6;

  private final Chunks chunks;
  private final BudgetProjection twoResources;
  private @Nullable Layout layout;
  private @Nullable Workspace workspace;

  /// The state that depends on costs and limits alone.
  private record Layout(
      ResourceTable table, LayerLimits limits, CostOrder order, ResourceRows rows) {}

  /// The state that also depends on the binding rows; made for the present layout.
  private record Workspace(
      List<Integer> rows,
      CostClasses classes,
      List<ClassGroups> groups,
      @Nullable SaliencyHistogram histogram,
      MaskWriter writer) {}

  /// A mask in the order of costs, and the multipliers of the rows.
  private record Found(
      Mask mask, double value, double gap, List<Double> multipliers, boolean isOptimal) {}

  /// Creates a projection that runs on the calling thread.
  public ResourceProjection() {
    chunks = new Chunks(null, 1);
    twoResources = new BudgetProjection();
  }

  /// Creates a projection that also runs on an executor's threads.
  ///
  /// @param executor runs up to `threads − 1` short tasks per pass over the weights
  /// @param threads number of threads that work at the same time, the calling one included; 1 or
  ///     more
  /// @throws IllegalArgumentException if `threads` is below 1
  public ResourceProjection(Executor executor, int threads) {
    twoResources = new BudgetProjection(executor, threads);
    chunks = new Chunks(executor, threads);
  }

  /// Projects without limits on single layers.
  ///
  /// @param saliency I, `[p]`, finite and zero or more; read only
  /// @param table costs of the p weights
  /// @param budget one limit for each resource of the table
  /// @throws IllegalArgumentException if the sizes differ, or a saliency is negative, infinite or
  ///     NaN (the first such is named)
  public ProjectedMask project(float[] saliency, ResourceTable table, ResourceBudget budget) {
    return project(saliency, table, budget, LayerLimits.NONE);
  }

  /// Projects with limits on how much of single layers is kept.
  ///
  /// A layer whose weights differ in cost can have a ceiling but no floor: whether a floor can be
  /// met within the budget would be an integer program of its own.
  ///
  /// @param saliency I, `[p]`, finite and zero or more; read only
  /// @param table costs of the p weights
  /// @param budget one limit for each resource of the table
  /// @throws IllegalArgumentException if the sizes differ, a saliency is negative, infinite or NaN
  ///     (the first such is named), a limit names no layer or is a floor on a layer whose weights
  ///     differ in cost, the limits have a pattern, or the budget is below what the layers must
  ///     keep
  public ProjectedMask project(
      float[] saliency, ResourceTable table, ResourceBudget budget, LayerLimits limits) {
    if (saliency.length != table.weightCount()) {
      throw new IllegalArgumentException(
          "%d saliencies for %d weights".formatted(saliency.length, table.weightCount()));
    }
    if (budget.resourceCount() != table.resources().size()) {
      throw new IllegalArgumentException(
          "a budget of %d resources for costs in %d"
              .formatted(budget.resourceCount(), table.resources().size()));
    }
    limits.refusePattern();
    Layout costs = layoutFor(table, limits);
    int[] binding = costs.rows().binding(budget);
    float[] ordered = costs.order().arrange(saliency, chunks);
    Found found =
        isNnzAndMacs(costs.rows(), binding)
            ? projectNnzAndMacs(ordered, costs, binding, budget)
            : projectRows(ordered, costs, binding, budget);
    return result(costs, binding, budget, found);
  }

  private Layout layoutFor(ResourceTable table, LayerLimits limits) {
    Layout known = layout;
    if (known == null || !known.table().equals(table) || !known.limits().equals(limits)) {
      CostOrder order = new CostOrder(table);
      known = new Layout(table, limits, order, new ResourceRows(table, order, limits));
      layout = known;
      workspace = null;
    }
    return known;
  }

  private static boolean isNnzAndMacs(ResourceRows rows, int[] binding) {
    return binding.length < 2
        || (binding.length == 2 && (rows.isCount(binding[0]) || rows.isCount(binding[1])));
  }

  private Found projectNnzAndMacs(
      float[] ordered, Layout costs, int[] binding, ResourceBudget budget) {
    int nnz = -1;
    int macs = -1;
    for (int row : binding) {
      if (nnz < 0 && costs.rows().isCount(row)) {
        nnz = row;
      } else {
        macs = row;
      }
    }
    Budget two =
        new Budget(
            nnz < 0 ? Long.MAX_VALUE : costs.rows().limit(nnz, budget),
            macs < 0 ? Long.MAX_VALUE : costs.rows().limit(macs, budget));
    CostTable table = costs.rows().costTable(macs);
    Projection found = twoResources.project(ordered, table, two, costs.rows().partLimits());
    List<Double> multipliers = new ArrayList<>();
    for (int row : binding) {
      multipliers.add(row == nnz ? found.alpha() : found.mu());
    }
    return new Found(found.mask(), found.value(), found.gap(), multipliers, found.isOptimal());
  }

  private Workspace workspaceFor(Layout costs, int[] binding) {
    Workspace space = workspace;
    List<Integer> rows = Arrays.stream(binding).boxed().toList();
    if (space == null || !space.rows().equals(rows)) {
      CostClasses classes = costs.rows().classes(binding);
      List<ClassGroups> groups = new ArrayList<>();
      for (int c = 0; c < classes.count(); c++) {
        groups.add(new ClassGroups());
      }
      SaliencyHistogram histogram =
          classes.count() > MAX_HISTOGRAMS ? null : new SaliencyHistogram(classes, chunks);
      Segments segments = new Segments(classes);
      long[] words = new long[Mask.wordCount(classes.weightCount())];
      MaskWriter writer =
          new MaskWriter(classes, segments, chunks, Kernels.active().selection(), words);
      space = new Workspace(rows, classes, List.copyOf(groups), histogram, writer);
      workspace = space;
    }
    return space;
  }

  private Found projectRows(float[] ordered, Layout costs, int[] binding, ResourceBudget budget) {
    Workspace space = workspaceFor(costs, binding);
    CostClasses classes = space.classes();
    ClassGroups[] groups = space.groups().toArray(new ClassGroups[0]);
    SaliencyHistogram histogram = space.histogram();
    if (histogram == null) {
      new SortedGroups(classes).group(ordered, groups);
    } else {
      histogram.group(ordered, groups);
    }
    long[] limits = Arrays.stream(binding).mapToLong(r -> costs.rows().limit(r, budget)).toArray();
    DualSimplex dual = new DualSimplex(classes, groups, limits);
    IntegerRounding finish = new IntegerRounding(classes, groups, dual, limits);
    int[] splitAt = new int[groups.length];
    int proofPasses = 0;
    while (true) {
      dual.run();
      if (histogram != null && Relaxation.findStraddled(classes, groups, dual, splitAt)) {
        histogram.split(ordered, groups, splitAt);
        continue;
      }
      finish.run(proofPasses < MAX_PROOF_PASSES);
      if (histogram != null && finish.wantsSplit()) {
        proofPasses++;
        histogram.split(ordered, groups, finish.splitAt());
        continue;
      }
      return found(ordered, space, groups, dual, finish);
    }
  }

  private static Found found(
      float[] ordered,
      Workspace space,
      ClassGroups[] groups,
      DualSimplex dual,
      IntegerRounding finish) {
    double value = 0;
    for (int c = 0; c < groups.length; c++) {
      space.writer().keep(c, groups[c], finish.kept(c));
      value += groups[c].sumOfBest(finish.kept(c));
    }
    List<Double> multipliers = new ArrayList<>();
    for (int n = 0; n < space.rows().size(); n++) {
      multipliers.add(dual.multiplier(n));
    }
    Mask mask = space.writer().write(ordered);
    return new Found(mask, value, finish.gap(), multipliers, finish.isOptimal());
  }

  private static ProjectedMask result(
      Layout costs, int[] binding, ResourceBudget budget, Found found) {
    int[] keptByPart = costs.order().keptByPart(found.mask());
    List<String> names = costs.table().resources();
    List<ResourceUse> uses = new ArrayList<>();
    for (int r = 0; r < names.size(); r++) {
      double multiplier = 0;
      for (int n = 0; n < binding.length; n++) {
        if (binding[n] == r) {
          multiplier = found.multipliers().get(n) / costs.rows().divisor(r);
        }
      }
      long used = costs.rows().used(r, keptByPart);
      uses.add(new ResourceUse(names.get(r), multiplier, used, budget.limit(r) - used));
    }
    return new ProjectedMask(
        costs.order().restore(found.mask()),
        found.value(),
        found.value() + found.gap(),
        found.gap(),
        uses,
        found.isOptimal());
  }
}
