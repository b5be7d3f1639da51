package falcon.projection;

import falcon.budget.Budget;
import java.util.Arrays;

/// Whole weights from the optimum of the relaxation.
///
/// Within a class the best k weights are those of greatest saliency, so a mask is one count k_c per
/// class. With the optimal multipliers, what a choice of counts lacks to the bound is
///
/// ```
/// g(α, μ) − value = α (S − Σ k_c) + μ (F − Σ f_c k_c) + Σ_c loss_c(k_c)
/// loss_c(k)       = Σ |I_i − t_c| over the weights between the threshold t_c and rank k
/// ```
///
/// a sum of terms that are all zero or more, loss_c being convex. Starting from the relaxation's
/// optimum rounded down, slack is filled, weights are exchanged between classes until no exchange
/// helps, and a depth-first search over (k_c) looks at every choice whose losses stay below the gap
/// reached (the *core* of knapsack solvers: a weight whose reduced cost exceeds the gap is where it
/// belongs). Where the search ends within its limit of nodes, the optimum is proven.
final class IntegerFinish {
  /// Nodes of the search; a fixed number, so that results do not depend on the machine's speed.
  private static final int MAX_NODES = 1 << 18;

  /// Nodes of a first, short search: what it finds tells which groups are worth splitting.
  private static final int MAX_FIRST_NODES = 1 << 12;

  /// Ranks on either side of the threshold that are looked at one by one, all classes together.
  private static final int MAX_CORE = 1 << 14;

  private static final int MAX_REACH = 512;
  private static final int MIN_REACH = 16;

  /// Weights of one class that one exchange may take out; more are left to the search.
  private static final int MAX_EXCHANGED = 4;

  /// An exchange must gain more than the rounding of the sums that it compares.
  private static final double ROUNDING = 0x1p-48;

  /// Below this share of the bound, splitting further groups just for a proof is not worth a pass.
  private static final double GAP_WORTH_A_PASS = 1e-10;

  private final CostClasses classes;
  private final ClassGroups[] groups;
  private final DualSearch dual;
  private final long maxNnz;
  private final long maxMacs;
  private final int classCount;
  private final int reach;

  /// Rank of the cut that the core is built around.
  private final int[] base;

  /// loss and saliency by class and distance from `base`.
  private final double[] loss;

  private final double[] item;
  private final int[] up;
  private final int[] down;

  private final int[] distance;
  private final int[] best;
  private final int[] trial;
  private double bestGap;
  private int nodes;
  private final long[] upBefore;
  private final long[] downBefore;
  private final long[] upMacsBefore;
  private final long[] downMacsBefore;

  private final int[] kept;
  private final int[] splitAt;
  private long nnzSlack;
  private long macsSlack;
  private double gap;
  private boolean isOptimal;

  IntegerFinish(CostClasses classes, ClassGroups[] groups, DualSearch dual, Budget budget) {
    this.classes = classes;
    this.groups = groups;
    this.dual = dual;
    maxNnz = budget.maxNnz();
    maxMacs = budget.maxMacs();
    classCount = groups.length;
    reach = Math.max(MIN_REACH, Math.min(MAX_REACH, MAX_CORE / Math.max(1, classCount)));
    base = new int[classCount];
    loss = new double[classCount * (2 * reach + 1)];
    item = new double[classCount * (2 * reach + 1)];
    up = new int[classCount];
    down = new int[classCount];
    distance = new int[classCount];
    best = new int[classCount];
    trial = new int[classCount];
    upBefore = new long[classCount + 1];
    downBefore = new long[classCount + 1];
    upMacsBefore = new long[classCount + 1];
    downMacsBefore = new long[classCount + 1];
    kept = new int[classCount];
    splitAt = new int[classCount];
  }

  /// How many weights of class c are kept.
  int kept(int c) {
    return kept[c];
  }

  double gap() {
    return gap;
  }

  long nnzSlack() {
    return nnzSlack;
  }

  long macsSlack() {
    return macsSlack;
  }

  boolean isOptimal() {
    return isOptimal;
  }

  /// By class, the group to split before the result is final or proven; −1: none.
  int[] splitAt() {
    return splitAt;
  }

  /// Whether the result is not final before groups are split: a cut falls into a group of different
  /// saliencies, or groups hide choices that might be better.
  boolean wantsSplit() {
    return Arrays.stream(splitAt).anyMatch(g -> g >= 0);
  }

