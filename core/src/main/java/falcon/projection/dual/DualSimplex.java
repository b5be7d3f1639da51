package falcon.projection.dual;

import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import java.util.Arrays;

/// Minimises the Lagrangian dual of any number of resources by a dual simplex method with long
/// steps.
///
/// A vertex of the dual function is where R of its breakpoints meet: classes whose threshold is at
/// a group's value, t_c = v, and resources with μ_r = 0 (together the *basis*). At a vertex every
/// other group is kept or not, and the amounts of the groups in the basis that use up the budget
/// follow from R linear equations. A group with an amount below zero or above its size, or an
/// overdrawn resource, indicates an edge along which g falls: [LongStepSearch] follows it to its
/// lowest point, the next vertex. Every system is solved from whole numbers, so that errors do not
/// accumulate. Ties cause steps of length 0; after some of these in a row, or after a restart, the
/// lowest number leaves the basis (Bland's rule), and a fixed number of pivots ends the search in
/// any case: the bound holds for any μ.
///
/// Source: the bounded dual simplex method with the bound-flipping ratio test, I. Maros, "A
/// generalized dual phase-2 simplex algorithm", EJOR 149 (2003) 1–16.
public final class DualSimplex implements DualOptimum {
  /// Greatest number of pivots, more than any tested problem needed; where it is reached the bound
  /// holds but is not the least one.
  private static final int MAX_PIVOTS = 10_000;

  /// Number of consecutive steps of length 0 after which Bland's rule chooses.
  private static final int MAX_IDLE_PIVOTS = 40;

  /// The amount kept of a group may leave its range by this share of the group's weights (at least
  /// one): residuals are whole numbers, the rest is rounding of R × R systems.
  private static final double VIOLATION = 1e-9;

  /// The slack of a resource may fall below zero by this share of the budget.
  private static final double OVERDRAWN = 1e-12;

  /// Values this close to a threshold are at it.
  private static final double TIE = 1e-12;

  /// Number of times that the search may restart at μ = 0 after rounding spoilt a basis.
  private static final int MAX_RESTARTS = 3;

  /// A rate below this share of its summands is 0 up to rounding.
  private static final double NO_RATE = 1e-12;

  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final long[] limits;
  private final int classCount;
  private final int resourceCount;

  /// By resource, a power of two that brings its costs to 1 or less.
  private final double[] scale;

  /// By class, the number of groups that are kept; for a class in the basis the next group is at
  /// the threshold.
  private final int[] cut;

  /// Position in the basis: a class, or `classCount + r` for a resource with μ_r = 0.
  private final int[] basis;

  private final boolean[] isBasic;
  private final SmallInverse inverse;

  /// Scaled multipliers, thresholds, and by position the amount kept of the group or left of the
  /// budget.
  private final double[] multiplier;

  private final double[] threshold;
  private final double[] amount;
  private final long[] left;
  private final double[] direction;
  private final LongStepSearch edge;
  private final Overdraft overdraft;
  private boolean isWarm;
  private int idlePivots;
  private int restarts;

  /// Creates a search on the groups of some classes.
  ///
  /// @param groups one for each class
  /// @param limits `[R]`, the budget of each resource; not copied
  public DualSimplex(CostClasses classes, ClassGroups[] groups, long[] limits) {
    this.classes = classes;
    this.groups = groups;
    this.limits = limits;
    classCount = classes.count();
    resourceCount = limits.length;
    scale = new double[resourceCount];
    for (int r = 0; r < resourceCount; r++) {
      long greatest = 1;
      for (int c = 0; c < classCount; c++) {
        greatest = Math.max(greatest, classes.cost(c, r));
      }
      scale[r] = 1.0 / Long.highestOneBit(greatest);
    }
    cut = new int[classCount];
    basis = new int[resourceCount];
    isBasic = new boolean[classCount + resourceCount];
    inverse = new SmallInverse(resourceCount);
    multiplier = new double[resourceCount];
    threshold = new double[classCount];
    amount = new double[resourceCount];
    left = new long[resourceCount];
    direction = new double[resourceCount];
    edge = new LongStepSearch(classes, groups);
    overdraft = new Overdraft(classes, groups, limits, scale);
  }

  @Override
  public double multiplier(int r) {
    return multiplier[r] * scale[r];
  }

  @Override
  public double threshold(int c) {
    return threshold[c];
  }

  @Override
  public int firstTied(int c) {
    return Math.min(cut[c], groups[c].groupsAbove(threshold[c], 0, groups[c].size()));
  }

