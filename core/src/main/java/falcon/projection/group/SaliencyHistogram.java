package falcon.projection.group;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Counts and sums of saliencies by cost class and bucket of keys, in one pass over the weights.
///
/// The key of a saliency is its float32 bit pattern, which orders as the saliency does. A bucket
/// covers `2^shift` keys and never spans a power of two, so that the sum of its saliencies follows
/// from the number of weights and the *integer* sum of the low bits of their keys. Integer sums do
/// not depend on the order of addition: the result has the same bits for any number of threads, and
/// nothing is rounded. Within a chunk, count and sum are gathered in one `long` per bucket.
public final class SaliencyHistogram {
  /// Number of bits of a non-negative key.
  private static final int KEY_BITS = 31;

  /// Least binary logarithm of the number of buckets per class: within the bounds, buckets are fine
  /// enough for few passes and few enough to scan at no cost.
  private static final int MIN_BUCKET_BITS = 9;

  private static final int MAX_BUCKET_BITS = 14;

  /// Greatest number of buckets of all classes together, so that many classes do not need much
  /// memory.
  private static final int MAX_BUCKETS = 1 << 20;

  /// Position of the count in the `long`: a chunk has at most 2^16 weights and a bucket at most
  /// 2^22 keys, so that sums of low bits stay below 2^38.
  private static final int COUNT_SHIFT = 40;

  /// Binary logarithm of the number of buckets per weight of a group that is split.
  private static final int SPREAD_BITS = 5;

  private static final long ONE = 1L << COUNT_SHIFT;
  private static final int INFINITE_KEY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private final CostClasses classes;
  private final Chunks chunks;
  private final int bucketBits;
  private final int[] counts;
  private final long[] lowSums;
  private final long[][] scratchByWorker;
  private final Object[] lockByClass;
  private final AtomicBoolean isSuspicious = new AtomicBoolean();

  /// Creates a histogram of the classes' weights, filled by the threads of `chunks`.
  public SaliencyHistogram(CostClasses classes, Chunks chunks) {
    this.classes = classes;
    this.chunks = chunks;
    int classCount = Math.max(1, classes.count());
    int bits = MAX_BUCKET_BITS;
    long buckets = Math.min(MAX_BUCKETS, Math.max(1L << 12, classes.weightCount() / 2));
    while (bits > MIN_BUCKET_BITS && ((long) classCount << bits) > buckets) {
      bits--;
    }
    bucketBits = bits;
    counts = new int[Math.multiplyExact(classCount, 1 << bits)];
    lowSums = new long[counts.length];
    // Twice the buckets: a key that is negative or not finite falls into the upper half and is
    // refused.
    scratchByWorker = new long[chunks.threads()][2 << bits];
    lockByClass = new Object[classCount];
    Arrays.setAll(lockByClass, c -> new Object());
  }

  /// Returns the number of buckets of a class in one pass.
  int bucketsPerClass() {
    return 1 << bucketBits;
  }

  /// Puts all weights into groups.
  ///
  /// @throws IllegalArgumentException if a saliency is negative or not finite; the first is named
  public void group(float[] saliency, ClassGroups[] groups) {
    Arrays.fill(counts, 0);
    Arrays.fill(lowSums, 0);
    isSuspicious.set(false);
    int shift = KEY_BITS - bucketBits;
    chunks.forEach(
        Chunks.countOf(saliency.length),
        (chunk, worker) -> countAll(saliency, chunk, scratchByWorker[worker], shift));
    if (isSuspicious.get()) {
      Saliencies.refuseBad(saliency);
    }
    for (int c = 0; c < groups.length; c++) {
      ClassGroups.Zone zone = new ClassGroups.Zone(0, shift, bucketsPerClass(), c << bucketBits);
      groups[c].replace(0, groups[c].size(), counts, lowSums, zone);
    }
  }

  /// Splits groups, one in each class that names a group to split.
  ///
  /// The group itself and as many neighbours of its width as the buckets allow are replaced by
  /// narrower ones.
  ///
  /// @param splitAt by class, the group that must become narrower, or −1
  public void split(float[] saliency, ClassGroups[] groups, int[] splitAt) {
    ClassGroups.@Nullable Zone[] zones = new ClassGroups.Zone[groups.length];
    for (int c = 0; c < groups.length; c++) {
      if (splitAt[c] >= 0) {
        zones[c] = zoneAround(groups[c], c, splitAt[c]);
        Arrays.fill(counts, c << bucketBits, (c + 1) << bucketBits, 0);
        Arrays.fill(lowSums, c << bucketBits, (c + 1) << bucketBits, 0);
      }
    }
    chunks.forEach(
        Chunks.countOf(saliency.length),
        (chunk, worker) -> countZones(saliency, chunk, scratchByWorker[worker], zones));
    for (int c = 0; c < groups.length; c++) {
      ClassGroups.Zone zone = zones[c];
      if (zone != null) {
        int from = splitAt[c];
        int to = from + 1;
        while (from > 0 && groups[c].low(from - 1) < zone.firstKey() + zone.keys()) {
          from--;
        }
        while (to < groups[c].size() && groups[c].low(to) >= zone.firstKey()) {
          to++;
        }
        groups[c].replace(from, to, counts, lowSums, zone);
      }
    }
  }

