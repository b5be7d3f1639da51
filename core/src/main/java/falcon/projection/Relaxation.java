package falcon.projection;

import falcon.budget.Mask;
import falcon.projection.dual.DualOptimum;
import falcon.projection.dual.TwoBudgetDual;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.integer.IntegerRounding;

/// The step that all projections take with the relaxation's optimum.
public final class Relaxation {
  private Relaxation() {}

  /// Finds in each class a group of different saliencies that the threshold or a limit falls into.
  ///
  /// A threshold does not matter where a limit of the class keeps the same weights for every
  /// threshold inside the group.
  ///
  /// @param splitAt by class, the group found, or −1
  /// @return whether there is one in any class
  public static boolean findStraddled(
      CostClasses classes, ClassGroups[] groups, DualOptimum dual, int[] splitAt) {
    boolean isAny = false;
    for (int c = 0; c < groups.length; c++) {
      ClassGroups members = groups[c];
      double t = dual.threshold(c);
      splitAt[c] = -1;
      int last = Math.min(members.size() - 1, dual.endTied(c));
      for (int g = Math.max(0, dual.firstTied(c) - 1); g <= last; g++) {
        if (!members.isExact(g)
            && classes.clamp(c, members.countBefore(g))
                != classes.clamp(c, members.countBefore(g + 1))
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

  static Projection result(
      Mask mask,
      CostClasses classes,
      ClassGroups[] groups,
      TwoBudgetDual dual,
      IntegerRounding finish) {
    double value = 0;
    long nnz = 0;
    long macs = 0;
    for (int c = 0; c < groups.length; c++) {
      int kept = finish.kept(c);
      value += groups[c].sumOfBest(kept);
      nnz += kept;
      macs += kept * classes.macs(c);
    }
    return new Projection(
        mask,
        value,
        value + finish.gap(),
        finish.gap(),
        dual.alpha(),
        dual.mu(),
        nnz,
        macs,
        finish.slack(CostClasses.NNZ),
        finish.slack(CostClasses.MACS),
        finish.isOptimal());
  }
}
