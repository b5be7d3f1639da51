package falcon.projection.dual;

import falcon.budget.Budget;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;

/// Minimises the Lagrangian dual of NNZ and MACs over the two multipliers.
///
/// ```
/// g(α, μ) = α S + μ F + Σ_c (V_c(t_c) − t_c N_c(t_c)),   t_c = α + μ f_c,   α, μ ≥ 0
/// ∂g/∂α = S − Σ_c N_c,   ∂g/∂μ = F − Σ_c f_c N_c
/// ```
///
/// For a fixed μ the best α is the smallest at which at most S weights lie above their thresholds;
/// it falls as μ grows. The cost M(μ) of the weights kept at that α falls too, and the best μ is
/// where it crosses F. Both are found by bisection on the *bits* of the multipliers, which ends at
/// neighbouring float64 values: no tolerance is involved. The number kept in a class is clamped to
/// the limits of the class, which leaves these properties unchanged.
public final class TwoBudgetDual implements DualOptimum {
  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final long maxNnz;
  private final long maxMacs;
  private final int[] active;
  private final int[] at;
  private Point accepted;
  private Point below;
  private Point trial;

  /// A value of μ with the best α for it, and the groups that are above the thresholds there.
  private static final class Point {
    double mu;

    /// The smallest float64 at which no more than S weights are kept.
    double alpha;

    /// The preceding float64, at which more than S are kept; `alpha` where that is 0.
    double alphaBelow;

    /// By class, the number of groups above the threshold at `alpha`, and at `alphaBelow`.
    final int[] atAlpha;

    final int[] atAlphaBelow;

    Point(int classCount) {
      atAlpha = new int[classCount];
      atAlphaBelow = new int[classCount];
    }
  }

  /// Creates a search on the groups of some classes.
  ///
  /// @param groups one for each class
  public TwoBudgetDual(CostClasses classes, ClassGroups[] groups, Budget budget) {
    this.classes = classes;
    this.groups = groups;
    maxNnz = budget.maxNnz();
    maxMacs = budget.maxMacs();
    active = new int[groups.length];
    at = new int[groups.length];
    accepted = new Point(groups.length);
    below = new Point(groups.length);
    trial = new Point(groups.length);
  }

  /// Returns the multiplier α of the NNZ budget.
  public double alpha() {
    return accepted.alpha;
  }

  /// Returns the multiplier μ of the MAC budget.
  public double mu() {
    return accepted.mu;
  }

  @Override
  public double multiplier(int r) {
    return r == CostClasses.NNZ ? accepted.alpha : accepted.mu;
  }

  @Override
  public double threshold(int c) {
    return accepted.alpha + accepted.mu * classes.macs(c);
  }

  @Override
  public int firstTied(int c) {
    return accepted.atAlpha[c];
  }

  /// Returns the first group of class c that lies below the threshold.
  ///
  /// Keeping the groups before [#firstTied] is within the budget; keeping any of the tied ones
  /// changes nothing but the slack.
  @Override
  public int endTied(int c) {
    return accepted.atAlphaBelow[c];
  }

  /// Starts from the weights above the thresholds and adds tied ones: the cheapest first, then
  /// cheap ones replaced by expensive ones while the MAC budget allows.
  @Override
  public void roundDown(int[] kept) {
    long room = maxNnz;
    long macRoom = maxMacs;
    for (int c = 0; c < groups.length; c++) {
      kept[c] = kept(c, firstTied(c));
      room -= kept[c];
      macRoom -= kept[c] * classes.macs(c);
    }
    for (int c = 0; c < groups.length; c++) {
      long macs = classes.macs(c);
      long fitting = macs == 0 ? room : Math.min(room, macRoom / macs);
      int taken = (int) Math.min(kept(c, endTied(c)) - kept[c], fitting);
      kept[c] += taken;
      room -= taken;
      macRoom -= taken * macs;
    }
    replaceCheapByDear(kept, macRoom);
  }

  private void replaceCheapByDear(int[] kept, long macRoom) {
    int cheap = 0;
    int dear = groups.length - 1;
    while (cheap < dear) {
      long dearer = classes.macs(dear) - classes.macs(cheap);
      int out = kept[cheap] - kept(cheap, firstTied(cheap));
      int in = kept(dear, endTied(dear)) - kept[dear];
      if (out <= 0 || dearer == 0) {
        cheap++;
      } else if (in <= 0 || dearer > macRoom) {
        dear--;
      } else {
        int moved = (int) Math.min(Math.min(out, in), macRoom / dearer);
        kept[cheap] -= moved;
        kept[dear] += moved;
        macRoom -= moved * dearer;
      }
    }
  }

