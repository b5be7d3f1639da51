package falcon.projection.group;

import java.util.Arrays;

/// The weights of one cost class in groups of similar saliency, the greatest first.
///
/// A group holds the weights whose keys (the bits of the saliency, which order as the saliencies
/// do) lie in `low … high`. Its count and sum are exact, its value is the mean. A group whose
/// weights all have the same saliency, or which has only one weight, is *exact*. Replacing
/// saliencies by means can only lower the dual function (Jensen's inequality), and does not change
/// it at thresholds that fall between groups; splitting those groups that a threshold falls into,
/// until none is left but exact ones, therefore ends at the optimum over all weights.
public final class ClassGroups {
  private static final int GREATEST_KEY = Float.floatToRawIntBits(Float.MAX_VALUE);

  private int size;
  private int[] low = {};
  private int[] high = {};
  private boolean[] isExact = {};
  private int[] count = {};
  private double[] sum = {};
  private double[] value = {};

  /// Number of weights in the groups before g; one more entry than groups.
  private int[] countBefore = {0};

  /// Sum of their saliencies, for the first groups, as many as were needed so far.
  private double[] sumBefore = {0};

  /// The number of groups that `sumBefore` covers, and the rounding error of its last sum.
  private int summed;

  private double total;
  private double lost;

  /// Returns the number of groups.
  public int size() {
    return size;
  }

  /// Returns the mean saliency of group g.
  public double value(int g) {
    return value[g];
  }

  int count(int g) {
    return count[g];
  }

  /// Returns the lowest key of group g's range.
  public int low(int g) {
    return low[g];
  }

  /// Returns the binary logarithm of the number of keys that group g spans; defined for groups made
  /// of buckets only.
  int shift(int g) {
    return Integer.numberOfTrailingZeros(high[g] - low[g] + 1);
  }

  /// Returns the number of weights in the groups 0 … g − 1.
  public int countBefore(int g) {
    return countBefore[g];
  }

  /// Returns whether all weights of group g have the saliency `value(g)`.
  public boolean isExact(int g) {
    return isExact[g];
  }

  /// Returns the smallest key that a weight of group g can have.
  public int lowestKey(int g) {
    return isExact(g) ? Float.floatToRawIntBits((float) value[g]) : low[g];
  }

  /// Returns the greatest key that a weight of group g can have.
  public int highestKey(int g) {
    return isExact(g) ? lowestKey(g) : high[g];
  }

  /// Returns the number of groups whose value is above `t`, known to be in `from … to`.
  public int groupsAbove(double t, int from, int to) {
    int below = from;
    int above = to;
    while (below < above) {
      int middle = (below + above) >>> 1;
      if (value[middle] > t) {
        below = middle + 1;
      } else {
        above = middle;
      }
    }
    return below;
  }

  /// Returns the group of the weight of rank `k` (0 = the greatest saliency).
  public int groupOf(int k) {
    int found = Arrays.binarySearch(countBefore, 0, size + 1, k);
    return found >= 0 ? found : -found - 2;
  }

  /// Returns the sum of the saliencies of the best `k` weights; exact where the cut is at a group's
  /// edge or in an exact group.
  public double sumOfBest(int k) {
    int g = groupOf(k);
    int rest = k - countBefore[g];
    sumUpTo(g);
    return rest == 0 ? sumBefore[g] : sumBefore[g] + rest * value[g];
  }

  /// Replaces the groups `from … to − 1` by the non-empty buckets of a histogram.
  ///
  /// @param counts weights in each bucket; read only
  /// @param lowSums sum of the low `zone.shift()` bits of their keys; read only
  /// @param zone the keys that the buckets cover
  void replace(int from, int to, int[] counts, long[] lowSums, Zone zone) {
    int fresh = 0;
    for (int b = zone.offset(); b < zone.offset() + zone.buckets(); b++) {
      fresh += counts[b] == 0 ? 0 : 1;
    }
    int newSize = size - (to - from) + fresh;
    moveTail(to, newSize);
    int g = from;
    for (int b = zone.buckets() - 1; b >= 0; b--) {
      if (counts[zone.offset() + b] != 0) {
        set(
            g++,
            zone.firstKey() + (b << zone.shift()),
            zone.shift(),
            counts[zone.offset() + b],
            lowSums[zone.offset() + b]);
      }
    }
    countFrom(from);
  }

  /// Makes a group of every saliency of a sample, scaled up to the number of weights that the
  /// sample represents.
  ///
  /// @param keys `keys[from … to − 1]` in ascending order
  /// @param weights number of weights that the sample represents; no fewer than it has
  public void setSample(int[] keys, int from, int to, int weights) {
    size = 0;
    ensureCapacity(to - from);
    long taken = 0;
    for (int n = to - 1; n >= from; ) {
      int key = keys[n];
      while (n >= from && keys[n] == key) {
        n--;
      }
      long end = (long) (to - 1 - n) * weights / (to - from);
      setExact(size++, key, (int) (end - taken));
      taken = end;
    }
    countFrom(0);
  }

