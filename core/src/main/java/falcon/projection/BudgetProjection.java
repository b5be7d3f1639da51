package falcon.projection;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.kernel.Kernels;
import falcon.kernel.SelectionKernels;
import falcon.projection.group.Chunks;
import falcon.projection.group.CostClasses;
import falcon.projection.group.LayerLimits;
import falcon.projection.group.Segments;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// The projection onto a [Budget]: the mask of greatest total saliency that fits, with a
/// certificate.
///
/// ```
/// maximise    Σ_i I_i z_i          z_i ∈ {0,1}, 1 = kept
/// subject to  Σ_i z_i     ≤ S      S = budget.maxNnz()
///             Σ_i f_i z_i ≤ F      F = budget.maxMacs(), f_i = MACs of weight i
/// ```
///
/// 1. [SampledZones] guesses from a sample, for each cost class, a narrow zone of saliencies that
///    its threshold t_c = α + μ f_c falls into.
/// 2. One pass over the weights marks those above the zones and gathers those inside
///    ([Candidates], [ClassGroups]).
/// 3. [TwoBudgetDual] finds the multipliers (α, μ), exactly, on these groups.
/// 4. [IntegerRounding] rounds to whole weights, fills the slack, improves the choice by local
///    search and closes what is left of the gap by branch and bound.
/// 5. [MaskWriter] completes the mask: it keeps the weights above the threshold of their class, and
///    of those at the threshold as many as fit, lowest index first.
///
/// These steps are [ZonedProjection]. A wrong guess is detected; then, and where very many weights
/// tie, [HistogramProjection] finds the same optimum by several passes over all weights. Either way
/// the work is linear in the number of weights. A budget of zero, a budget above the network's
/// costs, and saliencies that are all equal or zero are legal.
///
/// Source: FALCON (arXiv:2403.07094), section 2. The paper searches one multiplier with an absolute
/// tolerance and sorts every layer; here the multipliers are exact to the last bit, only the
/// weights near the thresholds are sorted, and the slack left by rounding is used.
///
/// An instance keeps its working memory, about two bytes per weight, from one call to the next with
/// the same costs; then a call allocates nothing proportional to the number of weights but the
/// mask, an eighth of a byte per weight. It is not safe for use by several threads at a time. The
/// result is the same for any number of threads, and for plain and vectorised kernels.
public final class BudgetProjection {
  private final Chunks chunks;
  private @Nullable Workspace workspace;

  /// The state that depends on costs and limits alone.
  private record Workspace(
      CostTable costs,
      LayerLimits limits,
      CostClasses classes,
      ZonedProjection zoned,
      HistogramProjection byHistogram) {}

  /// Creates a projection that runs on the calling thread.
  public BudgetProjection() {
    chunks = new Chunks(null, 1);
  }

  /// Creates a projection that also runs on an executor's threads.
  ///
  /// @param executor runs up to `threads − 1` short tasks per pass over the weights
  /// @param threads number of threads that work at the same time, the calling one included; 1 or
  ///     more
  /// @throws IllegalArgumentException if `threads` is below 1
  public BudgetProjection(Executor executor, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is %d; at least 1 works".formatted(threads));
    }
    chunks = new Chunks(executor, threads);
  }

  /// Projects without limits on single layers.
  ///
  /// @param saliency I, `[p]`, finite and zero or more; read only
  /// @param costs costs of the p weights
  /// @throws IllegalArgumentException if the sizes differ, or a saliency is negative, infinite or
  ///     NaN (the first such is named)
  public Projection project(float[] saliency, CostTable costs, Budget budget) {
    return project(saliency, costs, budget, LayerLimits.NONE);
  }

  /// Projects with limits on how much of single layers is kept. A weight that may not be kept is
  /// treated as one without saliency, and the mask leaves it out.
  ///
  /// @param saliency I, `[p]`, finite and zero or more; read only
  /// @param costs costs of the p weights
  /// @throws IllegalArgumentException if the sizes differ, a saliency is negative, infinite or NaN
  ///     (the first such is named), a limit names no layer, the limits have a pattern, the budget
  ///     limits further resources or is below what the layers must keep
  public Projection project(float[] saliency, CostTable costs, Budget budget, LayerLimits limits) {
    if (saliency.length != costs.weightCount()) {
      throw new IllegalArgumentException(
          "%d saliencies for %d weights".formatted(saliency.length, costs.weightCount()));
    }
    limits.refusePattern();
    if (budget.further().resourceCount() > 0) {
      throw new IllegalArgumentException(
          "this projection knows weights and MACs alone; a budget of further resources needs a PatternedProjection");
    }
    Mask keepable = limits.keepable();
    Workspace space = workspaceFor(costs, limits);
    refuseTightBudget(space.classes(), budget);
    if (keepable == null) {
      return project(space, saliency, budget);
    }
    var possible = new float[saliency.length];
    for (int i = keepable.nextKept(0); i < possible.length; i = keepable.nextKept(i + 1)) {
      possible[i] = saliency[i];
    }
    return project(space, possible, budget).within(keepable, costs);
  }

  private static Projection project(Workspace space, float[] saliency, Budget budget) {
    Projection found = space.zoned().project(saliency, budget);
    return found != null ? found : space.byHistogram().project(saliency, budget);
  }

  private Workspace workspaceFor(CostTable costs, LayerLimits limits) {
    Workspace space = workspace;
    if (space == null || !space.costs().equals(costs) || !space.limits().equals(limits)) {
      CostClasses classes = new CostClasses(costs, limits);
      SelectionKernels kernels = Kernels.active().selection();
      Segments segments = new Segments(classes);
      long[] words = new long[Mask.wordCount(classes.weightCount())];
      MaskWriter writer = new MaskWriter(classes, segments, chunks, kernels, words);
      Candidates candidates = new Candidates(classes, segments, chunks, kernels, words);
      space =
          new Workspace(
              costs,
              limits,
              classes,
              new ZonedProjection(classes, chunks, candidates, writer),
              new HistogramProjection(classes, chunks, writer));
      workspace = space;
    }
    return space;
  }

  private static void refuseTightBudget(CostClasses classes, Budget budget) {
    long nnz = 0;
    long macs = 0;
    for (int c = 0; c < classes.count(); c++) {
      nnz += classes.minKept(c);
      macs += classes.minKept(c) * classes.macs(c);
    }
    if (!budget.allows(nnz, macs)) {
      throw new IllegalArgumentException(
          "the layers must keep %d weights and %d MACs, the budget allows %d and %d"
              .formatted(nnz, macs, budget.maxNnz(), budget.maxMacs()));
    }
  }
}
