package falcon.projection;

import java.util.Arrays;

/// The weights of one cost class in groups of close saliency, the greatest first.
///
/// A group holds the weights whose keys (the bits of the saliency, which order as the saliencies do)
/// lie in `[low, low + 2^shift)`. Its count and sum are exact, its value is the mean. A group whose
/// weights all have the same saliency, or which has one weight only, is *exact*. Putting means in
/// the place of saliencies can only lower the dual function (Jensen), and leaves it as it is at
/// thresholds that fall between groups; splitting those groups that a threshold falls into, until
/// none is left but exact ones, therefore ends at the optimum over all the weights.
final class ClassGroups {
  private int size;
  private int[] low = {};
  private byte[] shift = {};
  private boolean[] isExact = {};
  private int[] count = {};
  private double[] sum = {};
  private double[] value = {};

  /// Weights in the groups before g; one entry more than groups.
  private int[] countBefore = {0};

  /// Sum of their saliencies.
  private double[] sumBefore = {0};

  int size() {
    return size;
  }

  double value(int g) {
    return value[g];
  }

  int count(int g) {
    return count[g];
  }

  int low(int g) {
    return low[g];
  }

  int shift(int g) {
    return shift[g];
  }

  /// How many weights are in the groups 0 … g − 1.
  int countBefore(int g) {
    return countBefore[g];
  }

  /// Whether all weights of group g have the saliency `value(g)`.
  boolean isExact(int g) {
    return isExact[g];
  }

  /// The smallest key that a weight of group g can have.
  int lowestKey(int g) {
    return isExact(g) ? Float.floatToRawIntBits((float) value[g]) : low[g];
  }

  /// The greatest key that a weight of group g can have.
  int highestKey(int g) {
    return isExact(g) ? lowestKey(g) : low[g] + (1 << shift[g]) - 1;
  }

  /// N(t) in groups: how many groups have a value above `t`, known to be in `from … to`.
  int groupsAbove(double t, int from, int to) {
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

  /// The group that the weight of rank `k` (0 = the greatest saliency) is in.
  int groupOf(int k) {
    int found = Arrays.binarySearch(countBefore, 0, size + 1, k);
    return found >= 0 ? found : -found - 2;
  }

  /// Sum of the saliencies of the best `k` weights; exact where the cut is at a group's edge or in
  /// an exact group.
  double sumOfBest(int k) {
    int g = groupOf(k);
    int rest = k - countBefore[g];
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
    accumulate(from);
  }

  /// A range of keys cut into buckets.
  ///
  /// @param firstKey where the first bucket starts
  /// @param shift a bucket covers `2^shift` keys
  /// @param buckets how many buckets there are
  /// @param offset where the first bucket stands in the histogram's arrays
  record Zone(int firstKey, int shift, int buckets, int offset) {
    /// How many keys the range has.
    int keys() {
      return buckets << shift;
    }
  }

  private void moveTail(int to, int newSize) {
    int tail = size - to;
    int capacity = newSize > low.length ? newSize + newSize / 2 : low.length;
    if (capacity > low.length) {
      low = Arrays.copyOf(low, capacity);
      shift = Arrays.copyOf(shift, capacity);
      isExact = Arrays.copyOf(isExact, capacity);
      count = Arrays.copyOf(count, capacity);
      sum = Arrays.copyOf(sum, capacity);
      value = Arrays.copyOf(value, capacity);
      countBefore = Arrays.copyOf(countBefore, capacity + 1);
      sumBefore = Arrays.copyOf(sumBefore, capacity + 1);
    }
    System.arraycopy(low, to, low, newSize - tail, tail);
    System.arraycopy(shift, to, shift, newSize - tail, tail);
    System.arraycopy(isExact, to, isExact, newSize - tail, tail);
    System.arraycopy(count, to, count, newSize - tail, tail);
    System.arraycopy(sum, to, sum, newSize - tail, tail);
    System.arraycopy(value, to, value, newSize - tail, tail);
    size = newSize;
  }

  /// Inside a bucket, which never spans a power of two, the saliency is linear in the key.
  private void set(int g, int firstKey, int bucketShift, int weights, long lowSum) {
    double base = Float.intBitsToFloat(firstKey);
    double step = Math.ulp(Float.intBitsToFloat(firstKey));
    low[g] = firstKey;
    shift[g] = (byte) bucketShift;
    // A sum of zero: all keys are the bucket's first, as for a layer of zeros.
    isExact[g] = bucketShift == 0 || weights == 1 || lowSum == 0;
    count[g] = weights;
    sum[g] = weights * base + lowSum * step;
    value[g] = base + step * lowSum / weights;
  }

  /// Compensated running sums (Neumaier's form of Kahan's), so that many small groups after a
  /// large one keep their digits.
  private void accumulate(int from) {
    countBefore[0] = 0;
    double total = from == 0 ? 0 : sumBefore[from];
    double lost = 0;
    sumBefore[0] = 0;
    for (int g = from; g < size; g++) {
      countBefore[g + 1] = countBefore[g] + count[g];
      double next = total + sum[g];
      lost += total >= sum[g] ? total - next + sum[g] : sum[g] - next + total;
      total = next;
      sumBefore[g + 1] = total + lost;
    }
  }
}
