package falcon.leastsquares;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.linear.Cholesky;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Compares with [ExactChannels], which [ChannelLeastSquaresTest] compares with Gaussian
/// elimination.
class MixedPrecisionChannelsTest {
  private static final long PLENTY = 1 << 20;

  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  private static final class Layer extends RandomLayer {
    /// @param spread ratio of the strongest to the weakest direction of the inputs, roughly
    Layer(int inputs, int outputs, double kept, double spread, double ridge) {
      this(random(inputs, outputs), inputs, outputs, kept, spread, ridge);
    }

    private Layer(
        SplittableRandom random,
        int inputs,
        int outputs,
        double kept,
        double spread,
        double ridge) {
      super(random, inputs, outputs, kept, gram(random, inputs, spread), ridge);
    }

    private static double[] gram(SplittableRandom random, int inputs, double spread) {
      double[][] gram = DenseAlgebra.positiveDefinite(random, inputs, 0);
      for (int i = 0; i < inputs; i++) {
        for (int j = 0; j < inputs; j++) {
          gram[i][j] *= Math.pow(spread, -(i + j) / (2.0 * inputs));
        }
      }
      return DenseAlgebra.flat(gram);
    }

    double[] inverse() {
      double[] matrix = equations.gram().clone();
      for (int i = 0; i < inputs; i++) {
        matrix[i * inputs + i] += equations.ridge();
      }
      var factored = new Cholesky(matrix, inputs);
      assertThat(factored.factor(null)).isEqualTo(Cholesky.POSITIVE_DEFINITE);
      return factored.inverse(null);
    }

    MixedPrecisionChannels mixed(long scratchBytes, ExecutorService executor) {
      return new MixedPrecisionChannels(equations, present, supports, scratchBytes, executor);
    }

    void requireEqual(float[] solved, float[] expected) {
      requireEqual(solved, expected, 3e-7);
    }
  }

  @ParameterizedTest(name = "inputs={0}, outputs={1}, kept={2}, spread={3}, ridge={4}")
  @CsvSource({
    "1,1,1,1,1e-3",
    "5,3,0.5,1,1e-3",
    "40,30,0.9,10,1e-3",
    "40,8,0.3,1e4,1e-3",
    "70,9,0.7,1e8,1e-3",
    "33,5,0.02,1,1e-2",
    "300,6,0.5,1e6,1e-3",
    "130,4,0.8,1e3,1e-4"
  })
  void weightsAreThoseOfTheFloat64Solution(
      int inputs, int outputs, double kept, double spread, double ridge) {
    var layer = new Layer(inputs, outputs, kept, spread, ridge);
    float[] expected = layer.exact(executor);
    for (long scratch : new long[] {0, PLENTY}) {
      float[] byKept = new float[expected.length];
      assertThat(layer.mixed(scratch, executor).solve(layer.channels(), null, byKept)).isEmpty();
      layer.requireEqual(byKept, expected);
      float[] byDropped = new float[expected.length];
      int[] failed =
          layer.mixed(scratch, executor).solve(layer.channels(), layer.inverse(), byDropped);
      assertThat(failed).isEmpty();
      layer.requireEqual(byDropped, expected);
    }
  }

  @Test
  void channelsOfASingularMatrixAreGivenBack() {
    double[] ones = {1, 1, 1, 1};
    var equations = new LayerEquations(2, 2, ones, new double[] {1, 1, 1, 1}, 0);
    int[][] supports = {{0, 1}, {1}};
    var mixed = new MixedPrecisionChannels(equations, new float[4], supports, PLENTY, executor);
    float[] solved = new float[4];
    assertThat(mixed.solve(new int[] {0, 1}, null, solved)).containsExactly(0);
    assertThat(solved).containsExactly(0, 0, 0, 1);
  }

  @Test
  void inputsThatAreAlwaysZeroKeepTheirPresentWeights() {
    double[] gram = {2, 0, 0, 0, 0, 0, 0, 0, 1};
    var equations = new LayerEquations(3, 1, gram, new double[] {4, 0, 1}, 1e-3);
    float[] present = {1, 5, 1};
    var mixed =
        new MixedPrecisionChannels(equations, present, new int[][] {{0, 1}}, PLENTY, executor);
    float[] solved = new float[3];
    assertThat(mixed.solve(new int[] {0}, null, solved)).isEmpty();
    assertThat(solved[0]).isCloseTo(2, within(1e-3f));
    assertThat(solved[1]).isCloseTo(5, within(1e-6f));
    assertThat(solved[2]).isZero();
  }

  @Test
  void aChannelThatKeepsAllNeedsNoFactor() {
    var layer = new Layer(30, 4, 1, 100, 1e-3);
    float[] solved = new float[layer.present.length];
    assertThat(layer.mixed(0, executor).solve(layer.channels(), layer.inverse(), solved)).isEmpty();
    layer.requireEqual(solved, layer.exact(executor));
  }

  @Test
  void bitsDoNotDependOnTheNumberOfThreads() {
    var layer = new Layer(90, 11, 0.6, 100, 1e-3);
    float[] alone = new float[layer.present.length];
    float[] shared = new float[layer.present.length];
    try (var one = Executors.newFixedThreadPool(1);
        var four = Executors.newFixedThreadPool(4)) {
      layer.mixed(PLENTY / 8, one).solve(layer.channels(), layer.inverse(), alone);
      layer.mixed(PLENTY / 8, four).solve(layer.channels(), layer.inverse(), shared);
    }
    assertThat(shared).containsExactly(alone);
  }

  @Test
  void largeLayersTakeThisWayAndGiveTheFloat64Weights() {
    var layer = new Layer(1100, 3, 0.6, 1e3, 1e-3);
    double[] cross = new double[layer.present.length];
    for (int c = 0; c < layer.outputs; c++) {
      for (int i = 0; i < layer.inputs; i++) {
        cross[i * layer.outputs + c] =
            layer.equations.rightSide(c, i, new float[layer.present.length], 0);
      }
    }
    boolean[] isKept = new boolean[layer.present.length];
    for (int c = 0; c < layer.outputs; c++) {
      for (int input : layer.supports[c]) {
        isKept[c * layer.inputs + input] = true;
      }
    }
    float[] solved =
        ChannelLeastSquares.of(layer.inputs, layer.outputs, layer.equations.gram(), cross, 1e-3)
            .solve(layer.present, i -> isKept[i], executor);
    layer.requireEqual(solved, layer.exact(executor));
  }
}