  /// Makes a group of every saliency in a zone, one of all above it and one of all below it.
  ///
  /// @param above weights above the zone
  /// @param aboveSum sum of their saliencies
  /// @param firstKey first key of the zone, 1 or more
  /// @param endKey key after the zone
  /// @param keys `keys[from … to − 1]`, those inside the zone in ascending order
  /// @param below weights below the zone; their saliencies are taken as zero, which is exact if the
  ///     zone starts at key 1, and otherwise changes nothing as long as no threshold and no cut
  ///     lies below the zone
  public void setZone(
      int above,
      double aboveSum,
      int firstKey,
      int endKey,
      int[] keys,
      int from,
      int to,
      int below) {
    size = 0;
    ensureCapacity(to - from + 2);
    if (above > 0) {
      setWide(endKey, GREATEST_KEY, above == 1, above, aboveSum);
    }
    for (int n = to - 1; n >= from; ) {
      int key = keys[n];
      int last = n;
      while (n >= from && keys[n] == key) {
        n--;
      }
      setExact(size++, key, last - n);
    }
    if (below > 0) {
      setWide(0, firstKey - 1, firstKey == 1, below, 0);
    }
    countFrom(0);
  }

  private void setWide(int first, int last, boolean exact, int weights, double weightSum) {
    low[size] = first;
    high[size] = last;
    isExact[size] = exact;
    count[size] = weights;
    sum[size] = weightSum;
    value[size++] = weightSum / weights;
  }

  private void setExact(int g, int key, int weights) {
    double saliency = Float.intBitsToFloat(key);
    low[g] = key;
    high[g] = key;
    isExact[g] = true;
    count[g] = weights;
    sum[g] = weights * saliency;
    value[g] = saliency;
  }

  /// A range of keys cut into buckets.
  ///
  /// @param firstKey first key of the first bucket
  /// @param shift a bucket covers `2^shift` keys
  /// @param buckets number of buckets
  /// @param offset index of the first bucket in the histogram's arrays
  record Zone(int firstKey, int shift, int buckets, int offset) {
    /// Returns the number of keys of the range.
    int keys() {
      return buckets << shift;
    }
  }

  private void ensureCapacity(int groups) {
    if (groups > low.length) {
      int capacity = groups + groups / 2;
      low = Arrays.copyOf(low, capacity);
      high = Arrays.copyOf(high, capacity);
      isExact = Arrays.copyOf(isExact, capacity);
      count = Arrays.copyOf(count, capacity);
      sum = Arrays.copyOf(sum, capacity);
      value = Arrays.copyOf(value, capacity);
      countBefore = Arrays.copyOf(countBefore, capacity + 1);
      sumBefore = Arrays.copyOf(sumBefore, capacity + 1);
    }
  }

  private void moveTail(int to, int newSize) {
    int tail = size - to;
    ensureCapacity(newSize);
    System.arraycopy(low, to, low, newSize - tail, tail);
    System.arraycopy(high, to, high, newSize - tail, tail);
    System.arraycopy(isExact, to, isExact, newSize - tail, tail);
    System.arraycopy(count, to, count, newSize - tail, tail);
    System.arraycopy(sum, to, sum, newSize - tail, tail);
    System.arraycopy(value, to, value, newSize - tail, tail);
    size = newSize;
  }

  /// Sets a group from a bucket; inside a bucket, which never spans a power of two, the saliency is
  /// linear in the key.
  private void set(int g, int firstKey, int bucketShift, int weights, long lowSum) {
    double base = Float.intBitsToFloat(firstKey);
    double step = Math.ulp(Float.intBitsToFloat(firstKey));
    low[g] = firstKey;
    high[g] = firstKey + (1 << bucketShift) - 1;
    // A sum of zero: all keys are the bucket's first, as for a layer of zeros.
    isExact[g] = bucketShift == 0 || weights == 1 || lowSum == 0;
    count[g] = weights;
    sum[g] = weights * base + lowSum * step;
    value[g] = base + step * lowSum / weights;
  }

  private void countFrom(int from) {
    for (int g = from; g < size; g++) {
      countBefore[g + 1] = countBefore[g] + count[g];
    }
    if (from < summed) {
      summed = from;
      total = sumBefore[from];
      lost = 0;
    }
  }

  /// Extends the compensated running sums (Neumaier's form of Kahan summation), which keep the
  /// digits of many small groups after a large one.
  private void sumUpTo(int g) {
    for (; summed < g; summed++) {
      double term = sum[summed];
      double next = total + term;
      lost += total >= term ? total - next + term : term - next + total;
      total = next;
      sumBefore[summed + 1] = total + lost;
    }
  }
}