  /// Returns the keys around group g that hold only groups of its own width.
  private ClassGroups.Zone zoneAround(ClassGroups groups, int c, int g) {
    int width = groups.shift(g);
    // Enough buckets to separate most of the group's weights.
    int parts = Integer.SIZE - Integer.numberOfLeadingZeros(groups.count(g)) + SPREAD_BITS;
    int narrow = Math.max(0, width - Math.min(parts, bucketBits - 2));
    int reach = ((1 << (bucketBits - (width - narrow))) - 1) >> 1;
    long first = Math.max(0, groups.low(g) - ((long) reach << width));
    long end = Math.min(1L << KEY_BITS, groups.low(g) + ((reach + 1L) << width));
    for (int up = g - 1; up >= 0 && groups.low(up) < end; up--) {
      if (groups.shift(up) != width) {
        end = groups.low(up);
      }
    }
    for (int down = g + 1; down < groups.size() && groups.low(down) >= first; down++) {
      if (groups.shift(down) != width) {
        first = groups.low(down) + (1L << groups.shift(down));
      }
    }
    // A wider neighbour can begin below and reach into the range.
    int next = g + 1;
    while (next < groups.size() && groups.low(next) >= first) {
      next++;
    }
    if (next < groups.size()) {
      first = Math.max(first, groups.low(next) + (1L << groups.shift(next)));
    }
    // Narrower neighbours lie in whole buckets of this width, which may begin or end empty.
    long grid = (1L << width) - 1;
    first = (first + grid) & ~grid;
    end &= ~grid;
    return new ClassGroups.Zone(
        (int) first, narrow, (int) ((end - first) >> narrow), c << bucketBits);
  }

  private void countAll(float[] saliency, int chunk, long[] scratch, int shift) {
    int end = Math.min(saliency.length - 1, chunk * Chunks.SIZE + Chunks.SIZE - 1) + 1;
    int layer = classes.layerAt(chunk * Chunks.SIZE);
    for (int i = chunk * Chunks.SIZE; i < end; layer++) {
      int stop = Math.min(end, classes.layerEnd(layer));
      int mask = (1 << shift) - 1;
      int least = Integer.MAX_VALUE;
      int greatest = 0;
      for (int j = i; j < stop; j++) {
        int key = Float.floatToRawIntBits(saliency[j]);
        least = Math.min(least, key);
        greatest = Math.max(greatest, key);
        scratch[key >>> shift] += ONE | (key & mask);
      }
      if (least < 0 || greatest >= INFINITE_KEY) {
        isSuspicious.set(true);
      }
      if (least < 0) {
        foldNegativeZeros(scratch);
        least = 0;
      }
      flush(scratch, classes.layerClass(layer), least >>> shift, greatest >>> shift);
      i = stop;
    }
  }

  /// Moves −0, a saliency of zero, to the bucket of 0; every other key in the upper half is an
  /// error that is reported later.
  private static void foldNegativeZeros(long[] scratch) {
    int half = scratch.length / 2;
    scratch[0] += scratch[half];
    Arrays.fill(scratch, half, scratch.length, 0);
  }

  private void countZones(
      float[] saliency, int chunk, long[] scratch, ClassGroups.@Nullable Zone[] zones) {
    int end = Math.min(saliency.length - 1, chunk * Chunks.SIZE + Chunks.SIZE - 1) + 1;
    int layer = classes.layerAt(chunk * Chunks.SIZE);
    for (int i = chunk * Chunks.SIZE; i < end; layer++) {
      int stop = Math.min(end, classes.layerEnd(layer));
      ClassGroups.Zone zone = zones[classes.layerClass(layer)];
      if (zone != null) {
        countZone(saliency, i, stop, scratch, zone, classes.layerClass(layer));
      }
      i = stop;
    }
  }

  private void countZone(
      float[] saliency, int from, int to, long[] scratch, ClassGroups.Zone zone, int c) {
    int first = zone.firstKey();
    int keys = zone.keys();
    int shift = zone.shift();
    int mask = (1 << shift) - 1;
    int least = Integer.MAX_VALUE;
    int greatest = -1;
    for (int j = from; j < to; j++) {
      int key = Math.max(0, Float.floatToRawIntBits(saliency[j])) - first;
      if (Integer.compareUnsigned(key, keys) < 0) {
        int bucket = key >>> shift;
        scratch[bucket] += ONE | (key & mask);
        least = Math.min(least, bucket);
        greatest = Math.max(greatest, bucket);
      }
    }
    flush(scratch, c, least, greatest);
  }

  private void flush(long[] scratch, int c, int least, int greatest) {
    int offset = c << bucketBits;
    synchronized (lockByClass[c]) {
      for (int b = least; b <= Math.min(greatest, bucketsPerClass() - 1); b++) {
        long packed = scratch[b];
        if (packed != 0) {
          counts[offset + b] += (int) (packed >>> COUNT_SHIFT);
          lowSums[offset + b] += packed & (ONE - 1);
          scratch[b] = 0;
        }
      }
    }
  }
}