  @Override
  public int endTied(int c) {
    int end = groups[c].groupsAbove(Math.nextDown(threshold[c]), 0, groups[c].size());
    return Math.max(cut[c] + (isBasic[c] ? 1 : 0), end);
  }

  private double scaledCost(int c, int r) {
    return classes.cost(c, r) * scale[r];
  }

  private int kept(int c, int groupCount) {
    return classes.clamp(c, groups[c].countBefore(groupCount));
  }

  /// Returns the number of weights of the group at the threshold of a class in the basis that the
  /// limits leave free to be kept.
  private int tied(int c) {
    return kept(c, cut[c] + 1) - kept(c, cut[c]);
  }

  @Override
  public void run() {
    if (!isWarm || !restart()) {
      startAtZero();
    }
    isWarm = true;
    idlePivots = 0;
    restarts = 0;
    for (int pivots = 0; pivots < MAX_PIVOTS; pivots++) {
      solveAmounts();
      int leaving = chooseLeaving();
      if (leaving < 0 || !pivot(leaving)) {
        return;
      }
      if (!solveMultipliers()) {
        startAtZero();
        if (++restarts > MAX_RESTARTS) {
          return;
        }
      }
    }
  }

  /// Sets the basis of μ = 0.
  private void startAtZero() {
    Arrays.fill(isBasic, false);
    for (int r = 0; r < resourceCount; r++) {
      basis[r] = classCount + r;
      isBasic[classCount + r] = true;
    }
    for (int c = 0; c < classCount; c++) {
      cut[c] = groups[c].groupsAbove(0, 0, groups[c].size());
    }
    solveMultipliers();
  }

  /// Keeps the basis after groups were split: classes in it move to the group next to their
  /// threshold.
  ///
  /// @return whether it still defines a vertex
  private boolean restart() {
    for (int variable : basis) {
      if (variable < classCount && !cutNear(variable)) {
        return false;
      }
    }
    return solveMultipliers();
  }

  /// Moves the cut of a class outside the basis to its threshold, unless only ties lie between: a
  /// move along an edge loses the digits of a threshold that is tiny compared with its previous
  /// value.
  private void follow(int c) {
    ClassGroups members = groups[c];
    double t = threshold[c];
    boolean isAbove = cut[c] == 0 || members.value(cut[c] - 1) >= t * (1 - TIE);
    boolean isBelow = cut[c] == members.size() || members.value(cut[c]) <= t * (1 + TIE);
    if (!isAbove || !isBelow) {
      cut[c] = members.groupsAbove(t, 0, members.size());
    }
  }

  private boolean cutNear(int c) {
    ClassGroups members = groups[c];
    double t = threshold[c];
    int below = members.groupsAbove(t, 0, members.size());
    double nearest = Double.POSITIVE_INFINITY;
    for (int g = Math.max(0, below - 1); g <= Math.min(below, members.size() - 1); g++) {
      double away = Math.abs(members.value(g) - t);
      if (away < nearest && kept(c, g + 1) > kept(c, g)) {
        nearest = away;
        cut[c] = g;
      }
    }
    return nearest < Double.POSITIVE_INFINITY;
  }

  /// Solves t_c = v for the groups and μ_r = 0 for the resources in the basis.
  ///
  /// @return whether there is a solution with μ ≥ 0
  private boolean solveMultipliers() {
    for (int q = 0; q < resourceCount; q++) {
      for (int r = 0; r < resourceCount; r++) {
        double unit = basis[q] - classCount == r ? 1 : 0;
        inverse.set(r, q, basis[q] < classCount ? scaledCost(basis[q], r) : unit);
      }
    }
    if (!inverse.invert()) {
      return false;
    }
    boolean isValid = true;
    double size = 0;
    for (int q = 0; q < resourceCount; q++) {
      size += valueAt(q) * inverse.greatestInRow(q);
    }
    for (int r = 0; r < resourceCount; r++) {
      double sum = 0;
      for (int q = 0; q < resourceCount; q++) {
        sum += valueAt(q) * inverse.get(q, r);
      }
      isValid &= sum >= -VIOLATION * size;
      multiplier[r] = isBasic[classCount + r] ? 0 : Math.max(0, sum);
    }
    for (int c = 0; c < classCount; c++) {
      double t = 0;
      for (int r = 0; r < resourceCount; r++) {
        t += multiplier[r] * scaledCost(c, r);
      }
      threshold[c] = t;
      if (!isBasic[c]) {
        follow(c);
      }
    }
    return isValid;
  }

