package falcon.projection;

import falcon.budget.Budget;
import falcon.projection.dual.TwoBudgetDual;
import falcon.projection.group.Chunks;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.group.KeySort;
import java.util.Arrays;

/// For each cost class, a narrow zone of keys that its threshold very likely falls into.
///
/// A sample of the weights is taken once per projection and its dual solved as if it were all
/// weights, each sampled weight representing `w_c = size_c / n_c` weights of its class. At the true
/// thresholds, the counts estimated from the sample differ from the true counts by errors of
/// variance
///
/// ```
/// of Σ_c N_c      Σ_c w_c k_c (1 − k_c / size_c)
/// of Σ_c f_c N_c  Σ_c f_c² w_c k_c (1 − k_c / size_c)      k_c: kept in class c
/// ```
///
/// so the true thresholds solve the sampled problem for budgets that differ from (S, F) by these
/// errors. The zone of a class spans the thresholds for the budgets moved by a few standard
/// deviations, up and down. The result does not depend on the guess being right: whether the
/// optimum lies in the zones is checked afterwards.
final class SampledZones {
  /// Number of weights up to which the zones hold all weights.
  private static final int MAX_UNSAMPLED = 1 << 15;

  /// Number of weights per sampled weight, for classes of little cost.
  private static final int SPREAD = 128;

  /// Least number of sampled weights of a class, unless it has fewer weights.
  private static final int MIN_SAMPLED = 1 << 11;

  /// Number of adjacent sampled weights: few, since neighbours are similar, but more than one,
  /// since the processor reads 16 at a time.
  private static final int BLOCK = 8;

  /// Number of groups by which a zone is widened at both ends.
  private static final int MARGIN = 8;

  /// The fewest weights that must fit into the zones.
  private static final int MIN_CAPACITY = 1 << 16;

  /// Number of weights per weight that must fit into the zones.
  private static final int CAPACITY_SHARE = 16;

  /// Bits of a sampled key that count: 13 of the significand, so that sorting takes two passes.
  private static final int ROUGH = -1 << 10;

  private static final int GREATEST_KEY = Float.floatToRawIntBits(Float.MAX_VALUE);

  private final CostClasses classes;
  private final Chunks chunks;
  private final ClassGroups[] groups;

  /// By class, number of weights per sampled weight.
  private final int[] spread;

  /// By class, the start of its sample; one more entry than classes.
  private final int[] start;

  private final int[] keys;
  private final KeySort sort;
  private final int[] low;
  private final int[] high;

  SampledZones(CostClasses classes, Chunks chunks, ClassGroups[] groups) {
    this.classes = classes;
    this.chunks = chunks;
    this.groups = groups;
    int count = classes.count();
    low = new int[count];
    high = new int[count];
    spread = new int[count];
    start = new int[count + 1];
    if (isEverything()) {
      keys = new int[0];
      sort = new KeySort(0, chunks.threads());
      return;
    }
    setSpreads();
    int[] sampled = new int[count];
    for (int layer = 0; layer < classes.layerCount(); layer++) {
      int c = classes.layerClass(layer);
      sampled[c] += sampledOf(sizeOf(layer), spread[c]);
    }
    for (int c = 0; c < count; c++) {
      start[c + 1] = start[c] + sampled[c];
    }
    keys = new int[start[count]];
    sort = new KeySort(keys.length, chunks.threads());
  }

  /// Returns the number of weights that the zones may hold.
  static int capacity(int weightCount) {
    return Math.min(weightCount, Math.max(MIN_CAPACITY, weightCount / CAPACITY_SHARE));
  }

  /// Returns the first key of the zone of class c, 1 or more: weights without saliency are below
  /// every zone.
  int low(int c) {
    return low[c];
  }

  /// Returns the key after the zone of class c.
  int high(int c) {
    return high[c];
  }

  private boolean isEverything() {
    return classes.weightCount() <= MAX_UNSAMPLED;
  }

  /// Sets the density of each class's sample; an expensive class is sampled more densely, since its
  /// errors weigh more in Σ f_c N_c.
  private void setSpreads() {
    double meanMacs = 0;
    for (int c = 0; c < classes.count(); c++) {
      meanMacs += (double) classes.macs(c) * classes.size(c) / classes.weightCount();
    }
    for (int c = 0; c < classes.count(); c++) {
      double weight = meanMacs == 0 ? 1 : Math.hypot(1, classes.macs(c) / meanMacs);
      double wanted = Math.min(SPREAD / weight, (double) classes.size(c) / MIN_SAMPLED);
      spread[c] = (int) Math.max(1, wanted);
    }
  }

  private int sizeOf(int layer) {
    return classes.layerEnd(layer) - (layer == 0 ? 0 : classes.layerEnd(layer - 1));
  }

  private static int sampledOf(int layerSize, int spread) {
    int whole = layerSize / (BLOCK * spread);
    return whole * BLOCK + Math.min(BLOCK, layerSize - whole * BLOCK * spread);
  }

  /// Takes the sample, which [#span] uses until the next sample is taken.
  ///
  /// @param saliency `[p]`; values that are negative or not finite are read as zero or as the
  ///     greatest finite value
  void sample(float[] saliency) {
    if (!isEverything()) {
      chunks.forEach(classes.count(), (c, worker) -> sampleClass(saliency, c, worker));
    }
  }

