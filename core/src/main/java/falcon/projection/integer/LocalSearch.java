package falcon.projection.integer;

import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import java.util.Arrays;

/// Local search: uses the slack left by rounding, taking weights that still fit and exchanging
/// weights of one class for weights of another as long as that gains.
final class LocalSearch {
  /// Greatest number of weights of one class that one exchange removes; larger exchanges are left
  /// to branch and bound.
  private static final int MAX_EXCHANGED = 4;

  /// An exchange must gain more than the rounding of the sums that it compares.
  private static final double ROUNDING = 0x1p-48;

  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final KnapsackCore core;
  private final Certificate certificate;
  private final int resourceCount;
  private final int[] distance;
  private final long[] slack;

  LocalSearch(
      CostClasses classes, ClassGroups[] groups, KnapsackCore core, Certificate certificate) {
    this.classes = classes;
    this.groups = groups;
    this.core = core;
    this.certificate = certificate;
    resourceCount = classes.resourceCount();
    distance = new int[classes.count()];
    slack = new long[resourceCount];
  }

  /// Fills and exchanges within the core until nothing helps.
  ///
  /// @return by class, the distance from the cut of the core; valid until the next call
  int[] run() {
    Arrays.fill(distance, 0);
    certificate.slackOf(core, distance, slack);
    do {
      fillFromCore();
      core.findOpen(distance, certificate.gapOf(core, distance, slack));
    } while (exchange());
    return distance;
  }

  /// Takes the most valuable weights that fit, one at a time.
  private void fillFromCore() {
    while (true) {
      int chosen = -1;
      for (int c = 0; c < classes.count(); c++) {
        if (distance[c] < core.up(c)
            && fits(c, slack)
            && (chosen < 0 || core.item(c, distance[c]) > core.item(chosen, distance[chosen]))) {
          chosen = c;
        }
      }
      if (chosen < 0) {
        return;
      }
      move(chosen, 1);
    }
  }

  private boolean fits(int c, long[] room) {
    for (int r = 0; r < resourceCount; r++) {
      if (classes.cost(c, r) > room[r]) {
        return false;
      }
    }
    return true;
  }

  private void move(int c, int by) {
    distance[c] += by;
    for (int r = 0; r < resourceCount; r++) {
      slack[r] -= by * classes.cost(c, r);
    }
  }

  private boolean exchange() {
    boolean improved = false;
    for (int m = 0; m < core.openCount(); m++) {
      for (int n = 0; n < core.openCount(); n++) {
        if (m != n) {
          improved |= exchange(core.open(m), core.open(n));
        }
      }
    }
    return improved;
  }

  /// Swaps a few weights of one class for as many of another as then fit, where that gains.
  private boolean exchange(int out, int in) {
    double lost = 0;
    int mostOut = Math.min(MAX_EXCHANGED, distance[out] + core.down(out));
    int mostIn = Math.min(MAX_EXCHANGED, core.up(in) - distance[in]);
    if (mostIn <= 0) {
      return false;
    }
    for (int o = 1; o <= mostOut; o++) {
      lost += core.item(out, distance[out] - o);
      // The first to be taken is the most valuable.
      if (mostIn * core.item(in, distance[in]) <= lost) {
        return false;
      }
      double won = 0;
      int taken = 0;
      while (taken < mostIn && fitsFor(in, taken + 1, out, o)) {
        won += core.item(in, distance[in] + taken);
        taken++;
      }
      if (won - lost > ROUNDING * lost) {
        move(out, -o);
        move(in, taken);
        return true;
      }
    }
    return false;
  }

  private boolean fitsFor(int in, int taken, int out, int given) {
    for (int r = 0; r < resourceCount; r++) {
      if (taken * classes.cost(in, r) > slack[r] + given * classes.cost(out, r)) {
        return false;
      }
    }
    return true;
  }

  /// Takes whatever still fits, beyond the core too, the most valuable group first.
  ///
  /// @param kept by class, increased
  /// @param room `[R]`, slack of the budget, decreased
  void fill(int[] kept, long[] room) {
    while (true) {
      int chosen = -1;
      double greatest = -1;
      for (int c = 0; c < classes.count(); c++) {
        if (kept[c] < classes.maxKept(c) && fits(c, room)) {
          double value = groups[c].value(groups[c].groupOf(kept[c]));
          if (value > greatest) {
            greatest = value;
            chosen = c;
          }
        }
      }
      if (chosen < 0) {
        return;
      }
      int end = groups[chosen].countBefore(groups[chosen].groupOf(kept[chosen]) + 1);
      long taken = Math.min((long) end, classes.maxKept(chosen)) - kept[chosen];
      for (int r = 0; r < resourceCount; r++) {
        long cost = classes.cost(chosen, r);
        taken = cost == 0 ? taken : Math.min(taken, room[r] / cost);
      }
      kept[chosen] += (int) taken;
      for (int r = 0; r < resourceCount; r++) {
        room[r] -= taken * classes.cost(chosen, r);
      }
    }
  }
}
