package falcon.prune.method;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.budget.CostTable;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaliencyTest {
  @Test
  void weightsOfUsualSizeHaveTheirSquares() {
    float[] weights = noise(1);
    float[] saliency = Saliency.squares(weights);
    for (int i = 0; i < weights.length; i++) {
      assertThat(saliency[i]).isEqualTo(weights[i] * weights[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.MIN_VALUE, 1e-40f, 1e-30f, 1e-20f, 1, 1e15f, 1e20f, 1e30f, 3e38f})
  void aGreaterWeightNeverHasTheSmallerSaliency(float greatest) {
    float[] weights = noise(2);
    float most = 0;
    for (float weight : weights) {
      most = Math.max(most, Math.abs(weight));
    }
    for (int i = 0; i < weights.length / 3; i++) { // a third is far from the others
      weights[i] *= greatest / most;
    }
    weights[0] = Float.MAX_VALUE;
    weights[1] = Float.MIN_VALUE;
    weights[2] = 0;
    requireOrder(weights, Saliency.squares(weights));
  }

  @ParameterizedTest
  @ValueSource(ints = {-120, -60, 60, 100, 120})
  void weightsOfAnotherUnitHaveTheSameSaliencyButForAPowerOfTwo(int exponent) {
    float[] weights = noise(3);
    float[] scaled = weights.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = Math.scalb(scaled[i], exponent);
      weights[i] = Math.scalb(scaled[i], -exponent); // rounded alike where it is below the range
    }
    float[] saliency = Saliency.squares(scaled);
    float[] wanted = Saliency.squares(weights);
    for (int i = 0; i < saliency.length; i++) {
      if (wanted[i] > 1e-6) {
        assertThat(saliency[i] / saliency[0]).isEqualTo(wanted[i] / wanted[0]);
      }
    }
  }

  @Test
  void costsKeepItFinite() {
    float[] weights = {Float.MAX_VALUE, 1e30f, 1, Float.MIN_VALUE};
    CostTable costs = CostTable.builder().layer("l", 4, 1_000_000_000).build();
    float[] saliency = Saliency.squaresTimesCost(weights, costs, 1);
    for (float value : saliency) {
      assertThat(value).isFinite().isPositive();
    }
    requireOrder(weights, saliency);
  }

  private static void requireOrder(float[] weights, float[] saliency) {
    Integer[] order = new Integer[weights.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Float.compare(Math.abs(weights[a]), Math.abs(weights[b])));
    for (int i = 0; i < order.length; i++) {
      assertThat(saliency[order[i]]).isFinite();
      assertThat(saliency[order[i]] > 0).isEqualTo(weights[order[i]] != 0);
      if (i > 0) {
        assertThat(saliency[order[i]]).isGreaterThanOrEqualTo(saliency[order[i - 1]]);
      }
    }
  }

  private static float[] noise(long seed) {
    var random = new SplittableRandom(seed);
    var weights = new float[300];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian();
    }
    return weights;
  }
}