  private void sampleClass(float[] saliency, int c, int worker) {
    int n = start[c];
    for (int layer = 0; layer < classes.layerCount(); layer++) {
      if (classes.layerClass(layer) == c) {
        n = sampleLayer(saliency, layer, spread[c], n);
      }
    }
    sort.sort(keys, start[c], n, worker);
    groups[c].setSample(keys, start[c], n, classes.size(c));
  }

  /// Samples one block at a pseudo-random place of each stretch of `BLOCK · spread` weights.
  private int sampleLayer(float[] saliency, int layer, int layerSpread, int from) {
    int stretch = BLOCK * layerSpread;
    int n = from;
    int end = classes.layerEnd(layer);
    int first = end - sizeOf(layer);
    for (int number = 0; first < end; first += stretch, number++) {
      int block = Math.min(BLOCK, end - first);
      int room = Math.min(stretch, end - first) - block;
      int i = first + scattered(number, room);
      for (int last = i + block; i < last; i++) {
        int key = Float.floatToRawIntBits(saliency[i]);
        keys[n++] = Math.max(0, Math.min(key, GREATEST_KEY)) & ROUGH;
      }
    }
    return n;
  }

  /// Returns a pseudo-random number from 0 to `most`: the high bits of a multiple of the golden
  /// ratio.
  private static int scattered(int number, int most) {
    return (int) ((((number * 0x9E3779B9L) & 0xFFFFFFFFL) * (most + 1L)) >>> 32);
  }

  /// Sets the zones for a budget.
  ///
  /// @param deviations number of standard deviations of the sample's error that the zones allow for
  /// @return whether the zones hold at most [#capacity] weights by the sample's estimate
  boolean span(Budget budget, double deviations) {
    Arrays.fill(low, 1);
    Arrays.fill(high, GREATEST_KEY + 1);
    if (isEverything()) {
      return true;
    }
    TwoBudgetDual dual = new TwoBudgetDual(classes, groups, budget);
    dual.run();
    int count = classes.count();
    int[] first = new int[count];
    int[] end = new int[count];
    int[] rankError = new int[count];
    Arrays.fill(first, Integer.MAX_VALUE);
    double nnzVariance = 0;
    double macsVariance = 0;
    for (int c = 0; c < count; c++) {
      double size = classes.size(c);
      double weights = size / (start[c + 1] - start[c]);
      double kept = classes.clamp(c, groups[c].countBefore(dual.firstTied(c)));
      double variance = weights == 1 ? 0 : weights * Math.max(1, kept * (1 - kept / size));
      nnzVariance += variance;
      macsVariance += variance * classes.macs(c) * classes.macs(c);
      // Where a limit cuts at a rank, the sampled weight of that rank has a sampling error too.
      rankError[c] = (int) Math.ceil(deviations * Math.sqrt(variance) / weights);
    }
    widen(first, end, rankError, dual);
    long nnzStep = (long) Math.ceil(deviations * Math.sqrt(nnzVariance));
    long macsStep = (long) Math.ceil(deviations * Math.sqrt(macsVariance));
    for (int corner = 0; corner < 4; corner++) {
      long maxNnz = moved(budget.maxNnz(), (corner & 1) == 0 ? nnzStep : -nnzStep);
      long maxMacs = moved(budget.maxMacs(), (corner & 2) == 0 ? macsStep : -macsStep);
      TwoBudgetDual there = new TwoBudgetDual(classes, groups, new Budget(maxNnz, maxMacs));
      there.run();
      widen(first, end, rankError, there);
    }
    return setZones(first, end);
  }

  private static long moved(long limit, long by) {
    return by > 0 && limit > Long.MAX_VALUE - by ? limit : Math.max(0, limit + by);
  }

  private void widen(int[] first, int[] end, int[] rankError, TwoBudgetDual dual) {
    for (int c = 0; c < first.length; c++) {
      ClassGroups sampled = groups[c];
      int above = sampled.countBefore(dual.firstTied(c));
      int notBelow = sampled.countBefore(dual.endTied(c));
      int least = classes.clamp(c, above);
      int most = classes.clamp(c, notBelow);
      int error = least == above && most == notBelow ? 0 : rankError[c];
      first[c] = Math.min(first[c], sampled.groupOf(least) - error);
      end[c] = Math.max(end[c], sampled.groupOf(most) + 1 + error);
    }
  }

  private boolean setZones(int[] first, int[] end) {
    long held = 0;
    for (int c = 0; c < first.length; c++) {
      ClassGroups sampled = groups[c];
      int top = first[c] - 1 - MARGIN;
      int bottom = Math.min(sampled.size(), end[c] + MARGIN);
      high[c] = top < 0 ? GREATEST_KEY + 1 : Math.max(1, sampled.low(top));
      low[c] = bottom == sampled.size() ? 1 : Math.max(1, sampled.low(bottom));
      // Weights without saliency are below the zone.
      int last = bottom > 0 && sampled.low(bottom - 1) == 0 ? bottom - 1 : bottom;
      held += sampled.countBefore(last) - sampled.countBefore(Math.max(0, Math.min(top, last)));
    }
    return held <= capacity(classes.weightCount());
  }
}
