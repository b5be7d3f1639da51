package falcon.simd;

import falcon.kernel.ScalarKernels;
import falcon.kernel.SelectionKernels;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// [SelectionKernels] by vector instructions: 64 saliencies form a word, whatever the width.
final class SimdSelection implements SelectionKernels {
  private static final VectorSpecies<Float> SPECIES =
      VectorSpecies.of(float.class, VectorWidth.atLeast(2 * Float.SIZE));

  /// Vectors of at least two float64 lanes, since there are no vectors of one float32.
  private static final VectorSpecies<Double> WIDE =
      VectorSpecies.of(double.class, VectorWidth.atLeast(2 * Double.SIZE));

  /// Vectors with as many float32 lanes as [#WIDE] has.
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(WIDE.length() * Float.SIZE));

  private final SelectionKernels ends = new ScalarKernels().selection();

  @Override
  public boolean sift(
      float[] saliency,
      int from,
      int to,
      int low,
      int high,
      long[] above,
      long[] inside,
      double[] partials) {
    int first = firstWhole(from, to);
    int last = lastWhole(first, to);
    boolean isGood = true;
    if (from < first) {
      isGood = ends.sift(saliency, from, first, low, high, above, inside, partials);
    }
    int k = ((first + 63) >> 6) - (from >> 6);
    for (int i = first; i < last; i += 64) {
      long bits = markWord(saliency, i, high);
      above[i >> 6] = bits;
      inside[k++] = markWord(saliency, i, low) & ~bits;
      isGood &= isGoodWord(saliency, i);
      addWord(saliency, i, bits, partials);
    }
    if (last < to) {
      long[] lastInside = new long[1];
      isGood &= ends.sift(saliency, last, to, low, high, above, lastInside, partials);
      inside[(last >> 6) - (from >> 6)] = lastInside[0];
    }
    return isGood;
  }

  /// Returns whether 64 saliencies are zero or more and finite.
  private static boolean isGoodWord(float[] saliency, int i) {
    VectorMask<Float> isGood = SPECIES.maskAll(true);
    for (int j = 0; j < 64; j += SPECIES.length()) {
      FloatVector x = FloatVector.fromArray(SPECIES, saliency, i + j);
      isGood =
          isGood
              .and(x.compare(VectorOperators.GE, 0f))
              .and(x.compare(VectorOperators.LE, Float.MAX_VALUE));
    }
    return isGood.allTrue();
  }

  /// Adds those of 64 saliencies that are above the zone to the partial sums.
  private static void addWord(float[] saliency, int i, long above, double[] partials) {
    for (int j = 0; j < 64; j += WIDE.length()) {
      FloatVector x = FloatVector.fromArray(HALF, saliency, i + j);
      DoubleVector terms = (DoubleVector) x.convertShape(VectorOperators.F2D, WIDE, 0);
      VectorMask<Double> isAbove = VectorMask.fromLong(WIDE, above >>> j);
      DoubleVector.fromArray(WIDE, partials, j).add(terms, isAbove).intoArray(partials, j);
    }
  }

  @Override
  public void mark(float[] saliency, int from, int to, int least, long[] words) {
    int first = firstWhole(from, to);
    int last = lastWhole(first, to);
    ends.mark(saliency, from, first, least, words);
    for (int i = first; i < last; i += 64) {
      words[i >> 6] = markWord(saliency, i, least);
    }
    ends.mark(saliency, last, to, least, words);
  }

  /// Returns which of 64 saliencies reach a key.
  private static long markWord(float[] saliency, int i, int least) {
    long bits = 0;
    for (int j = 0; j < 64; j += SPECIES.length()) {
      IntVector key = FloatVector.fromArray(SPECIES, saliency, i + j).viewAsIntegralLanes().max(0);
      bits |= key.compare(VectorOperators.GE, least).toLong() << j;
    }
    return bits;
  }

  /// Returns the first index of a whole word of the range, or the range's end.
  private static int firstWhole(int from, int to) {
    return (int) Math.min(to, (from + 63L) & -64L);
  }

  /// Returns the end of the whole words from `first` on.
  private static int lastWhole(int first, int to) {
    return first + ((to - first) & -64);
  }
}
