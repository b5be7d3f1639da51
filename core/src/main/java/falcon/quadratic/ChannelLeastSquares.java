package falcon.quadratic;

import falcon.kernel.Chunks;
import falcon.kernel.ScalarKernels;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Least squares of one layer on its inputs: which values of the kept weights reproduce the outputs
/// that the dense layer gave?
///
/// ```
/// H = Σ x xᵀ [k, k],  B = Σ x yᵀ [k, o]        x: layer inputs (k), y: wanted outputs (o)
/// each output channel:  w_A = (H_AA + κI)⁻¹ (B_A + κ w_A⁰)      A = its kept inputs
/// κ = relative ridge · mean diag H
/// ```
///
/// Weights are `[o, k]`, row-major: weight (channel, input) has index `channel · k + input`, the
/// layout of convolutions and linear layers. Channels share H but not A, so each has a factorisation
/// of its own; where most weights stay it is that of the dropped inputs instead:
/// with G = (H + κI)⁻¹, u = G (B + κw⁰) and P the dropped inputs, `w = u − G_·P (G_PP)⁻¹ u_P` is the
/// same minimiser. One of the two ways is chosen for each channel from operation counts alone.
///
/// Each channel is solved by one thread in a fixed order: the result has the same bits for any
/// number of threads. Immutable, safe to share between threads.
///
/// Source: the layer-wise problem of OBC (Frantar & Alistarh 2022, arXiv:2208.11580, section 3), here
/// for a given support; not in FALCON.
public final class ChannelLeastSquares {
  /// Share of H's mean diagonal that is added to it. Zero or more; the ridge keeps directions that
  /// the calibration inputs hardly use near the present weights.
  public static final double DEFAULT_RELATIVE_RIDGE = 1e-3;

  /// By how much the ridge grows when a factorisation meets a pivot that is not positive.
  private static final double RIDGE_GROWTH = 10;

  /// The smallest ridge of such a second try, as a share of the mean diagonal.
  private static final double LEAST_SECOND_RIDGE = 1e-10;

  private final int inputs;
  private final int outputs;
  private final double[][] gram;
  private final double[][] cross;
  private final double ridge;
  private final double meanDiagonal;

  private ChannelLeastSquares(double[][] gram, double[][] cross, double relativeRidge) {
    this.inputs = gram.length;
    this.outputs = cross.length;
    this.gram = gram;
    this.cross = cross;
    double trace = 0;
    for (int i = 0; i < inputs; i++) {
      trace += gram[i][i];
    }
    this.meanDiagonal = trace / inputs;
    this.ridge = relativeRidge * meanDiagonal;
  }

  /// The problem of one layer with the default ridge.
  ///
  /// @param inputs k, one or more
  /// @param outputs o, one or more
  /// @param gram H `[k, k]`, row-major, symmetric, positive semidefinite; copied
  /// @param cross B `[k, o]`, row-major; copied
  /// @throws IllegalArgumentException if a length does not fit, an entry is not finite (named) or a
  ///     diagonal entry of H is negative
  public static ChannelLeastSquares of(int inputs, int outputs, double[] gram, double[] cross) {
    return of(inputs, outputs, gram, cross, DEFAULT_RELATIVE_RIDGE);
  }