  /// Returns the threshold that a position of the basis requires; a resource requires μ_r = 0.
  private double valueAt(int q) {
    int variable = basis[q];
    return variable < classCount ? groups[variable].value(cut[variable]) : 0;
  }

  /// Solves for the amounts kept of the groups in the basis and left of its resources.
  private void solveAmounts() {
    System.arraycopy(limits, 0, left, 0, resourceCount);
    for (int c = 0; c < classCount; c++) {
      for (int r = 0; r < resourceCount; r++) {
        left[r] -= kept(c, cut[c]) * classes.cost(c, r);
      }
    }
    for (int q = 0; q < resourceCount; q++) {
      double sum = 0;
      for (int r = 0; r < resourceCount; r++) {
        sum += inverse.get(q, r) * (left[r] * scale[r]);
      }
      amount[q] = sum;
    }
  }

  /// Returns the distance of a basic value from its range: below 0, or above the weights of its
  /// group.
  private double violation(int q) {
    if (basis[q] >= classCount) {
      int r = basis[q] - classCount;
      return amount[q] < -OVERDRAWN * limits[r] * scale[r] ? amount[q] : 0;
    }
    int most = tied(basis[q]);
    double allowed = VIOLATION * (1 + most);
    if (amount[q] < -allowed) {
      return amount[q];
    }
    return amount[q] > most + allowed ? amount[q] - most : 0;
  }

  /// Returns the position of the steepest edge downwards, or that of the lowest variable under
  /// Bland's rule; −1 where none leads down.
  private int chooseLeaving() {
    boolean isByNumber = idlePivots > MAX_IDLE_PIVOTS || restarts > 0;
    int chosen = -1;
    double steepest = 0;
    for (int q = 0; q < resourceCount; q++) {
      double violation = violation(q);
      if (violation != 0) {
        double norm = 0;
        for (int r = 0; r < resourceCount; r++) {
          norm += inverse.get(q, r) * inverse.get(q, r);
        }
        double steepness = isByNumber ? 1.0 / (1 + basis[q]) : violation * violation / norm;
        if (steepness > steepest) {
          steepest = steepness;
          chosen = q;
        }
      }
    }
    return chosen;
  }

  /// Leaves the basis at one position and moves along the edge to the next vertex.
  ///
  /// @return whether there is one
  private boolean pivot(int q) {
    double violation = violation(q);
    double sign = violation < 0 ? 1 : -1;
    double barrier = Double.POSITIVE_INFINITY;
    int blocking = -1;
    for (int r = 0; r < resourceCount; r++) {
      direction[r] = sign * inverse.get(q, r);
      if (isBasic[classCount + r]) {
        direction[r] = basis[q] == classCount + r ? sign : 0;
      } else if (direction[r] < 0 && multiplier[r] / -direction[r] < barrier) {
        barrier = multiplier[r] / -direction[r];
        blocking = r;
      }
    }
    int leaving = basis[q];
    if (leaving < classCount && violation > 0) {
      cut[leaving]++;
    }
    edge.start(-Math.abs(violation), barrier);
    for (int c = 0; c < classCount; c++) {
      double rate = c == leaving ? sign : isBasic[c] ? 0 : rateOf(c);
      if (rate != 0) {
        edge.add(c, cut[c], threshold[c], rate);
      }
    }
    edge.run(cut);
    if (edge.entering() == LongStepSearch.NONE) {
      return false;
    }
    idlePivots = edge.length() > 0 ? 0 : idlePivots + 1;
    isBasic[leaving] = false;
    basis[q] = edge.entering() == LongStepSearch.BARRIER ? classCount + blocking : edge.entering();
    isBasic[basis[q]] = true;
    return true;
  }

  /// Returns ρ_c = Σ_r d_r a_cr.
  private double rateOf(int c) {
    double rate = 0;
    double size = 0;
    for (int r = 0; r < resourceCount; r++) {
      double term = direction[r] * scaledCost(c, r);
      rate += term;
      size += Math.abs(term);
    }
    return Math.abs(rate) <= NO_RATE * size ? 0 : rate;
  }

  @Override
  public void roundDown(int[] kept) {
    for (int c = 0; c < classCount; c++) {
      kept[c] = kept(c, cut[c]);
    }
    for (int q = 0; q < resourceCount; q++) {
      int c = basis[q];
      if (c < classCount) {
        int most = tied(c);
        int whole = (int) Math.floor(Math.min(most, amount[q] + VIOLATION * (1 + most)));
        kept[c] += Math.max(0, whole);
      }
    }
    overdraft.giveBack(kept, threshold);
  }
}
