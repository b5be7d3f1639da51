package falcon.projection.integer;

import falcon.projection.dual.DualOptimum;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;

/// The certificate: the gap of a choice of counts to the dual bound, computed from its definition
/// (see [KnapsackCore]).
///
/// The gap is a sum of terms that are zero or more and never the difference of two large numbers,
/// so that it keeps its digits when it is tiny. It holds for any multipliers that the relaxation
/// returns.
final class Certificate {
  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final DualOptimum dual;
  private final long[] limits;

  /// @param limits `[R]`, b; not copied
  Certificate(CostClasses classes, ClassGroups[] groups, DualOptimum dual, long[] limits) {
    this.classes = classes;
    this.groups = groups;
    this.dual = dual;
    this.limits = limits;
  }

  /// Computes the slack of the budget.
  ///
  /// @param slack `[R]`, overwritten
  void slackOf(int[] kept, long[] slack) {
    classes.use(kept, slack);
    for (int r = 0; r < limits.length; r++) {
      slack[r] = limits[r] - slack[r];
    }
  }

  /// Computes the slack of the budget at distances from the cut of the core.
  ///
  /// @param slack `[R]`, overwritten
  void slackOf(KnapsackCore core, int[] distance, long[] slack) {
    System.arraycopy(limits, 0, slack, 0, limits.length);
    for (int c = 0; c < classes.count(); c++) {
      for (int r = 0; r < limits.length; r++) {
        slack[r] -= (core.base(c) + distance[c]) * classes.cost(c, r);
      }
    }
  }

  /// Returns the gap at distances within the core.
  double gapOf(KnapsackCore core, int[] distance, long[] slack) {
    double gap = gapOfSlack(slack);
    for (int c = 0; c < classes.count(); c++) {
      gap += core.loss(c, distance[c]);
    }
    return gap;
  }

  /// Returns Σ_r μ_r slack_r, where the slack is b_r minus the use.
  private double gapOfSlack(long[] slack) {
    double gap = 0;
    for (int r = 0; r < slack.length; r++) {
      gap += dual.multiplier(r) * slack[r];
    }
    return gap;
  }

  /// Returns the gap of any counts.
  double gapOf(int[] kept, long[] slack) {
    double gap = gapOfSlack(slack);
    for (int c = 0; c < classes.count(); c++) {
      ClassGroups members = groups[c];
      double t = dual.threshold(c);
      int atThreshold =
          classes.clamp(c, members.countBefore(members.groupsAbove(t, 0, members.size())));
      int low = Math.min(atThreshold, kept[c]);
      int high = Math.max(atThreshold, kept[c]);
      for (int rank = low; rank < high; ) {
        int g = members.groupOf(rank);
        int end = Math.min(high, members.countBefore(g + 1));
        gap += (end - rank) * Math.abs(members.value(g) - t);
        rank = end;
      }
    }
    return gap;
  }
}
