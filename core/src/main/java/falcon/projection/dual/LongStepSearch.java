package falcon.projection.dual;

import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import java.util.Arrays;

/// The long-step search: an exact line search of the dual function along one edge, μ(s) = μ + s d,
/// s ≥ 0.
///
/// Along the edge each class c has the threshold t_c + s ρ_c with the rate ρ_c = Σ_r d_r a_cr, and
/// the slope of g grows by |ρ_c| for every weight that the threshold passes. The search starts with
/// a slope below 0 and ends at the breakpoint where the slope reaches 0 or more, however many
/// breakpoints it passes (the *long step* of dual simplex methods). Breakpoints are bracketed by
/// bisection on the bits of s and the last few sorted, so that no tolerance is involved.
final class LongStepSearch {
  /// The value of [#entering()] where a multiplier falls to 0 before the slope reaches 0.
  static final int BARRIER = -1;

  /// The value of [#entering()] where the slope stays below 0 for every s: the budget is below what
  /// must be kept.
  static final int NONE = -2;

  /// Number of breakpoints up to which they are sorted instead of bisected.
  private static final int FEW = 64;

  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final int[] mover;
  private final int[] cut;
  private final double[] from;
  private final double[] rate;

  /// By moving class, the groups passed at the ends of the bracket and at a step between them.
  private final int[] passedAtLow;

  private final int[] passedAtHigh;
  private final int[] passed;
  private int moverCount;
  private double firstSlope;
  private double barrier;

  private double[] step = new double[FEW];
  private int[] stepMover = new int[FEW];
  private int[] stepOrder = new int[FEW];

  private int entering;
  private double length;

  LongStepSearch(CostClasses classes, ClassGroups[] groups) {
    this.classes = classes;
    this.groups = groups;
    int classCount = classes.count();
    mover = new int[classCount];
    cut = new int[classCount];
    from = new double[classCount];
    rate = new double[classCount];
    passedAtLow = new int[classCount];
    passedAtHigh = new int[classCount];
    passed = new int[classCount];
  }

  /// Begins a new edge.
  ///
  /// @param slope slope of g along the edge at s = 0, below 0
  /// @param barrier the s at which the first multiplier reaches 0, or infinity
  void start(double slope, double barrier) {
    moverCount = 0;
    firstSlope = slope;
    this.barrier = barrier;
  }

  /// Adds a class whose threshold moves.
  ///
  /// @param cut number of groups that are kept at s = 0
  /// @param threshold t_c at s = 0
  /// @param rate ρ_c, not 0
  void add(int c, int cut, double threshold, double rate) {
    mover[moverCount] = c;
    this.cut[moverCount] = cut;
    from[moverCount] = threshold;
    this.rate[moverCount] = rate;
    moverCount++;
  }

  /// Returns the class whose group is met where the slope reaches 0, or [#BARRIER] or [#NONE].
  int entering() {
    return entering;
  }

  /// Returns s, the length of the step.
  double length() {
    return length;
  }

  /// Runs the search.
  ///
  /// @param cuts by class, moved past the groups that were passed; the group met is the first after
  ///     the cut of its class
  void run(int[] cuts) {
    double high = bracket();
    if (entering == NONE) {
      double low = 0;
      while (Math.nextUp(low) < high && openGroups() > FEW) {
        long bits = (Double.doubleToRawLongBits(low) + Double.doubleToRawLongBits(high)) >>> 1;
        double middle = Double.longBitsToDouble(bits);
        if (slopeAt(middle, passed) < 0) {
          System.arraycopy(passed, 0, passedAtLow, 0, moverCount);
          low = middle;
        } else {
          System.arraycopy(passed, 0, passedAtHigh, 0, moverCount);
          high = middle;
        }
      }
      walk();
    }
    for (int m = 0; m < moverCount; m++) {
      int by = passedAtLow[m];
      boolean isMet = mover[m] == entering && rate[m] > 0;
      cuts[mover[m]] = rate[m] > 0 ? cut[m] - by - (isMet ? 1 : 0) : cut[m] + by;
    }
  }