  /// The problem of one layer.
  ///
  /// @param relativeRidge κ as a share of H's mean diagonal, zero or more
  /// @throws IllegalArgumentException as the shorter method, or if the ridge is negative
  public static ChannelLeastSquares of(
      int inputs, int outputs, double[] gram, double[] cross, double relativeRidge) {
    if (inputs < 1 || outputs < 1) {
      throw new IllegalArgumentException(
          "a layer of %d inputs and %d outputs".formatted(inputs, outputs));
    }
    if (gram.length != (long) inputs * inputs || cross.length != (long) inputs * outputs) {
      throw new IllegalArgumentException(
          "%d inputs and %d outputs take a Gram matrix of %d values and products of %d, found %d and %d"
              .formatted(
                  inputs,
                  outputs,
                  (long) inputs * inputs,
                  (long) inputs * outputs,
                  gram.length,
                  cross.length));
    }
    if (!(relativeRidge >= 0) || relativeRidge == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "relative ridge %s; it is finite and zero or more".formatted(relativeRidge));
    }
    double[][] gramRows = new double[inputs][inputs];
    double[][] crossRows = new double[outputs][inputs];
    for (int i = 0; i < inputs; i++) {
      System.arraycopy(gram, i * inputs, gramRows[i], 0, inputs);
      requireFinite(gramRows[i], i);
      if (gramRows[i][i] < 0) {
        throw new IllegalArgumentException(
            "the Gram matrix has %s on its diagonal at input %d; a sum of squares is zero or more"
                .formatted(gramRows[i][i], i));
      }
      for (int channel = 0; channel < outputs; channel++) {
        double value = cross[i * outputs + channel];
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "the products of inputs and wanted outputs have %s at input %d, output %d"
                  .formatted(value, i, channel));
        }
        crossRows[channel][i] = value;
      }
    }
    return new ChannelLeastSquares(gramRows, crossRows, relativeRidge);
  }

  private static void requireFinite(double[] row, int i) {
    for (int j = 0; j < row.length; j++) {
      if (!Double.isFinite(row[j])) {
        throw new IllegalArgumentException(
            "the Gram matrix has %s at inputs (%d, %d)".formatted(row[j], i, j));
      }
    }
  }

  /// Number of inputs, k.
  public int inputs() {
    return inputs;
  }

  /// Number of output channels, o.
  public int outputs() {
    return outputs;
  }

  /// κ, in the units of H.
  public double ridge() {
    return ridge;
  }

  /// The weights that minimise the error plus `κ ‖w − w⁰‖²` with all but the kept ones at zero.
  ///
  /// A channel that keeps nothing becomes zero. A layer whose inputs were all zero keeps its present
  /// values. Where H with its ridge is singular to working precision, the ridge is raised tenfold
  /// until it is not.
  ///
  /// @param present w⁰ `[o, k]`, finite where kept; read only
  /// @param isKept whether the weight of index `channel · k + input` is kept; asked by the
  ///     calling thread
  /// @return `[o, k]`, zero where not kept; a new array
  /// @throws IllegalArgumentException if the length differs or a kept weight is not finite (named)
  public float[] solve(float[] present, IntPredicate isKept, ExecutorService executor) {
    requireLength(present.length);
    int[][] supports = supports(present, isKept);
    boolean[] isDual = new boolean[outputs];
    double[][] inverse = chooseDual(supports, isDual) ? inverse(executor) : null;
    int largest = 0;
    for (int channel = 0; channel < outputs; channel++) {
      int kept = supports[channel].length;
      largest = Math.max(largest, isDual[channel] ? inputs - kept : kept);
    }
    int rows = largest;
    float[] solved = new float[present.length];
    Chunks.run(
        executor,
        outputs,
        () -> new ReducedSystem(rows, inputs),
        (channel, system) -> {
          int[] support = supports[channel];
          if (inverse != null
              && isDual[channel]
              && solveDual(channel, support, present, inverse, system)) {
            store(system.full(), support, solved, channel);
          } else {
            solvePrimal(channel, support, present, solved, system);
          }
        });
    return solved;
  }

  /// Squared error of each channel less that of all weights zero:
  /// `wᵀHw − 2wᵀB`, so that adding `Σ y²` gives `Σ (wᵀx − y)²`.
  ///
  /// @param weights `[o, k]`
  /// @return `[o]`
  public double[] errors(float[] weights, ExecutorService executor) {
    requireLength(weights.length);
    double[] errors = new double[outputs];
    Chunks.run(
        executor,
        outputs,
        () -> new double[2][inputs],
        (channel, scratch) -> {
          double[] product = scratch[0];
          double[] row = scratch[1];
          residual(weights, channel, product);
          for (int i = 0; i < inputs; i++) {
            row[i] = weights[channel * inputs + i];
          }
          // wᵀHw − 2wᵀB = wᵀ(Hw − B) − wᵀB
          errors[channel] =
              ScalarKernels.dot(row, product, 0, inputs)
                  - ScalarKernels.dot(row, cross[channel], 0, inputs);
        });
    return errors;
  }

  /// Half the gradient of the squared error: `G = W H − Bᵀ`, of full rank where H is.
  ///
  /// @param weights `[o, k]`
  /// @return `[o, k]`, a new array
  public double[] gradient(float[] weights, ExecutorService executor) {
    requireLength(weights.length);
    double[] gradient = new double[weights.length];
    Chunks.run(
        executor,
        outputs,
        () -> new double[inputs],
        (channel, product) -> {
          residual(weights, channel, product);
          System.arraycopy(product, 0, gradient, channel * inputs, inputs);
        });
    return gradient;
  }

  /// Diagonal d of `(H + κI)⁻¹`: dropping weight w of input i from a dense, optimal channel and
  /// refitting the others raises the squared error by `w² / d_i` (optimal brain surgeon). All
  /// infinite where the matrix is singular.
  ///
  /// @return `[k]`
  public double[] inverseDiagonal(ExecutorService executor) {
    double[][] inverse = inverse(executor);
    double[] diagonal = new double[inputs];
    for (int i = 0; i < inputs; i++) {
      diagonal[i] = inverse == null ? Double.POSITIVE_INFINITY : inverse[i][i];
    }
    return diagonal;
  }

  /// `H w − B` of one channel; inputs whose weight is zero cost nothing.
  private void residual(float[] weights, int channel, double[] product) {
    for (int i = 0; i < inputs; i++) {
      product[i] = -cross[channel][i];
    }
    for (int i = 0; i < inputs; i++) {
      float weight = weights[channel * inputs + i];
      if (weight != 0) {
        ScalarKernels.addScaled(product, weight, gram[i], 0, inputs);
      }
    }
  }

  private int[][] supports(float[] present, IntPredicate isKept) {
    int[][] supports = new int[outputs][];
    int[] kept = new int[inputs];
    for (int channel = 0; channel < outputs; channel++) {
      int count = 0;
      for (int i = 0; i < inputs; i++) {
        int index = channel * inputs + i;
        if (isKept.test(index)) {
          if (!Float.isFinite(present[index])) {
            throw new IllegalArgumentException(
                "the present weight of output %d, input %d is %s"
                    .formatted(channel, i, present[index]));
          }
          kept[count++] = i;
        }
      }
      supports[channel] = Arrays.copyOf(kept, count);
    }
    return supports;
  }

  /// Marks the channels that are cheaper to solve by their dropped inputs; false if the shared
  /// inverse would cost more than that saves.
  private boolean chooseDual(int[][] supports, boolean[] isDual) {
    double k = inputs;
    double saved = 0;
    for (int channel = 0; channel < outputs; channel++) {
      double kept = supports[channel].length;
      double dropped = k - kept;
      double primal = kept * kept * kept / 3;
      double dual = dropped * dropped * dropped / 3 + k * (k + dropped);
      isDual[channel] = dual < primal;
      saved += Math.max(0, primal - dual);
    }
    double inverseCost = 3 * k * k * k;
    if (saved > inverseCost) {
      return true;
    }
    Arrays.fill(isDual, false);
    return false;
  }

  /// `(H + κI)⁻¹`, or null where that is singular.
  private double @Nullable [][] inverse(ExecutorService executor) {
    double[][] factor = new double[inputs][];
    for (int i = 0; i < inputs; i++) {
      factor[i] = gram[i].clone();
      factor[i][i] += ridge;
    }
    return Cholesky.factor(factor, inputs) == Cholesky.POSITIVE_DEFINITE
        ? Cholesky.inverse(factor, inputs, executor)
        : null;
  }

  private void solvePrimal(
      int channel, int[] support, float[] present, float[] solved, ReducedSystem system) {
    int m = support.length;
    if (m == 0) {
      return;
    }
    if (meanDiagonal == 0) {
      for (int input : support) {
        solved[channel * inputs + input] = present[channel * inputs + input];
      }
      return;
    }
    double[] x = system.reduced();
    double kappa = ridge;
    while (!system.factor(gram, support, kappa)) {
      kappa = Math.max(kappa * RIDGE_GROWTH, LEAST_SECOND_RIDGE * meanDiagonal);
    }
    for (int i = 0; i < m; i++) {
      int input = support[i];
      x[i] = cross[channel][input] + kappa * present[channel * inputs + input];
    }
    system.solve(m);
    for (int i = 0; i < m; i++) {
      solved[channel * inputs + support[i]] = (float) x[i];
    }
  }

  private boolean solveDual(
      int channel, int[] support, float[] present, double[][] inverse, ReducedSystem system) {
    double[] full = system.full();
    Arrays.fill(full, 0);
    int next = 0;
    int[] dropped = new int[inputs - support.length];
    for (int i = 0; i < inputs; i++) {
      boolean kept = next < support.length && support[next] == i;
      if (kept) {
        next++;
      } else {
        dropped[i - next] = i;
      }
      double target = cross[channel][i] + (kept ? ridge * present[channel * inputs + i] : 0);
      ScalarKernels.addScaled(full, target, inverse[i], 0, inputs);
    }
    if (!system.factor(inverse, dropped, 0)) {
      return false;
    }
    double[] multipliers = system.reduced();
    for (int i = 0; i < dropped.length; i++) {
      multipliers[i] = full[dropped[i]];
    }
    system.solve(dropped.length);
    for (int i = 0; i < dropped.length; i++) {
      ScalarKernels.addScaled(full, -multipliers[i], inverse[dropped[i]], 0, inputs);
    }
    return true;
  }

  private void store(double[] full, int[] support, float[] solved, int channel) {
    for (int input : support) {
      solved[channel * inputs + input] = (float) full[input];
    }
  }

  private void requireLength(int weights) {
    if (weights != inputs * outputs) {
      throw new IllegalArgumentException(
          "%d outputs of %d inputs have %d weights, found %d"
              .formatted(outputs, inputs, inputs * outputs, weights));
    }
  }
}
