package falcon.projection.integer;

import falcon.projection.dual.DualOptimum;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import java.util.Arrays;

/// The core of the knapsack problem: by class, the single ranks around the cut.
///
/// The best k weights of a class are those of greatest saliency, so a mask is one count k_c per
/// class. With the multipliers of the relaxation, the gap of a choice of counts to the bound is
///
/// ```
/// g(μ) − value = Σ_r μ_r (b_r − Σ_c a_cr k_c) + Σ_c loss_c(k_c)
/// loss_c(k)    = Σ |I_i − t_c| over the weights between the threshold t_c and rank k
/// ```
///
/// a sum of terms that are all zero or more, with loss_c convex. A weight whose |I_i − t_c| reaches
/// the gap of a known mask has the same state in every better mask as in the relaxation (knapsack
/// solvers call the remaining weights the *core*), so that only ranks near the cut are laid out, as
/// distances d from it: the loss of k_c = base + d, and the saliency that the step from d to d + 1
/// adds.
final class KnapsackCore {
  /// Greatest number of ranks on either side of the cut, all classes together.
  private static final int MAX_CORE = 1 << 14;

  private static final int MAX_REACH = 512;
  private static final int MIN_REACH = 16;

  /// Greatest number of classes that are searched together, those with the least loss.
  private static final int MAX_OPEN = 512;

  /// The answer that nothing beyond the end of the core might be better.
  static final int NOTHING = -1;

  /// The answer that something beyond the end of the core might be better, but the core ends there
  /// because of its limited reach.
  static final int TOO_FAR = -2;

  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final DualOptimum dual;
  private final int reach;
  private final int[] base;
  private final double[] loss;
  private final double[] item;
  private final int[] up;
  private final int[] down;
  private final int[] open;
  private int openCount;
  private boolean isCentred;

  KnapsackCore(CostClasses classes, ClassGroups[] groups, DualOptimum dual) {
    this.classes = classes;
    this.groups = groups;
    this.dual = dual;
    int classCount = classes.count();
    int greatest = 0;
    for (int c = 0; c < classCount; c++) {
      greatest = Math.max(greatest, classes.size(c));
    }
    int share = Math.max(MIN_REACH, Math.min(MAX_REACH, MAX_CORE / Math.max(1, classCount)));
    reach = Math.min(share, greatest);
    base = new int[classCount];
    loss = new double[Math.multiplyExact(classCount, 2 * reach + 1)];
    item = new double[loss.length];
    up = new int[classCount];
    down = new int[classCount];
    open = new int[classCount];
  }

  /// Rounds the relaxation down and lays out the ranks around that cut.
  void layOut() {
    dual.roundDown(base);
    isCentred = true;
    for (int c = 0; c < classes.count(); c++) {
      int least = classes.clamp(c, groups[c].countBefore(dual.firstTied(c)));
      int most = classes.clamp(c, groups[c].countBefore(dual.endTied(c)));
      isCentred &= least <= base[c] && base[c] <= most;
      layOutUp(c);
      layOutDown(c);
    }
  }

  /// Returns whether the cut is at the thresholds, where all losses are 0; a proof requires that.
  /// It is false where rounding spoilt the relaxation.
  boolean isCentred() {
    return isCentred;
  }

  private void layOutUp(int c) {
    ClassGroups members = groups[c];
    double t = dual.threshold(c);
    loss[at(c, 0)] = 0;
    up[c] = 0;
    int most = Math.min(reach, classes.maxKept(c) - base[c]);
    for (int g = most > 0 ? members.groupOf(base[c]) : 0; up[c] < most && members.isExact(g); g++) {
      int end = Math.min(most, members.countBefore(g + 1) - base[c]);
      for (; up[c] < end; up[c]++) {
        item[at(c, up[c])] = members.value(g);
        loss[at(c, up[c] + 1)] = loss[at(c, up[c])] + Math.max(0, t - members.value(g));
      }
    }
  }

