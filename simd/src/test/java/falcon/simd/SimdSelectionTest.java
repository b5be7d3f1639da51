package falcon.simd;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.kernel.ScalarKernels;
import falcon.kernel.SelectionKernels;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimdSelectionTest {
  private static final SelectionKernels PLAIN = new ScalarKernels().selection();

  private static float[] saliencies(SplittableRandom random, int count, boolean isSpoilt) {
    float[] saliency = new float[count];
    for (int i = 0; i < count; i++) {
      saliency[i] =
          switch (random.nextInt(6)) {
            case 0 -> -0f;
            case 1 -> random.nextInt(4) * Float.MIN_VALUE;
            case 2 -> Float.MAX_VALUE;
            default -> (float) Math.exp(3 * random.nextGaussian());
          };
    }
    if (isSpoilt) {
      float[] bad = {Float.NaN, -1, Float.POSITIVE_INFINITY, -Float.MIN_VALUE};
      saliency[random.nextInt(count)] = bad[random.nextInt(bad.length)];
    }
    return saliency;
  }

  private static int key(SplittableRandom random, float[] saliency) {
    return Math.max(
        0,
        switch (random.nextInt(8)) {
          case 0 -> 0;
          case 1 -> 1;
          case 2 -> Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
          default -> Float.floatToRawIntBits(saliency[random.nextInt(saliency.length)]);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 256, 512})
  void siftingGivesTheBitsOfThePlainTwin(int bits) throws ReflectiveOperationException {
    SelectionKernels vectors = KernelsOfWidth.of(bits).selection();
    for (int seed = 0; seed < 400; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int count = 1 + random.nextInt(seed < 300 ? 300 : 3000);
      float[] saliency = saliencies(random, count, seed % 4 == 0);
      int from = random.nextInt(count);
      int to = from + random.nextInt(count - from + 1);
      int one = key(random, saliency);
      int other = key(random, saliency);
      int low = Math.min(one, other);
      int high = Math.max(one, other);
      long[] above = random.longs((count + 63) / 64).toArray();
      long[] aboveHere = above.clone();
      long[] inside = random.longs(above.length + 1).toArray();
      long[] insideHere = inside.clone();
      double[] partials = random.doubles(SelectionKernels.PARTIALS).toArray();
      double[] partialsHere = partials.clone();
      boolean isGood = PLAIN.sift(saliency, from, to, low, high, above, inside, partials);
      assertThat(vectors.sift(saliency, from, to, low, high, aboveHere, insideHere, partialsHere))
          .as("seed %d", seed)
          .isEqualTo(isGood);
      if (isGood) {
        assertThat(aboveHere).as("seed %d", seed).containsExactly(above);
        assertThat(insideHere).as("seed %d", seed).containsExactly(inside);
        assertThat(partialsHere).as("seed %d", seed).containsExactly(partials);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 256, 512})
  void markingGivesTheBitsOfThePlainTwin(int bits) throws ReflectiveOperationException {
    SelectionKernels vectors = KernelsOfWidth.of(bits).selection();
    for (int seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int count = 1 + random.nextInt(500);
      float[] saliency = saliencies(random, count, false);
      int from = random.nextInt(count);
      int to = from + random.nextInt(count - from + 1);
      int least = seed % 10 == 0 ? Integer.MAX_VALUE : key(random, saliency);
      long[] words = random.longs((count + 63) / 64).toArray();
      long[] wordsHere = words.clone();
      PLAIN.mark(saliency, from, to, least, words);
      vectors.mark(saliency, from, to, least, wordsHere);
      assertThat(wordsHere).as("seed %d", seed).containsExactly(words);
    }
  }
}
