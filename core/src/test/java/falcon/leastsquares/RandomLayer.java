package falcon.leastsquares;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.stream.IntStream;

/// The least squares of a layer with random right-hand sides, present weights and supports.
abstract class RandomLayer {
  final int inputs;
  final int outputs;
  final LayerEquations equations;
  final float[] present;
  final int[][] supports;

  /// @param random source of everything but the Gram matrix
  /// @param kept share of the weights that are on a support
  /// @param gram `[k, k]`
  RandomLayer(
      SplittableRandom random, int inputs, int outputs, double kept, double[] gram, double ridge) {
    this.inputs = inputs;
    this.outputs = outputs;
    double[] cross = random.doubles((long) inputs * outputs, -5, 5).toArray();
    equations = new LayerEquations(inputs, outputs, gram, cross, ridge);
    present = new float[inputs * outputs];
    boolean[] isKept = new boolean[present.length];
    for (int i = 0; i < present.length; i++) {
      present[i] = (float) random.nextGaussian();
      isKept[i] = random.nextDouble() < kept;
    }
    supports = new int[outputs][];
    for (int c = 0; c < outputs; c++) {
      int from = c * inputs;
      supports[c] = IntStream.range(0, inputs).filter(i -> isKept[from + i]).toArray();
    }
  }

  static SplittableRandom random(int inputs, int outputs) {
    return new SplittableRandom(inputs + 7L * outputs);
  }

  int[] channels() {
    return IntStream.range(0, outputs).toArray();
  }

  float[] exact(ExecutorService executor) {
    float[] solved = new float[present.length];
    new ExactChannels(equations, present, supports)
        .solve(channels(), new boolean[outputs], null, solved, executor);
    return solved;
  }

  /// @param tolerance greatest error of a weight, as a share of the norm of its output's
  void requireEqual(float[] solved, float[] expected, double tolerance) {
    for (int c = 0; c < outputs; c++) {
      double norm = 0;
      double error = 0;
      for (int i = c * inputs; i < (c + 1) * inputs; i++) {
        norm += (double) expected[i] * expected[i];
        error = Math.max(error, Math.abs((double) solved[i] - expected[i]));
      }
      assertThat(error).as("output %d", c).isLessThanOrEqualTo(tolerance * Math.sqrt(norm));
    }
  }
}
