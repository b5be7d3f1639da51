package falcon.leastsquares;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelLeastSquaresTest {
  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void shutDown() {
    executor.shutdown();
  }

  /// A layer with its calibration sums.
  private static final class Layer {
    final int inputs;
    final int outputs;
    final double[][] gram;
    final double[] cross;
    final float[] present;
    final boolean[] kept;

    Layer(long seed, int inputs, int outputs, double keptShare) {
      var random = new SplittableRandom(seed);
      this.inputs = inputs;
      this.outputs = outputs;
      gram = DenseAlgebra.positiveDefinite(random, inputs, 0);
      cross = random.doubles((long) inputs * outputs, -5, 5).toArray();
      present = new float[inputs * outputs];
      kept = new boolean[inputs * outputs];
      for (int i = 0; i < present.length; i++) {
        present[i] = (float) random.nextGaussian();
        kept[i] = random.nextDouble() < keptShare;
      }
    }

    ChannelLeastSquares problem() {
      return ChannelLeastSquares.of(inputs, outputs, DenseAlgebra.flat(gram), cross, 1e-3);
    }

    /// Squared error of each channel less that of all weights zero: `wᵀHw − 2wᵀB`.
    double[] errors(float[] weights) {
      double[] errors = new double[outputs];
      for (int channel = 0; channel < outputs; channel++) {
        for (int i = 0; i < inputs; i++) {
          double slope = -2 * cross[i * outputs + channel];
          for (int j = 0; j < inputs; j++) {
            slope += gram[i][j] * weights[channel * inputs + j];
          }
          errors[channel] += weights[channel * inputs + i] * slope;
        }
      }
      return errors;
    }

    /// Solves the normal equations of one channel by Gaussian elimination.
    double[] expected(int channel, double ridge) {
      int[] support = IntStream.range(0, inputs).filter(i -> kept[channel * inputs + i]).toArray();
      int m = support.length;
      double[][] a = new double[m][m];
      double[] b = new double[m];
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++) {
          a[i][j] = gram[support[i]][support[j]];
        }
        a[i][i] += ridge;
        b[i] =
            cross[support[i] * outputs + channel] + ridge * present[channel * inputs + support[i]];
      }
      double[] solved = DenseAlgebra.solve(a, b);
      double[] all = new double[inputs];
      for (int i = 0; i < m; i++) {
        all[support[i]] = solved[i];
      }
      return all;
    }
  }

  @ParameterizedTest(name = "inputs={0}, outputs={1}, kept={2}")
  @CsvSource({"1,1,1", "5,3,0.5", "9,4,1", "40,30,0.9", "40,8,0.3", "70,200,0.7", "33,5,0.05"})
  void solutionSolvesTheNormalEquationsOfEachChannel(int inputs, int outputs, double kept) {
    var layer = new Layer(inputs, inputs, outputs, kept);
    var problem = layer.problem();
    float[] solved = problem.solve(layer.present, i -> layer.kept[i], executor);
    for (int channel = 0; channel < outputs; channel++) {
      double[] expected = layer.expected(channel, problem.ridge());
      for (int i = 0; i < inputs; i++) {
        assertThat((double) solved[channel * inputs + i])
            .as("output %d, input %d", channel, i)
            .isCloseTo(expected[i], within(1e-4 * (1 + Math.abs(expected[i]))));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.9})
  void bitsDoNotDependOnTheNumberOfThreads(double kept) {
    var layer = new Layer(3, 48, 100, kept);
    float[] expected;
    try (var one = Executors.newFixedThreadPool(1)) {
      expected = layer.problem().solve(layer.present, i -> layer.kept[i], one);
    }
    try (var four = Executors.newFixedThreadPool(4)) {
      assertThat(layer.problem().solve(layer.present, i -> layer.kept[i], four))
          .containsExactly(expected);
    }
  }

  @Test
  void aChannelThatKeepsNothingBecomesZero() {
    var layer = new Layer(4, 6, 2, 1);
    float[] solved = layer.problem().solve(layer.present, i -> i < 6, executor);
    assertThat(solved).endsWith(0f, 0f, 0f, 0f, 0f, 0f);
    assertThat(solved[0]).isNotZero();
  }

  @Test
  void aLayerWithoutInputKeepsItsPresentWeights() {
    var problem = ChannelLeastSquares.of(3, 1, new double[9], new double[3], 1e-3);
    assertThat(problem.solve(new float[] {1, 2, 3}, i -> i != 1, executor))
        .containsExactly(1, 0, 3);
  }

  @Test
  void aSingularGramMatrixWithoutRidgeIsSolvedWithTheLeastRidgeThatWorks() {
    var problem = ChannelLeastSquares.of(2, 1, new double[] {1, 1, 1, 1}, new double[] {1, 1}, 0);
    float[] solved = problem.solve(new float[] {0, 0}, i -> true, executor);
    assertThat((double) solved[0]).isCloseTo(0.5, within(1e-4));
    assertThat((double) solved[1]).isCloseTo(0.5, within(1e-4));
  }

  @Test
  void manyDenseChannelsOfASingularGramMatrixAreSolvedAllTheSame() {
    int inputs = 20;
    int outputs = 400;
    double[] ones = new double[inputs * inputs];
    Arrays.fill(ones, 1);
    double[] cross = new double[inputs * outputs];
    Arrays.fill(cross, 1);
    var problem = ChannelLeastSquares.of(inputs, outputs, ones, cross, 0);
    float[] solved = problem.solve(new float[inputs * outputs], i -> i % inputs != 3, executor);
    assertThat((double) solved[0]).isCloseTo(1.0 / 19, within(1e-4));
    assertThat(solved[3]).isZero();
  }

  @Test
  void refittingNeverRaisesTheError() {
    var layer = new Layer(8, 30, 10, 0.5);
    var problem = layer.problem();
    float[] pruned = new float[layer.present.length];
    for (int i = 0; i < pruned.length; i++) {
      pruned[i] = layer.kept[i] ? layer.present[i] : 0;
    }
    double[] before = layer.errors(pruned);
    double[] after = layer.errors(problem.solve(layer.present, i -> layer.kept[i], executor));
    for (int channel = 0; channel < 10; channel++) {
      assertThat(after[channel]).isLessThanOrEqualTo(before[channel]);
    }
  }

  @Test
  void whatIsNotFiniteIsNamed() {
    assertThatThrownBy(() ->
            ChannelLeastSquares.of(2, 1, new double[] {1, 0, Double.NaN, 1}, new double[2], 1e-3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the Gram matrix has NaN at inputs (1, 0)");
    assertThatThrownBy(() ->
            ChannelLeastSquares.of(
                1, 2, new double[] {1}, new double[] {0, Double.POSITIVE_INFINITY}, 1e-3))
        .hasMessage("the products of inputs and wanted outputs have Infinity at input 0, output 1");
    var problem = ChannelLeastSquares.of(1, 2, new double[] {1}, new double[2], 1e-3);
    assertThatThrownBy(() -> problem.solve(new float[] {0, Float.NaN}, i -> true, executor))
        .hasMessage("the present weight of output 1, input 0 is NaN");
  }

  @Test
  void lengthsThatDoNotFitAreTold() {
    assertThatThrownBy(() -> ChannelLeastSquares.of(2, 3, new double[4], new double[5], 1e-3))
        .hasMessage(
            "2 inputs and 3 outputs take a Gram matrix of 4 values and products of 6, found 4 and 5");
  }
}
