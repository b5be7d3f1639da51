package falcon.projection.integer;

import falcon.projection.dual.DualOptimum;
import falcon.projection.group.CostClasses;

/// Branch and bound: a depth-first search over the counts of the open classes of a [KnapsackCore].
///
/// The bound of a branch is the sum of the losses so far and of μ_r times the amount of each
/// resource that is certain to stay unused; a branch ends where it reaches the gap of the best
/// choice so far. Where the search ends within its limit of nodes, no choice in the core is better.
final class BranchAndBound {
  private final CostClasses classes;
  private final KnapsackCore core;
  private final Certificate certificate;
  private final DualOptimum dual;
  private final int resourceCount;
  private final int[] best;
  private final int[] trial;
  private final long[] slack;
  private final double[] multipliers;

  /// The room `[levels + 1, R]`: what is left for the classes of the levels below (negative where
  /// they must release something), and the most that they can take and release.
  private long[] room = {};

  private long[] takenBelow = {};
  private long[] givenBelow = {};

  /// Costs `[levels, R]` of one weight of the class of each level.
  private long[] costs = {};

  private double bestGap;
  private int nodes;
  private boolean isOverdrawn;

  BranchAndBound(
      CostClasses classes, KnapsackCore core, Certificate certificate, DualOptimum dual) {
    this.classes = classes;
    this.core = core;
    this.certificate = certificate;
    this.dual = dual;
    resourceCount = classes.resourceCount();
    best = new int[classes.count()];
    trial = new int[classes.count()];
    slack = new long[resourceCount];
    multipliers = new double[resourceCount];
  }

  /// Returns by class the distance from the cut of the core in the best choice found.
  int[] best() {
    return best;
  }

  /// Searches for a better choice than a known one.
  ///
  /// @param start by class, the distances of the known choice; read only; may be [#best()]
  /// @param maxNodes number of nodes after which the search gives up
  /// @return whether every choice in the core that could be better was examined
  boolean run(int[] start, int maxNodes) {
    System.arraycopy(start, 0, best, 0, best.length);
    certificate.slackOf(core, best, slack);
    bestGap = certificate.gapOf(core, best, slack);
    boolean isWhole = core.findOpen(best, bestGap);
    int levels = core.openCount();
    if (levels == 0 || bestGap == 0) {
      return true;
    }
    prepare(levels);
    nodes = maxNodes;
    descend(levels - 1, 0);
    return isWhole && nodes > 0;
  }

  private void prepare(int levels) {
    int needed = (levels + 1) * resourceCount;
    if (room.length < needed) {
      room = new long[needed];
      takenBelow = new long[needed];
      givenBelow = new long[needed];
      costs = new long[needed];
    }
    for (int r = 0; r < resourceCount; r++) {
      multipliers[r] = dual.multiplier(r);
      long left = slack[r];
      takenBelow[r] = 0;
      givenBelow[r] = 0;
      for (int n = 0; n < levels; n++) {
        int c = core.open(n);
        int here = n * resourceCount + r;
        long cost = classes.cost(c, r);
        left += best[c] * cost;
        costs[here] = cost;
        takenBelow[here + resourceCount] = takenBelow[here] + useful(c, core.up(c), 1) * cost;
        givenBelow[here + resourceCount] = givenBelow[here] + useful(c, core.down(c), -1) * cost;
      }
      room[levels * resourceCount + r] = left;
    }
  }

  /// Returns the number of ranks of the core, up or down, that lose less than the gap to beat.
  private int useful(int c, int most, int direction) {
    int ranks = 0;
    while (ranks < most && core.loss(c, direction * (ranks + 1)) < bestGap) {
      ranks++;
    }
    return ranks;
  }

  /// Chooses the count of the class of a level, then of those below; the classes above have lost
  /// `lost` and leave `room` of level + 1.
  private void descend(int level, double lost) {
    int c = core.open(level);
    if (level == 0) {
      finish(c, lost);
      return;
    }
    for (int d = 0; d <= core.up(c) && nodes-- > 0; d++) {
      double loss = lost + core.loss(c, d);
      if (loss >= bestGap) {
        break;
      }
      double idle = leaveRoom(level, d);
      // Taking more leaves less room, so nothing beyond can fit either.
      if (isOverdrawn) {
        break;
      }
      if (loss + idle < bestGap) {
        trial[c] = d;
        descend(level - 1, loss);
      }
    }
    for (int d = -1; d >= -core.down(c) && nodes-- > 0; d--) {
      double loss = lost + core.loss(c, d);
      if (loss >= bestGap) {
        break;
      }
      // Releasing more loses more and leaves more unused.
      if (loss + leaveRoom(level, d) >= bestGap) {
        break;
      }
      if (!isOverdrawn) {
        trial[c] = d;
        descend(level - 1, loss);
      }
    }
  }

  /// Sets the room of the levels below to the amount that distance d of this level's class leaves,
  /// and whether that is overdrawn beyond what they can release.
  ///
  /// @return the loss that is certain because they cannot take all of the room
  private double leaveRoom(int level, int d) {
    int here = level * resourceCount;
    isOverdrawn = false;
    double lost = 0;
    // The common case of two resources, unrolled.
    if (resourceCount == 2) {
      return leaveRoom(here, 0, 2, d) + leaveRoom(here + 1, 1, 2, d);
    }
    for (int r = 0; r < resourceCount; r++) {
      lost += leaveRoom(here + r, r, resourceCount, d);
    }
    return lost;
  }

  private double leaveRoom(int n, int r, int stride, int d) {
    long left = room[n + stride] - d * costs[n];
    room[n] = left;
    isOverdrawn |= left + givenBelow[n] < 0;
    return multipliers[r] * Math.max(0, left - takenBelow[n]);
  }

  /// Sets the count of the last class: as many as fit are best, since no saliency is negative.
  private void finish(int c, double lost) {
    long most = core.up(c);
    for (int r = 0; r < resourceCount; r++) {
      long cost = costs[r];
      long left = room[resourceCount + r];
      if (cost == 0 && left < 0) {
        return;
      }
      if (cost == 1) {
        most = Math.min(most, left);
      } else if (cost != 0 && most * cost > left) {
        most = Math.floorDiv(left, cost);
      }
    }
    if (most < -core.down(c)) {
      return;
    }
    int d = (int) most;
    double total = lost + core.loss(c, d);
    for (int r = 0; r < resourceCount; r++) {
      total += multipliers[r] * (room[resourceCount + r] - d * costs[r]);
    }
    if (total < bestGap) {
      bestGap = total;
      trial[c] = d;
      for (int n = 0; n < core.openCount(); n++) {
        best[core.open(n)] = trial[core.open(n)];
      }
    }
  }
}