  /// Finds the multipliers and the groups at the thresholds.
  @Override
  public void run() {
    double greatest = 0;
    double greatestPerMac = 0;
    for (int c = 0; c < groups.length; c++) {
      double value = groups[c].size() == 0 ? 0 : groups[c].value(0);
      greatest = Math.max(greatest, value);
      greatestPerMac = Math.max(greatestPerMac, value / Math.max(1, classes.macs(c)));
    }
    findAlpha(below, 0, 0, greatest);
    if (macsWithTies(below, true) <= maxMacs) {
      swapAcceptedWithBelow();
      return;
    }
    // Two steps up cover the rounding of value / macs · macs.
    double muAbove = Math.nextUp(Math.nextUp(greatestPerMac));
    findAlpha(accepted, muAbove, 0, below.alpha);
    while (Math.nextUp(below.mu) < accepted.mu) {
      findAlpha(trial, between(below.mu, accepted.mu), accepted.alphaBelow, below.alpha);
      Point found = trial;
      if (macsWithTies(found, true) > maxMacs) {
        trial = below;
        below = found;
      } else {
        trial = accepted;
        accepted = found;
        if (macsWithTies(found, false) >= maxMacs) {
          return;
        }
      }
    }
    for (int c = 0; c < groups.length; c++) {
      accepted.atAlpha[c] = Math.min(accepted.atAlpha[c], below.atAlpha[c]);
      accepted.atAlphaBelow[c] = Math.max(accepted.atAlphaBelow[c], below.atAlphaBelow[c]);
    }
  }

  private void swapAcceptedWithBelow() {
    Point found = below;
    below = accepted;
    accepted = found;
  }

  /// Finds the best α for a given μ, between two values that are known to lie on either side of it.
  ///
  /// @param tooSmall 0, or an α at which more than S weights are kept
  /// @param largeEnough an α at which at most S weights are kept
  private void findAlpha(Point point, double mu, double tooSmall, double largeEnough) {
    point.mu = mu;
    double low = tooSmall;
    double high = largeEnough;
    long settled = 0;
    int activeCount = 0;
    long keptAtLow = 0;
    for (int c = 0; c < groups.length; c++) {
      int size = groups[c].size();
      int atLow = groups[c].groupsAbove(low + mu * classes.macs(c), 0, size);
      point.atAlphaBelow[c] = atLow;
      point.atAlpha[c] = groups[c].groupsAbove(high + mu * classes.macs(c), 0, atLow);
      keptAtLow += kept(c, atLow);
    }
    if (keptAtLow <= maxNnz) {
      point.alpha = low;
      point.alphaBelow = low;
      System.arraycopy(point.atAlphaBelow, 0, point.atAlpha, 0, groups.length);
      return;
    }
    for (int c = 0; c < groups.length; c++) {
      active[activeCount++] = c;
    }
    while (Math.nextUp(low) < high) {
      int left = 0;
      int remaining = 0;
      for (int a = 0; a < activeCount; a++) {
        int c = active[a];
        int open = point.atAlphaBelow[c] - point.atAlpha[c];
        if (open == 0) {
          settled += kept(c, point.atAlpha[c]);
        } else {
          active[left++] = c;
          remaining += open;
        }
      }
      activeCount = left;
      double middle = between(low, high);
      if (remaining == 1) {
        middle = beside(low, high, breakpoint(active[0], point.atAlpha[active[0]], mu));
      }
      long keptCount = settled;
      for (int a = 0; a < activeCount; a++) {
        int c = active[a];
        at[c] =
            groups[c].groupsAbove(
                middle + mu * classes.macs(c), point.atAlpha[c], point.atAlphaBelow[c]);
        keptCount += kept(c, at[c]);
      }
      int[] side = keptCount <= maxNnz ? point.atAlpha : point.atAlphaBelow;
      for (int a = 0; a < activeCount; a++) {
        side[active[a]] = at[active[a]];
      }
      if (keptCount <= maxNnz) {
        high = middle;
      } else {
        low = middle;
      }
    }
    point.alpha = high;
    point.alphaBelow = low;
  }

  /// Returns the α at which group g of class c is at its threshold.
  private double breakpoint(int c, int g, double mu) {
    return groups[c].value(g) - mu * classes.macs(c);
  }

  /// Returns `wanted`, or a neighbour of it where it is an end of the interval, or the middle where
  /// it is outside.
  private static double beside(double low, double high, double wanted) {
    if (wanted == low) {
      return Math.nextUp(low);
    }
    if (wanted == high) {
      return Math.nextDown(high);
    }
    return low < wanted && wanted < high ? wanted : between(low, high);
  }

  /// Returns a float64 strictly between two that are not neighbours, halfway between their bits.
  private static double between(double low, double high) {
    long bits = (Double.doubleToRawLongBits(low) + Double.doubleToRawLongBits(high)) >>> 1;
    return Double.longBitsToDouble(bits);
  }

  private int kept(int c, int groupCount) {
    return classes.clamp(c, groups[c].countBefore(groupCount));
  }

  /// Returns the least or greatest cost of what the relaxation keeps at a point: S weights where
  /// `α > 0`, the tied ones chosen from the cheapest or from the most expensive class on.
  private long macsWithTies(Point point, boolean isLeast) {
    long macs = 0;
    long room = maxNnz;
    for (int c = 0; c < groups.length; c++) {
      int count = kept(c, point.atAlpha[c]);
      macs += count * classes.macs(c);
      room -= count;
    }
    for (int n = 0; n < groups.length && point.alpha > 0; n++) {
      int c = isLeast ? n : groups.length - 1 - n;
      int tied = kept(c, point.atAlphaBelow[c]) - kept(c, point.atAlpha[c]);
      long taken = Math.min(tied, room);
      macs += taken * classes.macs(c);
      room -= taken;
    }
    return macs;
  }
}