  private void layOutDown(int c) {
    ClassGroups members = groups[c];
    double t = dual.threshold(c);
    down[c] = 0;
    int most = Math.min(reach, base[c] - classes.minKept(c));
    for (int g = most > 0 ? members.groupOf(base[c] - 1) : 0;
        down[c] < most && members.isExact(g);
        g--) {
      int end = Math.min(most, base[c] - members.countBefore(g));
      for (; down[c] < end; down[c]++) {
        item[at(c, -down[c] - 1)] = members.value(g);
        loss[at(c, -down[c] - 1)] = loss[at(c, -down[c])] + Math.max(0, members.value(g) - t);
      }
    }
  }

  private int at(int c, int d) {
    return c * (2 * reach + 1) + reach + d;
  }

  /// Returns the count of class c at distance 0.
  int base(int c) {
    return base[c];
  }

  /// Returns the greatest distance of class c above 0.
  int up(int c) {
    return up[c];
  }

  /// Returns the greatest distance of class c below 0, as a number of zero or more.
  int down(int c) {
    return down[c];
  }

  /// Returns loss_c at `base + d`.
  double loss(int c, int d) {
    return loss[at(c, d)];
  }

  /// Returns the saliency of the weight that is added between the distances `d` and `d + 1`.
  double item(int c, int d) {
    return item[at(c, d)];
  }

  /// Finds the classes whose count might differ in a better choice.
  ///
  /// @param distance by class, the distances of the known choice; classes away from 0 count too
  /// @param gap gap of that choice to the bound
  /// @return whether these are all; otherwise those with the least loss were taken
  boolean findOpen(int[] distance, double gap) {
    openCount = 0;
    for (int c = 0; c < classes.count(); c++) {
      if (distance[c] != 0 || firstLoss(c) < gap) {
        open[openCount++] = c;
      }
    }
    if (openCount <= MAX_OPEN) {
      sortByThreshold();
      return true;
    }
    Integer[] byLoss = new Integer[openCount];
    Arrays.setAll(byLoss, n -> open[n]);
    Arrays.sort(
        byLoss,
        (a, b) ->
            Double.compare(
                distance[a] != 0 ? -1 : firstLoss(a), distance[b] != 0 ? -1 : firstLoss(b)));
    openCount = MAX_OPEN;
    for (int n = 0; n < openCount; n++) {
      open[n] = byLoss[n];
    }
    Arrays.sort(open, 0, openCount);
    sortByThreshold();
    return false;
  }

  /// Returns the least loss of one weight more or less.
  private double firstLoss(int c) {
    double least = up[c] > 0 ? loss(c, 1) : Double.POSITIVE_INFINITY;
    return down[c] > 0 ? Math.min(least, loss(c, -1)) : least;
  }

  /// Sorts the open classes by insertion: they come in order of cost, which is nearly the order of
  /// thresholds.
  private void sortByThreshold() {
    for (int n = 1; n < openCount; n++) {
      int c = open[n];
      double t = dual.threshold(c);
      int m = n - 1;
      for (; m >= 0 && dual.threshold(open[m]) > t; m--) {
        open[m + 1] = open[m];
      }
      open[m + 1] = c;
    }
  }

  /// Returns the number of open classes.
  int openCount() {
    return openCount;
  }

  /// Returns the n-th open class; those of lower threshold come first.
  int open(int n) {
    return open[n];
  }

  /// Returns what lies beyond one end of the core of a class and might improve the result: a group,
  /// [#NOTHING], or [#TOO_FAR] where the limited reach ends the core.
  ///
  /// @param direction 1 or −1
  /// @param gap gap of the result
  int hiddenChoice(int c, int direction, double gap) {
    int last = direction > 0 ? up[c] : -down[c];
    int limit = direction > 0 ? classes.maxKept(c) : classes.minKept(c);
    if (base[c] + last == limit || loss(c, last) >= gap) {
      return NOTHING;
    }
    ClassGroups members = groups[c];
    int g = members.groupOf(direction > 0 ? base[c] + last : base[c] + last - 1);
    int nearest = direction > 0 ? members.highestKey(g) : members.lowestKey(g);
    double t = dual.threshold(c);
    double least = Math.max(0, direction * (t - Float.intBitsToFloat(nearest)));
    if (loss(c, last) + least >= gap) {
      return NOTHING;
    }
    return members.isExact(g) ? TOO_FAR : g;
  }
}
