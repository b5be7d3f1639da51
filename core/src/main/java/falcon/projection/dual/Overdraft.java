package falcon.projection.dual;

import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;

/// Brings a choice of whole weights back into every budget, where rounding, or a search that was
/// cut short, left it outside.
final class Overdraft {
  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final long[] limits;
  private final double[] scale;
  private final long[] left;

  /// @param groups one for each class
  /// @param limits `[R]`, the budget of each resource; not copied
  /// @param scale `[R]`, factors that make costs comparable with thresholds; not copied
  Overdraft(CostClasses classes, ClassGroups[] groups, long[] limits, double[] scale) {
    this.classes = classes;
    this.groups = groups;
    this.limits = limits;
    this.scale = scale;
    this.left = new long[limits.length];
  }

  /// Drops weights until no resource is overdrawn, those first that lose the least saliency above
  /// their threshold per unit of the resource.
  ///
  /// @param kept `[C]`, weights kept of each class, the greatest first; changed
  /// @param threshold `[C]`, the least saliency of a weight of the class that is worth keeping
  void giveBack(int[] kept, double[] threshold) {
    classes.use(kept, left);
    for (int r = 0; r < limits.length; r++) {
      left[r] = limits[r] - left[r];
    }
    for (int r = 0; r < limits.length; r++) {
      while (left[r] < 0) {
        giveBack(kept, threshold, r);
      }
    }
  }

  private void giveBack(int[] kept, double[] threshold, int r) {
    int chosen = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int c = 0; c < kept.length; c++) {
      if (kept[c] > classes.minKept(c) && classes.cost(c, r) > 0) {
        double value = groups[c].value(groups[c].groupOf(kept[c] - 1));
        double loss = (value - threshold[c]) / (classes.cost(c, r) * scale[r]);
        if (loss < least) {
          least = loss;
          chosen = c;
        }
      }
    }
    ClassGroups members = groups[chosen];
    int inGroup = kept[chosen] - members.countBefore(members.groupOf(kept[chosen] - 1));
    long needed = Math.ceilDiv(-left[r], classes.cost(chosen, r));
    long most = Math.min(inGroup, kept[chosen] - classes.minKept(chosen));
    int weights = (int) Math.min(needed, most);
    kept[chosen] -= weights;
    for (int resource = 0; resource < limits.length; resource++) {
      left[resource] += weights * classes.cost(chosen, resource);
    }
  }
}
