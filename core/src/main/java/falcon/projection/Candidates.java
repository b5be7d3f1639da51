package falcon.projection;

import falcon.budget.Mask;
import falcon.kernel.SelectionKernels;
import falcon.projection.group.Chunks;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.group.KeySort;
import falcon.projection.group.Saliencies;
import falcon.projection.group.Segments;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// The weights whose saliency lies in the zone of their class, gathered in one pass over all
/// weights.
///
/// The pass marks the weights above the zones in the words of the mask, counts and sums them, and
/// keeps key and index of those inside. Sums are taken per segment and joined in segment order, so
/// that their bits do not depend on threads. The place of a segment's candidates depends on the
/// order of the threads; they are found again through the segment, hence in the order of the
/// weights.
final class Candidates {
  private final CostClasses classes;
  private final Segments segments;
  private final Chunks chunks;
  private final SelectionKernels kernels;
  private final long[] words;
  private final KeySort sort;

  /// Keys and indices of the candidates, those of a segment next to each other.
  private final int[] keys;

  private final int[] indices;
  private final AtomicInteger used = new AtomicInteger();
  private final AtomicBoolean isBad = new AtomicBoolean();

  /// First candidate of each segment.
  private final int[] startOf;

  private final int[] countOf;
  private final int[] aboveOf;
  private final double[] aboveSumOf;

  /// Keys by class, ascending, and where each class starts.
  private final int[] sorted;

  private final int[] classStart;
  private final int[] above;
  private final double[] aboveSum;
  private final long[][] insideByWorker;
  private final double[][] partialsByWorker;

  /// @param words the words of the mask, in which bits of weights above the zones are set
  Candidates(
      CostClasses classes,
      Segments segments,
      Chunks chunks,
      SelectionKernels kernels,
      long[] words) {
    this.classes = classes;
    this.segments = segments;
    this.chunks = chunks;
    this.kernels = kernels;
    this.words = words;
    int capacity = SampledZones.capacity(classes.weightCount());
    keys = new int[capacity];
    indices = new int[capacity];
    sorted = new int[capacity];
    sort = new KeySort(capacity, chunks.threads());
    startOf = new int[segments.count()];
    countOf = new int[segments.count()];
    aboveOf = new int[segments.count()];
    aboveSumOf = new double[segments.count()];
    classStart = new int[classes.count() + 1];
    above = new int[classes.count()];
    aboveSum = new double[classes.count()];
    insideByWorker = new long[chunks.threads()][Chunks.SIZE / Long.SIZE + 1];
    partialsByWorker = new double[chunks.threads()][SelectionKernels.PARTIALS];
  }

  /// Returns the number of weights of class c above its zone.
  int above(int c) {
    return above[c];
  }

  /// Returns the number of weights of class c in its zone.
  int inside(int c) {
    return classStart[c + 1] - classStart[c];
  }

  /// Reads all saliencies and gathers the candidates.
  ///
  /// @return whether all candidates fitted; where they did not, only the check of the saliencies
  ///     has a meaning
  /// @throws IllegalArgumentException if a saliency is negative or not finite; the first is named
  boolean gather(float[] saliency, SampledZones zones) {
    used.set(0);
    isBad.set(false);
    chunks.forEach(
        segments.chunkCount(), (chunk, worker) -> gatherChunk(saliency, zones, chunk, worker));
    if (isBad.get()) {
      Saliencies.refuseBad(saliency);
    }
    return used.get() <= keys.length;
  }

  private void gatherChunk(float[] saliency, SampledZones zones, int chunk, int worker) {
    long[] inside = insideByWorker[worker];
    for (int s = segments.firstOf(chunk); s < segments.firstOf(chunk + 1); s++) {
      int c = segments.classOf(s);
      int from = segments.from(s);
      int to = segments.to(s);
      double[] partials = partialsByWorker[worker];
      Arrays.fill(partials, 0);
      boolean isGood =
          kernels.sift(saliency, from, to, zones.low(c), zones.high(c), words, inside, partials);
      if (!isGood) {
        isBad.set(true);
      }
      aboveOf[s] = Mask.keptCount(words, from, to);
      aboveSumOf[s] = sum(partials);
      collect(saliency, s, inside);
    }
  }

