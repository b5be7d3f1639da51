package falcon.simd;

import falcon.kernel.PlainKernels;
import falcon.kernel.SelectionKernels;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// [SelectionKernels] by vector instructions: 64 saliencies make a word, whatever the width.
///
/// The compiler turns a vector operation into an instruction only where it sees the species as a
/// constant. So each loop stands here once for the preferred species, which is one, and once for any
/// other, which is slow and there for tests. What a loop does to a word is cut into short methods,
/// since only short ones are inlined for certain, so that the constant reaches them.
final class SimdSelection implements SelectionKernels {
  private static final VectorSpecies<Float> PREFERRED = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> PREFERRED_WIDE = wideOf(PREFERRED.vectorShape());
  private static final VectorSpecies<Float> PREFERRED_HALF = halfOf(PREFERRED_WIDE);

  private final boolean isPreferred;
  private final VectorSpecies<Float> species;
  private final VectorSpecies<Double> wide;
  private final VectorSpecies<Float> half;
  private final SelectionKernels ends = new PlainKernels().selection();

  /// @param shape width of the vectors
  SimdSelection(VectorShape shape) {
    isPreferred = shape.equals(PREFERRED.vectorShape());
    species = VectorSpecies.of(float.class, shape);
    wide = wideOf(shape);
    half = halfOf(wide);
  }

  /// Two lanes at least, since there are no vectors of one float32.
  private static VectorSpecies<Double> wideOf(VectorShape shape) {
    return VectorSpecies.of(
        double.class, shape.equals(VectorShape.S_64_BIT) ? VectorShape.S_128_BIT : shape);
  }

  /// As many lanes of float32.
  private static VectorSpecies<Float> halfOf(VectorSpecies<Double> wide) {
    return VectorSpecies.of(float.class, VectorShape.forBitSize(wide.length() * Float.SIZE));
  }

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
    if (isPreferred) {
      for (int i = first; i < last; i += 64) {
        long bits = markWord(PREFERRED, saliency, i, high);
        above[i >> 6] = bits;
        inside[k++] = markWord(PREFERRED, saliency, i, low) & ~bits;
        isGood &= isGoodWord(PREFERRED, saliency, i);
        addWord(PREFERRED_HALF, PREFERRED_WIDE, saliency, i, bits, partials);
      }
    } else {
      for (int i = first; i < last; i += 64) {
        long bits = markWord(species, saliency, i, high);
        above[i >> 6] = bits;
        inside[k++] = markWord(species, saliency, i, low) & ~bits;
        isGood &= isGoodWord(species, saliency, i);
        addWord(half, wide, saliency, i, bits, partials);
      }
    }
    if (last < to) {
      long[] lastInside = new long[1];
      isGood &= ends.sift(saliency, last, to, low, high, above, lastInside, partials);
      inside[(last >> 6) - (from >> 6)] = lastInside[0];
    }
    return isGood;
  }

  /// Whether 64 saliencies are zero or more and finite.
  private static boolean isGoodWord(VectorSpecies<Float> species, float[] saliency, int i) {
    VectorMask<Float> isGood = species.maskAll(true);
    for (int j = 0; j < 64; j += species.length()) {
      FloatVector x = FloatVector.fromArray(species, saliency, i + j);
      isGood =
          isGood
              .and(x.compare(VectorOperators.GE, 0f))
              .and(x.compare(VectorOperators.LE, Float.MAX_VALUE));
    }
    return isGood.allTrue();
  }

  /// Adds those of 64 saliencies that are above the zone to the partial sums.
  private static void addWord(
      VectorSpecies<Float> half,
      VectorSpecies<Double> wide,
      float[] saliency,
      int i,
      long above,
      double[] partials) {
    for (int j = 0; j < 64; j += wide.length()) {
      FloatVector x = FloatVector.fromArray(half, saliency, i + j);
      DoubleVector terms = (DoubleVector) x.convertShape(VectorOperators.F2D, wide, 0);
      VectorMask<Double> isAbove = VectorMask.fromLong(wide, above >>> j);
      DoubleVector.fromArray(wide, partials, j).add(terms, isAbove).intoArray(partials, j);
    }
  }

  @Override
  public void mark(float[] saliency, int from, int to, int least, long[] words) {
    int first = firstWhole(from, to);
    int last = lastWhole(first, to);
    ends.mark(saliency, from, first, least, words);
    if (isPreferred) {
      for (int i = first; i < last; i += 64) {
        words[i >> 6] = markWord(PREFERRED, saliency, i, least);
      }
    } else {
      for (int i = first; i < last; i += 64) {
        words[i >> 6] = markWord(species, saliency, i, least);
      }
    }
    ends.mark(saliency, last, to, least, words);
  }

  /// Which of 64 saliencies reach a key.
  private static long markWord(VectorSpecies<Float> species, float[] saliency, int i, int least) {
    long bits = 0;
    for (int j = 0; j < 64; j += species.length()) {
      IntVector key = FloatVector.fromArray(species, saliency, i + j).viewAsIntegralLanes().max(0);
      bits |= key.compare(VectorOperators.GE, least).toLong() << j;
    }
    return bits;
  }

  /// The first index of a whole word of the range, or its end.
  private static int firstWhole(int from, int to) {
    return (int) Math.min(to, (from + 63L) & -64L);
  }

  /// Where the whole words from `first` on end.
  private static int lastWhole(int first, int to) {
    return first + ((to - first) & -64);
  }
}
