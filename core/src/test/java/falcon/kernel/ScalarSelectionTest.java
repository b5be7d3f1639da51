package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScalarSelectionTest {
  private static final SelectionKernels KERNELS = new ScalarSelection();

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({
    "0,0", "0,1", "0,64", "0,200", "1,64", "5,37", "63,65", "64,128", "70,400", "129,191"
  })
  void siftingSaysWhatItsDefinitionSays(int from, int to) {
    SplittableRandom random = new SplittableRandom(from * 1000L + to);
    float[] saliency = new float[400];
    for (int i = 0; i < saliency.length; i++) {
      saliency[i] = random.nextInt(8) == 0 ? -0f : random.nextInt(5) / 4f;
    }
    float low = random.nextInt(3) / 4f;
    float high = low + random.nextInt(3) / 4f;
    long[] above = {-1, -1, -1, -1, -1, -1, -1};
    long[] inside = new long[7];
    double[] partials = new double[SelectionKernels.PARTIALS];
    int lowKey = Float.floatToRawIntBits(low);
    int highKey = Float.floatToRawIntBits(high);
    assertThat(KERNELS.sift(saliency, from, to, lowKey, highKey, above, inside, partials)).isTrue();
    double[] wanted = new double[SelectionKernels.PARTIALS];
    for (int i = 0; i < saliency.length; i++) {
      boolean isInRange = from <= i && i < to;
      boolean isAbove = saliency[i] >= high;
      assertThat(above[i >> 6] >>> i & 1).isEqualTo(!isInRange || isAbove ? 1 : 0);
      int word = (i >> 6) - (from >> 6);
      if (word >= 0) {
        boolean isInside = isInRange && saliency[i] >= low && !isAbove;
        assertThat(inside[word] >>> i & 1).as("weight %d", i).isEqualTo(isInside ? 1 : 0);
      }
      if (isInRange && isAbove) {
        wanted[i & 63] += saliency[i];
      }
    }
    assertThat(partials).containsExactly(wanted);
  }

  @ParameterizedTest(name = "bad={0}")
  @ValueSource(
      floats = {Float.NaN, -1f, -Float.MIN_VALUE, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void badSaliencyIsNoticed(float bad) {
    for (int i = 0; i < 130; i++) {
      float[] saliency = new float[130];
      saliency[i] = bad;
      assertThat(KERNELS.sift(saliency, 0, 130, 1, 2, new long[3], new long[3], new double[64]))
          .as("at %d", i)
          .isFalse();
    }
    float[] negativeNaN = {0, 0, Float.intBitsToFloat(0xFFC00000)};
    assertThat(KERNELS.sift(negativeNaN, 0, 3, 1, 2, new long[1], new long[1], new double[64]))
        .isFalse();
  }

  @Test
  void markingLeavesOtherBitsAlone() {
    float[] saliency = {3, 2, -0f, 0, 1, 2};
    long[] words = {-1};
    KERNELS.mark(saliency, 1, 5, Float.floatToRawIntBits(2f), words);
    assertThat(words).containsExactly(~0b011100L);
    KERNELS.mark(saliency, 0, 6, 0, words);
    assertThat(words).containsExactly(-1L);
    KERNELS.mark(saliency, 0, 6, Integer.MAX_VALUE, words);
    assertThat(words).containsExactly(-64L);
  }
}
