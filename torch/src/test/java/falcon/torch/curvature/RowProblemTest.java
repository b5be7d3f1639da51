package falcon.torch.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.leastsquares.ChannelLeastSquares;
import falcon.torch.kernel.Workers;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("native")
class RowProblemTest {
  private static final double RIDGE = 1e-2;

  @ParameterizedTest(name = "{0} rows, {1} inputs, {2} outputs")
  @CsvSource({"20, 50, 7", "50, 20, 3", "1, 9, 2"})
  void weightsAreThoseOfTheProducts(int rows, int inputs, int outputs) {
    RowProblem problem = problem(rows, inputs, outputs, 3);
    try (var workers = new Workers(1)) {
      LayerProblem products = problem.products();
      float[] wanted =
          products.solvedInInputUnits(scaled ->
              ChannelLeastSquares.of(inputs, outputs, scaled.gram(), scaled.cross(), RIDGE)
                  .solve(scaled.present(), i -> i % 3 != 0, workers.executor()));
      float[] found = problem.solve(i -> i % 3 != 0, RIDGE, workers);
      assertThat(found).containsExactly(wanted, within(1e-2f));
      assertThat(
              IntStream.range(0, found.length).filter(i -> i % 3 == 0).mapToDouble(i -> found[i]))
          .containsOnly(0.0);
    }
  }

  @Test
  void inputsThatNeverMoveKeepTheirWeights() {
    var present = new float[] {1, 2, 3, 4, 5, 6};
    var problem =
        new RowProblem(new LayerShape("w", 4, 3, 2), new float[12], new float[8], present, i -> 0);
    try (var workers = new Workers(1)) {
      assertThat(problem.solve(i -> i != 1, RIDGE, workers)).containsExactly(1, 0, 3, 4, 5, 6);
    }
  }

  @Test
  void channelThatKeepsNothingIsZero() {
    try (var workers = new Workers(1)) {
      float[] found = problem(6, 9, 2, 5).solve(i -> i >= 9, RIDGE, workers);
      assertThat(Arrays.copyOf(found, 9)).containsOnly(0f);
      assertThat(found).doesNotContain(Float.NaN);
    }
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    RowProblem problem = problem(5, 9000, 600, 7);
    try (var one = new Workers(1);
        var three = new Workers(3)) {
      assertThat(problem.solve(i -> i % 2 == 0, RIDGE, three))
          .isEqualTo(problem.solve(i -> i % 2 == 0, RIDGE, one));
    }
  }

  private static RowProblem problem(int rows, int inputs, int outputs, long seed) {
    var random = new SplittableRandom(seed);
    return new RowProblem(
        new LayerShape("w", rows, inputs, outputs),
        noise(random, rows * inputs),
        noise(random, rows * outputs),
        noise(random, inputs * outputs),
        i -> 0);
  }

  private static float[] noise(SplittableRandom random, int length) {
    var values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
