package falcon.projection.group;

import java.util.Arrays;

/// Radix sort: sorts keys digit by digit, from the least significant on.
///
/// Only bits in which keys differ are sorted by: keys of a narrow zone, or rounded ones, take two
/// passes. Memory is kept from one call to the next; one instance serves several threads if no two
/// sort overlapping ranges or under the same worker number at the same time.
public final class KeySort {
  private static final int DIGIT_BITS = 11;

  /// Number of keys below which the JDK's sort is faster.
  private static final int MIN_COUNT = 1 << 10;

  private final int[] spare;
  private final int[][] endsByWorker;

  /// Creates a sorter with its memory.
  ///
  /// @param capacity number of keys in all ranges together
  public KeySort(int capacity, int threads) {
    spare = new int[capacity];
    endsByWorker = new int[threads][1 << DIGIT_BITS];
  }

  /// Sorts `keys[from … to − 1]` in ascending order.
  ///
  /// @param keys zero or more; at most as many as the capacity
  public void sort(int[] keys, int from, int to, int worker) {
    if (to - from < MIN_COUNT) {
      Arrays.sort(keys, from, to);
      return;
    }
    int least = Integer.MAX_VALUE;
    for (int n = from; n < to; n++) {
      least = Math.min(least, keys[n]);
    }
    int differing = 0;
    for (int n = from; n < to; n++) {
      differing |= keys[n] - least;
    }
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(differing);
    boolean isInSpare = false;
    for (int shift = Integer.numberOfTrailingZeros(differing); shift < bits; shift += DIGIT_BITS) {
      int[] source = isInSpare ? spare : keys;
      int[] target = isInSpare ? keys : spare;
      scatter(source, target, from, to, least, shift, endsByWorker[worker]);
      isInSpare = !isInSpare;
    }
    if (isInSpare) {
      System.arraycopy(spare, from, keys, from, to - from);
    }
  }

  private static void scatter(
      int[] source, int[] target, int from, int to, int least, int shift, int[] next) {
    int mask = next.length - 1;
    Arrays.fill(next, 0);
    for (int n = from; n < to; n++) {
      next[(source[n] - least) >>> shift & mask]++;
    }
    int start = from;
    for (int digit = 0; digit < next.length; digit++) {
      int count = next[digit];
      next[digit] = start;
      start += count;
    }
    for (int n = from; n < to; n++) {
      int digit = (source[n] - least) >>> shift & mask;
      target[next[digit]++] = source[n];
    }
  }
}