  private static double sum(double[] partials) {
    double sum = 0;
    for (double partial : partials) {
      sum += partial;
    }
    return sum;
  }

  private void collect(float[] saliency, int segment, long[] inside) {
    int firstWord = segments.from(segment) >> 6;
    int wordCount = ((segments.to(segment) - 1) >> 6) - firstWord + 1;
    int count = 0;
    for (int w = 0; w < wordCount; w++) {
      count += Long.bitCount(inside[w]);
    }
    // The sum is never above p, so that it cannot overflow.
    int n = used.getAndAdd(count);
    startOf[segment] = n;
    countOf[segment] = count;
    if (n > keys.length - count) {
      return;
    }
    for (int w = 0; w < wordCount; w++) {
      for (long left = inside[w]; left != 0; left &= left - 1) {
        int i = ((firstWord + w) << 6) + Long.numberOfTrailingZeros(left);
        keys[n] = Float.floatToRawIntBits(saliency[i]);
        indices[n++] = i;
      }
    }
  }

  /// Fills the groups of each class from the gathered candidates.
  void groupInto(ClassGroups[] groups, SampledZones zones) {
    Arrays.fill(above, 0);
    Arrays.fill(aboveSum, 0);
    Arrays.fill(classStart, 0);
    for (int s = 0; s < segments.count(); s++) {
      int c = segments.classOf(s);
      above[c] += aboveOf[s];
      aboveSum[c] += aboveSumOf[s];
      classStart[c + 1] += countOf[s];
    }
    for (int c = 0; c < groups.length; c++) {
      classStart[c + 1] += classStart[c];
    }
    chunks.forEach(
        groups.length,
        (c, worker) -> {
          sortClass(c, worker);
          groups[c].setZone(
              above[c],
              aboveSum[c],
              zones.low(c),
              zones.high(c),
              sorted,
              classStart[c],
              classStart[c + 1],
              classes.size(c) - above[c] - inside(c));
        });
  }

  private void sortClass(int c, int worker) {
    int n = classStart[c];
    for (int s = 0; s < segments.count(); s++) {
      if (segments.classOf(s) == c) {
        System.arraycopy(keys, startOf[s], sorted, n, countOf[s]);
        n += countOf[s];
      }
    }
    sort.sort(sorted, classStart[c], n, worker);
  }

  /// Sets the bits of the candidates that are kept.
  ///
  /// @param keptFrom by class, the smallest key whose weights are all kept
  /// @param tiesKept by class, how many candidates of the next lower key are kept, those of lowest
  ///     index; counted down
  void markKept(int[] keptFrom, int[] tiesKept) {
    chunks.forEach(
        segments.chunkCount(),
        (chunk, worker) -> {
          for (int s = segments.firstOf(chunk); s < segments.firstOf(chunk + 1); s++) {
            markFrom(s, keptFrom[segments.classOf(s)]);
          }
        });
    for (int s = 0; s < segments.count(); s++) {
      int c = segments.classOf(s);
      for (int n = startOf[s]; n < startOf[s] + countOf[s] && tiesKept[c] > 0; n++) {
        if (keys[n] == keptFrom[c] - 1) {
          words[indices[n] >> 6] |= 1L << indices[n];
          tiesKept[c]--;
        }
      }
    }
  }

  private void markFrom(int segment, int least) {
    for (int n = startOf[segment]; n < startOf[segment] + countOf[segment]; n++) {
      words[indices[n] >> 6] |= (long) ((least - 1 - keys[n]) >>> 31) << indices[n];
    }
  }
}
