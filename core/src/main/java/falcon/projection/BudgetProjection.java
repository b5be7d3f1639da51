package falcon.projection;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Projection onto a [Budget]: the mask of greatest total saliency that fits, with a certificate.
///
/// ```
/// maximise    Σ_i I_i z_i          z_i ∈ {0,1}, 1 = kept
/// subject to  Σ_i z_i     ≤ S      S = budget.maxNnz()
///             Σ_i f_i z_i ≤ F      F = budget.maxMacs(), f_i = MACs of weight i
/// ```
///
/// 1. One pass over the saliencies counts and sums them by cost class and leading bits
///    ([SaliencyHistogram], [ClassGroups]).
/// 2. [DualSearch] finds the multipliers (α, μ) for these groups. Groups that a threshold
///    t_c = α + μ f_c falls into are split by further passes until the multipliers are exact.
/// 3. [IntegerFinish] rounds to whole weights, fills the slack, exchanges weights between classes
///    and searches what is left of the gap.
/// 4. [MaskWriter] writes the mask: weights above the threshold of their class, and of those at the
///    threshold as many as fit, lowest index first.
///
/// The work is linear in the number of weights. A budget of zero, one above what there is, and
/// saliencies that are all equal or zero are legal.
///
/// Source: FALCON (arXiv:2403.07094), section 2. The paper searches one multiplier with an absolute
/// tolerance and sorts every layer; here the multipliers are exact to the last bit, nothing is
/// sorted, and the slack that rounding leaves is used.
///
/// An instance keeps its working memory from one call to the next; it is not safe for use by several
/// threads at a time. The result is the same for any number of threads.
public final class BudgetProjection {
  /// Passes spent on splitting groups only to prove the optimum.
  private static final int MAX_PROOF_PASSES = 6;

  private final Chunks chunks;
  private @Nullable Workspace workspace;

  /// Everything that depends on the costs alone.
  private record Workspace(
      CostTable costs,
      LayerLimits limits,
      CostClasses classes,
      List<ClassGroups> groups,
      SaliencyHistogram histogram,
      MaskWriter writer) {}

  /// A projection that runs on the calling thread.
  public BudgetProjection() {
    chunks = new Chunks(null, 1);
  }

  /// A projection that also runs on an executor's threads.
  ///
  /// @param executor runs up to `threads − 1` short tasks per pass over the weights
  /// @param threads how many threads work at the same time, the calling one included; 1 or more
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
  /// @param costs of the p weights
  /// @throws IllegalArgumentException if the sizes differ, or a saliency is negative, infinite or
  ///     NaN (the first such is named)
  public Projection project(float[] saliency, CostTable costs, Budget budget) {
    return project(saliency, costs, budget, LayerLimits.NONE);
  }

  /// Projects with limits on how much of single layers is kept.
  ///
  /// @param saliency I, `[p]`, finite and zero or more; read only
  /// @param costs of the p weights
  /// @throws IllegalArgumentException if the sizes differ, a saliency is negative, infinite or NaN
  ///     (the first such is named), a limit names no layer, or the budget is below what the layers
  ///     must keep
  public Projection project(float[] saliency, CostTable costs, Budget budget, LayerLimits limits) {
    if (saliency.length != costs.weightCount()) {
      throw new IllegalArgumentException(
          "%d saliencies for %d weights".formatted(saliency.length, costs.weightCount()));
    }
    Workspace space = workspaceFor(costs, limits);
    CostClasses classes = space.classes();
    refuseTightBudget(classes, budget);
    ClassGroups[] groups = space.groups().toArray(new ClassGroups[0]);
    space.histogram().group(saliency, groups);
    DualSearch dual = new DualSearch(classes, groups, budget);
    IntegerFinish finish = new IntegerFinish(classes, groups, dual, budget);
    int[] splitAt = new int[groups.length];
    int proofPasses = 0;
    while (true) {
      dual.run();
      if (findStraddled(classes, groups, dual, splitAt)) {
        space.histogram().split(saliency, groups, splitAt);
        continue;
      }
      finish.run(proofPasses < MAX_PROOF_PASSES);
      if (finish.wantsSplit()) {
        proofPasses++;
        space.histogram().split(saliency, groups, finish.splitAt());
        continue;
      }
      return result(saliency, space, groups, dual, finish);
    }
  }

  private Workspace workspaceFor(CostTable costs, LayerLimits limits) {
    Workspace space = workspace;
    if (space == null || !space.costs().equals(costs) || !space.limits().equals(limits)) {
      CostClasses classes = new CostClasses(costs, limits);
      List<ClassGroups> groups = new ArrayList<>();
      for (int c = 0; c < classes.count(); c++) {
        groups.add(new ClassGroups());
      }
      space =
          new Workspace(
              costs,
              limits,
              classes,
              List.copyOf(groups),
              new SaliencyHistogram(classes, chunks),
              new MaskWriter(classes, chunks));
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

  /// Finds, in each class, a group of different saliencies that the threshold or a limit falls into.
  private static boolean findStraddled(
      CostClasses classes, ClassGroups[] groups, DualSearch dual, int[] splitAt) {
    boolean isAny = false;
    for (int c = 0; c < groups.length; c++) {
      ClassGroups members = groups[c];
      double t = dual.threshold(c);
      splitAt[c] = -1;
      int last = Math.min(members.size() - 1, dual.endTied(c));
      for (int g = Math.max(0, dual.firstTied(c) - 1); g <= last; g++) {
        if (!members.isExact(g)
            && Float.intBitsToFloat(members.lowestKey(g)) <= t
            && t <= Float.intBitsToFloat(members.highestKey(g))) {
          splitAt[c] = g;
        }
      }
      int cut = classes.clamp(c, members.countBefore(dual.firstTied(c)));
      int g = members.groupOf(cut);
      if (g < members.size() && members.countBefore(g) != cut && !members.isExact(g)) {
        splitAt[c] = g;
      }
      isAny |= splitAt[c] >= 0;
    }
    return isAny;
  }

  private static Projection result(
      float[] saliency,
      Workspace space,
      ClassGroups[] groups,
      DualSearch dual,
      IntegerFinish finish) {
    double value = 0;
    long nnz = 0;
    long macs = 0;
    for (int c = 0; c < groups.length; c++) {
      int kept = finish.kept(c);
      space.writer().keep(c, groups[c], kept);
      value += groups[c].sumOfBest(kept);
      nnz += kept;
      macs += kept * space.classes().macs(c);
    }
    Mask mask = space.writer().write(saliency);
    return new Projection(
        mask,
        value,
        value + finish.gap(),
        finish.gap(),
        dual.alpha(),
        dual.mu(),
        nnz,
        macs,
        finish.nnzSlack(),
        finish.macsSlack(),
        finish.isOptimal());
  }
}
