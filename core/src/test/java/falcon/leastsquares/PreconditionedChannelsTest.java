package falcon.leastsquares;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Compares with [ExactChannels], which [ChannelLeastSquaresTest] compares with Gaussian
/// elimination.
class PreconditionedChannelsTest {
  private static final long PLENTY = 1 << 26;

  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  private static final class Layer extends RandomLayer {
    /// @param fall strength of direction j is `j^−fall`
    Layer(int inputs, int outputs, double kept, double fall, double ridge) {
      this(random(inputs, outputs), inputs, outputs, kept, fall, ridge);
    }

    private Layer(
        SplittableRandom random, int inputs, int outputs, double kept, double fall, double ridge) {
      super(random, inputs, outputs, kept, gram(random, inputs, fall), ridge);
    }

    private static double[] gram(SplittableRandom random, int inputs, double fall) {
      double[] gram = new double[inputs * inputs];
      double[] direction = new double[inputs];
      for (int j = 1; j <= inputs; j++) {
        Arrays.setAll(direction, i -> random.nextGaussian() + 0.3);
        double strength = Math.pow(j, -fall);
        for (int i = 0; i < gram.length; i++) {
          gram[i] += strength * direction[i / inputs] * direction[i % inputs];
        }
      }
      return gram;
    }

    PreconditionedChannels iterative(int rank, long scratchBytes, ExecutorService executor) {
      var directions =
          Objects.requireNonNull(NystromApproximation.of(equations, rank, executor), "directions");
      return new PreconditionedChannels(
          equations, present, supports, directions, scratchBytes, executor);
    }

    void requireEqual(float[] solved, float[] expected) {
      requireEqual(solved, expected, 1e-6);
    }
  }

  @ParameterizedTest(name = "inputs={0}, outputs={1}, kept={2}, rank={3}, fall={4}, ridge={5}")
  @CsvSource({
    "1,1,1,1,1,1e-3",
    "5,3,0.5,2,1,1e-3",
    "40,30,0.9,8,2,1e-3",
    "40,8,0,8,2,1e-3",
    "70,9,0.7,10,3,1e-3",
    "300,66,0.5,30,1.5,1e-3",
    "300,5,0.5,60,2,1e-4",
    "130,4,1,130,1,1e-2",
    "300,4,0.5,60,8,1e-3"
  })
  void weightsAreThoseOfTheFloat64Solution(
      int inputs, int outputs, double kept, int rank, double fall, double ridge) {
    var layer = new Layer(inputs, outputs, kept, fall, ridge);
    float[] expected = layer.exact(executor);
    for (long scratch : new long[] {0, PLENTY}) {
      float[] solved = new float[expected.length];
      assertThat(layer.iterative(rank, scratch, executor).solve(layer.channels(), 100, solved))
          .isEmpty();
      layer.requireEqual(solved, expected);
    }
  }

  @Test
  void strongDirectionsSaveSteps() {
    var layer = new Layer(200, 4, 0.5, 2, 1e-3);
    float[] solved = new float[layer.present.length];
    var few = layer.iterative(5, PLENTY, executor);
    assertThat(few.solve(layer.channels(), 200, solved)).isEmpty();
    var many = layer.iterative(60, PLENTY, executor);
    assertThat(many.solve(layer.channels(), 200, solved)).isEmpty();
    assertThat(2 * many.steps()).isLessThan(few.steps());
  }

  @Test
  void channelsThatTakeTooManyStepsAreGivenBack() {
    var layer = new Layer(200, 4, 0.5, 2, 1e-3);
    float[] solved = new float[layer.present.length];
    assertThat(layer.iterative(5, PLENTY, executor).solve(layer.channels(), 3, solved))
        .containsExactly(0, 1, 2, 3);
    assertThat(solved).containsOnly(0);
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    var layer = new Layer(300, 70, 0.6, 2, 1e-3);
    float[] alone = new float[layer.present.length];
    float[] shared = new float[layer.present.length];
    try (var one = Executors.newFixedThreadPool(1);
        var four = Executors.newFixedThreadPool(4)) {
      layer.iterative(40, PLENTY, one).solve(layer.channels(), 100, alone);
      layer.iterative(40, PLENTY, four).solve(layer.channels(), 100, shared);
    }
    assertThat(Arrays.equals(shared, alone)).isTrue();
  }

  @Test
  void channelsThatCostLessSoAreSolvedSo() {
    var layer = new Layer(90, 140, 0.5, 2, 1e-3);
    double[] direct = new double[layer.outputs];
    Arrays.fill(direct, 1e9);
    direct[3] = 0;
    float[] solved = new float[layer.present.length];
    boolean[] isSolved =
        new PreconditionedChoice(layer.equations, layer.supports, PLENTY)
            .solve(direct, layer.present, solved, executor);
    float[] expected = layer.exact(executor);
    Arrays.fill(expected, 3 * 90, 4 * 90, 0);
    for (int c = 0; c < layer.outputs; c++) {
      assertThat(isSolved[c]).as("output %d", c).isEqualTo(c != 3);
    }
    layer.requireEqual(solved, expected);
  }

  @Test
  void noChannelIsSolvedSoWithoutARidgeOrMemory() {
    double[] direct = new double[140];
    Arrays.fill(direct, 1e9);
    var layer = new Layer(90, 140, 0.5, 2, 1e-3);
    float[] solved = new float[layer.present.length];
    assertThat(
            new PreconditionedChoice(layer.equations, layer.supports, 1 << 16)
                .solve(direct, layer.present, solved, executor))
        .containsOnly(false);
    var singular = new Layer(90, 140, 0.5, 2, 0);
    assertThat(
            new PreconditionedChoice(singular.equations, singular.supports, PLENTY)
                .solve(direct, singular.present, solved, executor))
        .containsOnly(false);
  }

  @Test
  void aLayerOfOneDirectionIsThatDirection() {
    double[] ones = new double[25];
    Arrays.fill(ones, 1);
    var equations = new LayerEquations(5, 1, ones, new double[5], 1e-3);
    var directions = Objects.requireNonNull(NystromApproximation.of(equations, 3, executor));
    for (int input = 0; input < 5; input++) {
      double explained = 0;
      for (int direction = 0; direction < 3; direction++) {
        explained += Math.pow(directions.byInput()[3 * input + direction], 2);
      }
      assertThat(explained).isCloseTo(1, within(1e-6));
      assertThat(directions.rest(input)).isBetween(0.0, 1e-6);
    }
  }

  @Test
  void aLayerWithoutInputHasNoDirections() {
    var equations = new LayerEquations(5, 1, new double[25], new double[5], 1e-3);
    assertThat(NystromApproximation.of(equations, 3, executor)).isNull();
  }
}
