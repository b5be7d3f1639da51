package falcon.quadratic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class QuadraticTest {
  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  @Test
  void gradientEqualsCentralDifferences() {
    try (var problem = new QuadraticProblem(1, 6, 0.1, 5, 8)) {
      float[] weights = new float[13];
      var random = new SplittableRandom(2);
      for (int j = 0; j < weights.length; j++) {
        weights[j] = (float) random.nextGaussian();
      }
      assertThat(problem.quadratic.value(weights, executor))
          .isCloseTo(problem.value(weights), within(1e-10));
      double[] gradient = problem.quadratic.gradient(weights, executor);
      for (int j = 0; j < weights.length; j++) {
        float[] up = weights.clone();
        float[] down = weights.clone();
        up[j] += 0.25f;
        down[j] -= 0.25f;
        double slope = (problem.value(up) - problem.value(down)) / ((double) up[j] - down[j]);
        // Central differences of a quadratic are exact up to the rounding of the two points.
        double middle = ((double) up[j] + down[j]) / 2 - weights[j];
        assertThat(middle).isCloseTo(0, within(1e-6));
        assertThat(gradient[j]).isCloseTo(slope, within(1e-4));
      }
    }
  }

  @Test
  void argumentsOutOfRangeAreTold() {
    try (var problem = new QuadraticProblem(4, 2, 1, 3)) {
      assertThatThrownBy(() -> Quadratic.of(problem.gradients, new float[3], new double[2], 0))
          .hasMessage("ridge 0.0; it is finite and above zero");
      assertThatThrownBy(() -> Quadratic.of(problem.gradients, new float[2], new double[2], 1))
          .hasMessage(
              "a gradient matrix of 2 rows and 3 weights, but 2 residuals and 2 dense weights");
      assertThatThrownBy(() ->
              Quadratic.of(problem.gradients, new float[] {0, Float.NaN, 0}, new double[2], 1))
          .hasMessage("dense weight 1 is NaN");
    }
  }
}