  /// Sets the groups passed at either end; `entering` becomes [#BARRIER] if that is where it ends.
  private double bracket() {
    entering = NONE;
    double high = 0;
    for (int m = 0; m < moverCount; m++) {
      ClassGroups members = groups[mover[m]];
      int last = rate[m] > 0 ? 0 : members.size() - 1;
      high = Math.max(high, (members.value(last) - from[m]) / rate[m]);
    }
    // Twice the distance covers the rounding of the quotient, and of thresholds that nearly vanish.
    high = Math.min(barrier, 2 * high);
    if (slopeAt(high, passedAtHigh) < 0 && barrier < Double.POSITIVE_INFINITY) {
      slopeAt(barrier, passedAtLow);
      entering = BARRIER;
      length = barrier;
      return barrier;
    }
    if (slopeAt(0, passedAtLow) >= 0) {
      System.arraycopy(passedAtLow, 0, passedAtHigh, 0, moverCount);
      for (int m = 0; m < moverCount; m++) {
        passedAtLow[m] = 0;
      }
      return 0;
    }
    return high;
  }

  private int openGroups() {
    int open = 0;
    for (int m = 0; m < moverCount; m++) {
      open += passedAtHigh[m] - passedAtLow[m];
    }
    return open;
  }

  /// Returns the slope just after `s`, where groups met at `s` count as passed.
  private double slopeAt(double s, int[] passedThere) {
    double slope = firstSlope;
    for (int m = 0; m < moverCount; m++) {
      ClassGroups members = groups[mover[m]];
      double t = from[m] + s * rate[m];
      if (rate[m] > 0) {
        passedThere[m] = cut[m] - members.groupsAbove(t, 0, cut[m]);
      } else {
        passedThere[m] = members.groupsAbove(Math.nextDown(t), cut[m], members.size()) - cut[m];
      }
      slope += gain(m, passedThere[m]);
    }
    return slope;
  }

  /// Returns the increase of the slope when the first `count` groups are passed.
  private double gain(int m, int count) {
    int c = mover[m];
    int there = rate[m] > 0 ? cut[m] - count : cut[m] + count;
    int weights =
        classes.clamp(c, groups[c].countBefore(there))
            - classes.clamp(c, groups[c].countBefore(cut[m]));
    return Math.abs(rate[m] * weights);
  }

  /// Passes the groups of the bracket one by one until the slope reaches 0.
  private void walk() {
    int count = 0;
    double slope = firstSlope;
    for (int m = 0; m < moverCount; m++) {
      slope += gain(m, passedAtLow[m]);
      for (int n = passedAtLow[m]; n < passedAtHigh[m]; n++) {
        insert(count++, m, n);
      }
    }
    for (int n = 0; n < count; n++) {
      int m = stepMover[n];
      slope += gain(m, stepOrder[n] + 1) - gain(m, stepOrder[n]);
      if (slope >= 0) {
        entering = mover[m];
        length = step[n];
        return;
      }
      passedAtLow[m]++;
    }
    if (count > 0 && slopeAt(2 * step[count - 1], passed) >= 0) {
      // Adding in another order left a rounding error below 0: the last group enters.
      entering = mover[stepMover[count - 1]];
      length = step[count - 1];
      passedAtLow[stepMover[count - 1]]--;
    }
  }

  /// Inserts the n-th group that a moving class passes among the first `count`: by step, and for
  /// equal steps the fastest class first, so that slow ones, which are bad pivots, come last.
  private void insert(int count, int m, int n) {
    if (count == step.length) {
      step = Arrays.copyOf(step, 2 * count);
      stepMover = Arrays.copyOf(stepMover, 2 * count);
      stepOrder = Arrays.copyOf(stepOrder, 2 * count);
    }
    int g = rate[m] > 0 ? cut[m] - n - 1 : cut[m] + n;
    double s = Math.max(0, (groups[mover[m]].value(g) - from[m]) / rate[m]);
    int at = count;
    while (at > 0 && isBefore(s, m, at - 1)) {
      step[at] = step[at - 1];
      stepMover[at] = stepMover[at - 1];
      stepOrder[at] = stepOrder[at - 1];
      at--;
    }
    step[at] = s;
    stepMover[at] = m;
    stepOrder[at] = n;
  }

  private boolean isBefore(double s, int m, int other) {
    if (s != step[other]) {
      return s < step[other];
    }
    return Math.abs(rate[m]) > Math.abs(rate[stepMover[other]]);
  }
}
