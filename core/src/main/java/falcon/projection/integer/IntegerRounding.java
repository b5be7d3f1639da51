package falcon.projection.integer;

import falcon.budget.Budget;
import falcon.projection.dual.DualOptimum;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import java.util.Arrays;

/// Integer rounding: whole weights from the optimum of the relaxation.
///
/// The relaxation's optimum is rounded down ([KnapsackCore]), slack is filled and weights are
/// exchanged between classes until no exchange helps ([LocalSearch]), and a depth-first search
/// examines every choice of counts whose losses stay below the gap reached ([BranchAndBound]).
/// Where the search ends within its limit of nodes, the optimum is proven. [Certificate] bounds the
/// distance of the result from the optimum.
public final class IntegerRounding {
  /// Greatest number of nodes of the search; a fixed number, so that results do not depend on the
  /// machine's speed.
  private static final int MAX_NODES = 1 << 18;

  /// Greatest number of nodes of a first, short search, whose result decides which groups are worth
  /// splitting.
  private static final int MAX_FIRST_NODES = 1 << 12;

  /// Least gap, as a share of the bound, for which splitting further groups just for a proof is
  /// worth a pass.
  private static final double GAP_WORTH_A_PASS = 1e-10;

  private final ClassGroups[] groups;
  private final KnapsackCore core;
  private final Certificate certificate;
  private final LocalSearch improvement;
  private final BranchAndBound search;
  private final int[] kept;
  private final int[] splitAt;
  private final long[] slack;
  private double gap;
  private boolean isOptimal;

  /// Creates the rounding for the resources NNZ and MACs.
  public IntegerRounding(
      CostClasses classes, ClassGroups[] groups, DualOptimum dual, Budget budget) {
    this(classes, groups, dual, new long[] {budget.maxNnz(), budget.maxMacs()});
  }

  /// Creates the rounding for any resources.
  ///
  /// @param limits `[R]`, the budget of each resource; not copied
  public IntegerRounding(
      CostClasses classes, ClassGroups[] groups, DualOptimum dual, long[] limits) {
    this.groups = groups;
    core = new KnapsackCore(classes, groups, dual);
    certificate = new Certificate(classes, groups, dual, limits);
    improvement = new LocalSearch(classes, groups, core, certificate);
    search = new BranchAndBound(classes, core, certificate, dual);
    kept = new int[groups.length];
    splitAt = new int[groups.length];
    slack = new long[limits.length];
  }

  /// Returns the number of kept weights of class c.
  public int kept(int c) {
    return kept[c];
  }

  /// Returns the gap of the result to the dual bound, in the unit of the saliency; zero or more.
  public double gap() {
    return gap;
  }

  /// Returns the slack of resource r.
  public long slack(int r) {
    return slack[r];
  }

  /// Returns whether the search proved that no choice of counts is better.
  public boolean isOptimal() {
    return isOptimal;
  }

  /// Returns by class the group to split before the result is final or proven; −1: none.
  public int[] splitAt() {
    return splitAt;
  }

  /// Returns whether the result is not final before groups are split: a cut falls into a group of
  /// different saliencies, or groups hide choices that might be better.
  public boolean wantsSplit() {
    return Arrays.stream(splitAt).anyMatch(g -> g >= 0);
  }

  /// Finds the counts for the present groups.
  ///
  /// @param maySplit whether groups may still be split only to find or prove a better result
  public void run(boolean maySplit) {
    core.layOut();
    boolean isComplete = search.run(improvement.run(), MAX_FIRST_NODES);
    settle();
    boolean isWhole = findSplits(maySplit);
    if (!isComplete && !wantsSplit()) {
      isComplete = search.run(search.best(), MAX_NODES);
      settle();
      isWhole = findSplits(maySplit);
    }
    isOptimal = isWhole && isComplete && core.isCentred();
  }

  private void settle() {
    for (int c = 0; c < kept.length; c++) {
      kept[c] = core.base(c) + search.best()[c];
    }
    certificate.slackOf(kept, slack);
    improvement.fill(kept, slack);
    gap = certificate.gapOf(kept, slack);
  }

  /// Finds the groups that the cut falls into, or that hide choices which might close the gap.
  ///
  /// @return whether nothing outside the core could be better
  private boolean findSplits(boolean maySplit) {
    boolean isComplete = true;
    double value = 0;
    for (int c = 0; c < kept.length; c++) {
      value += groups[c].sumOfBest(kept[c]);
      splitAt[c] = -1;
    }
    boolean isWorthAPass = maySplit && gap > GAP_WORTH_A_PASS * (value + gap);
    for (int c = 0; c < kept.length; c++) {
      int above = core.hiddenChoice(c, 1, gap);
      int below = core.hiddenChoice(c, -1, gap);
      isComplete &= above == KnapsackCore.NOTHING && below == KnapsackCore.NOTHING;
      int chosen = Math.max(above, below);
      splitAt[c] = isWorthAPass && chosen >= 0 ? chosen : -1;
    }
    for (int c = 0; c < kept.length; c++) {
      int g = groups[c].groupOf(kept[c]);
      if (g < groups[c].size() && groups[c].countBefore(g) != kept[c] && !groups[c].isExact(g)) {
        splitAt[c] = g;
      }
    }
    return isComplete;
  }
}
