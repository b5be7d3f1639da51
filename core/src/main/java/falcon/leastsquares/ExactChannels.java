package falcon.leastsquares;

import falcon.kernel.Chunks;
import falcon.kernel.VectorLoops;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// Solves channels of a layer in float64, each on one thread: by its kept inputs, or by its dropped
/// inputs where those are fewer and `(H + κI)⁻¹` is available.
///
/// A worker takes `8m²` bytes for the largest system of m rows.
final class ExactChannels {
  /// Factor by which the ridge grows when a factorisation meets a pivot that is not positive.
  private static final double RIDGE_GROWTH = 10;

  /// The smallest ridge of the second attempt, as a share of the mean diagonal.
  private static final double LEAST_SECOND_RIDGE = 1e-10;

  private final LayerEquations equations;
  private final float[] present;
  private final int[][] supports;

  /// @param present w⁰ `[o, k]`
  /// @param supports kept inputs of each channel, ascending
  ExactChannels(LayerEquations equations, float[] present, int[][] supports) {
    this.equations = equations;
    this.present = present;
    this.supports = supports;
  }

  /// Solves some channels.
  ///
  /// @param isDual whether to solve each channel by its dropped inputs
  /// @param inverse `(H + κI)⁻¹`; absent if no channel is dual
  /// @param solved `[o, k]`; the kept weights of these channels are written
  void solve(
      int[] channels,
      boolean[] isDual,
      double @Nullable [] inverse,
      float[] solved,
      ExecutorService executor) {
    int inputs = equations.inputs();
    Chunks.run(
        executor,
        channels.length,
        () -> new ReducedSystem(inputs),
        (index, system) -> {
          int channel = channels[index];
          if (inverse == null || !isDual[channel] || !solveDual(channel, inverse, system, solved)) {
            solvePrimal(channel, system, solved);
          }
        });
  }

  private void solvePrimal(int channel, ReducedSystem system, float[] solved) {
    int[] support = supports[channel];
    int inputs = equations.inputs();
    int m = support.length;
    if (m == 0) {
      return;
    }
    if (equations.meanDiagonal() == 0) {
      for (int input : support) {
        solved[channel * inputs + input] = present[channel * inputs + input];
      }
      return;
    }
    double kappa = equations.ridge();
    while (!system.factor(equations.gram(), inputs, support, kappa)) {
      kappa = Math.max(kappa * RIDGE_GROWTH, LEAST_SECOND_RIDGE * equations.meanDiagonal());
    }
    double[] x = system.reduced();
    for (int i = 0; i < m; i++) {
      x[i] = equations.rightSide(channel, support[i], present, kappa);
    }
    system.solve();
    for (int i = 0; i < m; i++) {
      solved[channel * inputs + support[i]] = (float) x[i];
    }
  }

  /// Solves one channel by its dropped inputs: with G = (H + κI)⁻¹, u = G (B + κw⁰) and P the
  /// dropped inputs, `w = u − G_·P (G_PP)⁻¹ u_P`.
  private boolean solveDual(int channel, double[] inverse, ReducedSystem system, float[] solved) {
    int inputs = equations.inputs();
    int[] support = supports[channel];
    int[] dropped = dropped(support, inputs);
    double[] full = system.full();
    double[] row = new double[inputs];
    Arrays.fill(full, 0);
    for (int input : support) {
      double right = equations.rightSide(channel, input, present, equations.ridge());
      System.arraycopy(inverse, input * inputs, row, 0, inputs);
      VectorLoops.addScaled(full, right, row, 0, inputs);
    }
    if (!system.factor(inverse, inputs, dropped, 0)) {
      return false;
    }
    double[] multipliers = system.reduced();
    for (int i = 0; i < dropped.length; i++) {
      multipliers[i] = full[dropped[i]];
    }
    system.solve();
    for (int i = 0; i < dropped.length; i++) {
      System.arraycopy(inverse, dropped[i] * inputs, row, 0, inputs);
      VectorLoops.addScaled(full, -multipliers[i], row, 0, inputs);
    }
    for (int input : support) {
      solved[channel * inputs + input] = (float) full[input];
    }
    return true;
  }

  /// Returns the inputs that are not in a support, ascending.
  static int[] dropped(int[] support, int inputs) {
    int[] dropped = new int[inputs - support.length];
    int next = 0;
    for (int i = 0; i < inputs; i++) {
      if (next < support.length && support[next] == i) {
        next++;
      } else {
        dropped[i - next] = i;
      }
    }
    return dropped;
  }
}