  /// Finds the counts for the groups as they are.
  ///
  /// @param maySplit whether groups may still be split only to find or prove a better result
  void run(boolean maySplit) {
    takeTied();
    for (int c = 0; c < classCount; c++) {
      layOutCore(c);
    }
    Arrays.fill(distance, 0);
    do {
      fillFromCore();
    } while (exchange());
    boolean isComplete = search(MAX_FIRST_NODES);
    settle();
    boolean isWhole = findSplits(maySplit);
    if (!isComplete && !wantsSplit()) {
      System.arraycopy(best, 0, distance, 0, classCount);
      isComplete = search(MAX_NODES);
      settle();
      isWhole = findSplits(maySplit);
    }
    isOptimal = isWhole && isComplete;
  }

  private void settle() {
    for (int c = 0; c < classCount; c++) {
      kept[c] = base[c] + best[c];
    }
    setSlack();
    fill();
    certify();
  }

  /// Starts from the weights above the thresholds and takes tied ones: the cheapest first, then
  /// cheap ones replaced by expensive ones while the MAC budget allows.
  private void takeTied() {
    long room = maxNnz;
    long macRoom = maxMacs;
    for (int c = 0; c < classCount; c++) {
      base[c] = classes.clamp(c, groups[c].countBefore(dual.firstTied(c)));
      room -= base[c];
      macRoom -= base[c] * classes.macs(c);
    }
    for (int c = 0; c < classCount; c++) {
      int taken = (int) Math.min(tiedEnd(c) - base[c], fitting(room, macRoom, classes.macs(c)));
      base[c] += taken;
      room -= taken;
      macRoom -= taken * classes.macs(c);
    }
    int cheap = 0;
    int dear = classCount - 1;
    while (cheap < dear) {
      long dearer = classes.macs(dear) - classes.macs(cheap);
      int out =
          base[cheap] - classes.clamp(cheap, groups[cheap].countBefore(dual.firstTied(cheap)));
      int in = tiedEnd(dear) - base[dear];
      if (out <= 0 || dearer == 0) {
        cheap++;
      } else if (in <= 0 || dearer > macRoom) {
        dear--;
      } else {
        int moved = (int) Math.min(Math.min(out, in), macRoom / dearer);
        base[cheap] -= moved;
        base[dear] += moved;
        macRoom -= moved * dearer;
      }
    }
  }

  private int tiedEnd(int c) {
    return classes.clamp(c, groups[c].countBefore(dual.endTied(c)));
  }

  /// How many weights of a given cost fit into what is left of both budgets.
  private static long fitting(long room, long macRoom, long macs) {
    return macs == 0 ? room : Math.min(room, macRoom / macs);
  }

  private int at(int c, int d) {
    return c * (2 * reach + 1) + reach + d;
  }

  private void layOutCore(int c) {
    ClassGroups members = groups[c];
    double t = dual.threshold(c);
    loss[at(c, 0)] = 0;
    up[c] = 0;
    down[c] = 0;
    int most = Math.min(reach, classes.maxKept(c) - base[c]);
    for (int g = most > 0 ? members.groupOf(base[c]) : 0; up[c] < most && members.isExact(g); g++) {
      int end = Math.min(most, members.countBefore(g + 1) - base[c]);
      for (; up[c] < end; up[c]++) {
        item[at(c, up[c])] = members.value(g);
        loss[at(c, up[c] + 1)] = loss[at(c, up[c])] + Math.max(0, t - members.value(g));
      }
    }
    most = Math.min(reach, base[c] - classes.minKept(c));
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

  /// Takes the most valuable weights that fit, one at a time.
  private void fillFromCore() {
    setSlackOfDistance();
    while (true) {
      int chosen = -1;
      for (int c = 0; c < classCount; c++) {
        if (distance[c] < up[c]
            && fitting(nnzSlack, macsSlack, classes.macs(c)) > 0
            && (chosen < 0 || item[at(c, distance[c])] > item[at(chosen, distance[chosen])])) {
          chosen = c;
        }
      }
      if (chosen < 0) {
        return;
      }
      move(chosen, 1);
    }
  }

  private void move(int c, int by) {
    distance[c] += by;
    nnzSlack -= by;
    macsSlack -= by * classes.macs(c);
  }

  /// Swaps a few weights of one class for as many of another as then fit, where that gains.
  private boolean exchange() {
    boolean improved = false;
    for (int out = 0; out < classCount; out++) {
      for (int in = 0; in < classCount; in++) {
        double lost = 0;
        for (int o = 1; o <= MAX_EXCHANGED && o <= distance[out] + down[out] && in != out; o++) {
          lost += item[at(out, distance[out] - o)];
          long room = fitting(nnzSlack + o, macsSlack + o * classes.macs(out), classes.macs(in));
          int taken = (int) Math.min(room, Math.min(MAX_EXCHANGED, up[in] - distance[in]));
          double won = 0;
          for (int i = 0; i < taken; i++) {
            won += item[at(in, distance[in] + i)];
          }
          if (won - lost > ROUNDING * lost) {
            move(out, -o);
            move(in, taken);
            improved = true;
            break;
          }
        }
      }
    }
    return improved;
  }

  /// @return whether every choice in the core that could be better was looked at
  private boolean search(int maxNodes) {
    setSlackOfDistance();
    double alphaPart = dual.alpha() * nnzSlack;
    bestGap = alphaPart + dual.mu() * macsSlack;
    long room = nnzSlack;
    long macRoom = macsSlack;
    for (int c = 0; c < classCount; c++) {
      bestGap += loss[at(c, distance[c])];
      best[c] = distance[c];
      room += distance[c];
      macRoom += distance[c] * classes.macs(c);
    }
    for (int c = 0; c < classCount; c++) {
      int useful = useful(c, up[c], 1);
      int usefulDown = useful(c, down[c], -1);
      upBefore[c + 1] = upBefore[c] + useful;
      downBefore[c + 1] = downBefore[c] + usefulDown;
      upMacsBefore[c + 1] = upMacsBefore[c] + useful * classes.macs(c);
      downMacsBefore[c + 1] = downMacsBefore[c] + usefulDown * classes.macs(c);
    }
    nodes = maxNodes;
    if (classCount > 0) {
      search(classCount - 1, 0, room, macRoom);
    }
    return nodes > 0;
  }

  /// How many ranks of the core, up or down, lose less than the gap that is to be beaten.
  private int useful(int c, int most, int direction) {
    int ranks = 0;
    while (ranks < most && loss[at(c, direction * (ranks + 1))] < bestGap) {
      ranks++;
    }
    return ranks;
  }

  /// Depth first over the classes c, c − 1, … 0; the others have cost `lost` so far and leave
  /// `room` and `macRoom` (negative where classes to come must give something back).
  private void search(int c, double lost, long room, long macRoom) {
    if (c == 0) {
      finishSearch(lost, room, macRoom);
      return;
    }
    long macs = classes.macs(c);
    for (int d = 0; d <= up[c] && nodes-- > 0; d++) {
      // Taking more loses more and leaves less room, so nothing beyond can do either.
      if (lost + loss[at(c, d)] >= bestGap || !canFit(c, room - d, macRoom - d * macs)) {
        break;
      }
      if (leastGap(c, lost + loss[at(c, d)], room - d, macRoom - d * macs) < bestGap) {
        trial[c] = d;
        search(c - 1, lost + loss[at(c, d)], room - d, macRoom - d * macs);
      }
    }
    for (int d = -1; d >= -down[c] && nodes-- > 0; d--) {
      // Giving back more loses more and leaves more unused.
      if (leastGap(c, lost + loss[at(c, d)], room - d, macRoom - d * macs) >= bestGap) {
        break;
      }
      if (canFit(c, room - d, macRoom - d * macs)) {
        trial[c] = d;
        search(c - 1, lost + loss[at(c, d)], room - d, macRoom - d * macs);
      }
    }
  }

  /// Whether the classes below c can give back what is over the budgets.
  private boolean canFit(int c, long room, long macRoom) {
    return room + downBefore[c] >= 0 && macRoom + downMacsBefore[c] >= 0;
  }

  /// What is lost for sure when the classes below c take as much as their core has.
  private double leastGap(int c, double lost, long room, long macRoom) {
    return lost
        + dual.alpha() * Math.max(0, room - upBefore[c])
        + dual.mu() * Math.max(0, macRoom - upMacsBefore[c]);
  }

  /// In the last class as many as fit are best: no saliency is negative.
  private void finishSearch(double lost, long room, long macRoom) {
    long macs = classes.macs(0);
    if (macs == 0 && macRoom < 0) {
      return;
    }
    long most = macs == 0 ? room : Math.min(room, Math.floorDiv(macRoom, macs));
    int d = (int) Math.min(most, up[0]);
    if (d < -down[0]) {
      return;
    }
    double total =
        lost + loss[at(0, d)] + dual.alpha() * (room - d) + dual.mu() * (macRoom - d * macs);
    if (total < bestGap) {
      bestGap = total;
      trial[0] = d;
      System.arraycopy(trial, 0, best, 0, classCount);
    }
  }

  private void setSlackOfDistance() {
    nnzSlack = maxNnz;
    macsSlack = maxMacs;
    for (int c = 0; c < classCount; c++) {
      nnzSlack -= base[c] + distance[c];
      macsSlack -= (base[c] + distance[c]) * classes.macs(c);
    }
  }

  private void setSlack() {
    nnzSlack = maxNnz;
    macsSlack = maxMacs;
    for (int c = 0; c < classCount; c++) {
      nnzSlack -= kept[c];
      macsSlack -= kept[c] * classes.macs(c);
    }
  }

  /// Takes whatever still fits, beyond the core too, the most valuable group first.
  private void fill() {
    while (true) {
      int chosen = -1;
      double greatest = -1;
      for (int c = 0; c < classCount; c++) {
        if (kept[c] < classes.maxKept(c) && fitting(nnzSlack, macsSlack, classes.macs(c)) > 0) {
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
      int most = Math.min(end, classes.maxKept(chosen)) - kept[chosen];
      long taken = Math.min(most, fitting(nnzSlack, macsSlack, classes.macs(chosen)));
      kept[chosen] += (int) taken;
      nnzSlack -= taken;
      macsSlack -= taken * classes.macs(chosen);
    }
  }

  private void certify() {
    gap = dual.alpha() * nnzSlack + dual.mu() * macsSlack;
    for (int c = 0; c < classCount; c++) {
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
  }

  /// Finds the groups that the cut falls into or that hide choices which might close the gap.
  ///
  /// @return whether nothing outside the core could be better
  private boolean findSplits(boolean maySplit) {
    boolean isComplete = true;
    double value = 0;
    for (int c = 0; c < classCount; c++) {
      value += groups[c].sumOfBest(kept[c]);
      splitAt[c] = -1;
    }
    boolean isWorthAPass = maySplit && gap > GAP_WORTH_A_PASS * (value + gap);
    for (int c = 0; c < classCount; c++) {
      int blocked = hiddenChoice(c, 1);
      int blockedDown = hiddenChoice(c, -1);
      isComplete &= blocked == NOTHING && blockedDown == NOTHING;
      int chosen = Math.max(blocked, blockedDown);
      splitAt[c] = isWorthAPass && chosen >= 0 ? chosen : -1;
    }
    for (int c = 0; c < classCount; c++) {
      int g = groups[c].groupOf(kept[c]);
      if (g < groups[c].size() && groups[c].countBefore(g) != kept[c] && !groups[c].isExact(g)) {
        splitAt[c] = g;
      }
    }
    return isComplete;
  }

  private static final int NOTHING = -1;
  private static final int TOO_FAR = -2;

  /// What lies past one end of the core of a class and might be better than what was found: a
  /// group, [#NOTHING], or [#TOO_FAR] where it is the reach that ends the core.
  private int hiddenChoice(int c, int direction) {
    int last = direction > 0 ? up[c] : -down[c];
    int limit = direction > 0 ? classes.maxKept(c) : classes.minKept(c);
    if (base[c] + last == limit || loss[at(c, last)] >= gap) {
      return NOTHING;
    }
    ClassGroups members = groups[c];
    int g = members.groupOf(direction > 0 ? base[c] + last : base[c] + last - 1);
    int nearest = direction > 0 ? members.highestKey(g) : members.lowestKey(g);
    double least = Math.max(0, direction * (dual.threshold(c) - Float.intBitsToFloat(nearest)));
    if (loss[at(c, last)] + least >= gap) {
      return NOTHING;
    }
    return members.isExact(g) ? TOO_FAR : g;
  }
}
