package falcon.leastsquares;

import falcon.linear.Cholesky;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The least-squares problem of one layer: the values of the kept weights that best reproduce the
/// dense layer's outputs from the layer's inputs.
///
/// ```
/// H = Σ x xᵀ [k, k],  B = Σ x yᵀ [k, o]        x: layer inputs (k), y: wanted outputs (o)
/// each output channel:  w_A = (H_AA + κI)⁻¹ (B_A + κ w_A⁰)      A = its kept inputs
/// κ = relative ridge · mean diag H
/// ```
///
/// Weights are `[o, k]`, row-major: weight (channel, input) has index `channel · k + input`, the
/// layout of convolutions and linear layers. Channels share H but not A, so each has a
/// factorisation of its own; where most weights are kept it is that of the dropped inputs instead:
/// with G = (H + κI)⁻¹, u = G (B + κw⁰) and P the dropped inputs, `w = u − G_·P (G_PP)⁻¹ u_P` is
/// the same minimiser. Small systems are solved in float64 ([ExactChannels]), large ones by float32
/// factors and float64 refinement ([MixedPrecisionChannels]), or, where about half of many inputs
/// is kept, by conjugate gradients for all channels ([PreconditionedChannels]); the choice depends
/// on operation counts alone.
///
/// Memory: H is referenced, not copied (`8k²` bytes), and B is copied once, transposed (`8ko`
/// bytes). Solving takes `16k²` bytes for G where most weights are kept, a limit set by the caller
/// for float32 factors and their vectors, and `8m²` bytes per thread for a float64 system of m
/// inputs. Products and sums have a fixed order: the result has the same bits for any number of
/// threads. Instances are immutable and safe to share between threads.
///
/// Source: the layer-wise problem of OBC (Frantar & Alistarh 2022, arXiv:2208.11580, section 3),
/// here for a given support; not in FALCON.
public final class ChannelLeastSquares {
  /// Bytes that float32 factors may take where the caller sets no limit.
  public static final long DEFAULT_SCRATCH_BYTES = 1L << 30;

  /// Layers of up to this many inputs are solved in float64: H stays in the processor's cache.
  private static final int EXACT_INPUTS = 1024;

  /// Greatest condition number of `H + κI` for which its float64 inverse replaces the matrix: the
  /// weights computed from it are as accurate as their rounding to float32.
  private static final double GREATEST_CONDITION = 1e9;

  /// Number of refinement steps that [MixedPrecisionChannels] takes on a well-conditioned layer.
  private static final int REFINEMENT_STEPS = 2;

  private final LayerEquations equations;
  private final int inputs;
  private final int outputs;

  private ChannelLeastSquares(LayerEquations equations) {
    this.equations = equations;
    this.inputs = equations.inputs();
    this.outputs = equations.outputs();
  }

  /// Returns the problem of one layer.
  ///
  /// @param inputs k, one or more
  /// @param outputs o, one or more
  /// @param gram H `[k, k]`, row-major, symmetric, positive semidefinite; not copied, so the caller
  ///     must not change it
  /// @param cross B `[k, o]`, row-major; copied
  /// @param relativeRidge κ as a share of H's mean diagonal, zero or more; it keeps directions that
  ///     the calibration inputs hardly use near the present weights
  /// @throws IllegalArgumentException if a length does not fit, an entry is not finite (named), a
  ///     diagonal entry of H is negative, or the ridge is
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
    requireGram(gram, inputs);
    double[] transposed = new double[cross.length];
    for (int i = 0; i < inputs; i++) {
      for (int channel = 0; channel < outputs; channel++) {
        double value = cross[i * outputs + channel];
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "the products of inputs and wanted outputs have %s at input %d, output %d"
                  .formatted(value, i, channel));
        }
        transposed[channel * inputs + i] = value;
      }
    }
    return new ChannelLeastSquares(
        new LayerEquations(inputs, outputs, gram, transposed, relativeRidge));
  }

  private static void requireGram(double[] gram, int inputs) {
    for (int at = 0; at < gram.length; at++) {
      if (!Double.isFinite(gram[at])) {
        throw new IllegalArgumentException(
            "the Gram matrix has %s at inputs (%d, %d)"
                .formatted(gram[at], at / inputs, at % inputs));
      }
    }
    for (int i = 0; i < inputs; i++) {
      double diagonal = gram[i * inputs + i];
      if (diagonal < 0) {
        throw new IllegalArgumentException(
            "the Gram matrix has %s on its diagonal at input %d; a sum of squares is zero or more"
                .formatted(diagonal, i));
      }
    }
  }

  /// Returns κ, in the units of H.
  public double ridge() {
    return equations.ridge();
  }

  /// Returns the weights that minimise the error plus `κ ‖w − w⁰‖²` with all but the kept ones at
  /// zero.
  ///
  /// A channel that keeps nothing becomes zero. A layer whose inputs were all zero keeps its
  /// present values. Where H with its ridge is singular to working precision, the ridge is
  /// multiplied by ten until it is not.
  ///
  /// @param present w⁰ `[o, k]`, finite where kept; read only
  /// @param isKept whether the weight of index `channel · k + input` is kept; called by the calling
  ///     thread only
  /// @return `[o, k]`, zero where not kept; a new array
  /// @throws IllegalArgumentException if the length differs or a kept weight is not finite (named)
  public float[] solve(float[] present, IntPredicate isKept, ExecutorService executor) {
    return solve(present, isKept, DEFAULT_SCRATCH_BYTES, executor);
  }

  /// Solves like the shorter method, with a limit for float32 factors.
  ///
  /// @param scratchBytes greatest total size of the factors held at a time; one is held in any case
  ///     (`4k²` bytes at most). The result depends on this limit within its accuracy
  private float[] solve(
      float[] present, IntPredicate isKept, long scratchBytes, ExecutorService executor) {
    requireLength(present.length);
    int[][] supports = supports(present, isKept);
    boolean isExact = inputs <= EXACT_INPUTS || equations.meanDiagonal() == 0;
    float[] solved = new float[present.length];
    boolean[] isSolved =
        isExact
            ? new boolean[outputs]
            : new PreconditionedChoice(equations, supports, scratchBytes)
                .solve(directCosts(supports), present, solved, executor);
    boolean[] isDual = new boolean[outputs];
    double[] inverse = chooseDual(supports, isSolved, isDual, isExact) ? inverse(executor) : null;
    if (inverse == null) {
      Arrays.fill(isDual, false);
    }
    IntPredicate isMixed =
        channel -> !isExact && (isDual[channel] || !isCheaperExact(supports[channel].length));
    var exact = new ExactChannels(equations, present, supports);
    exact.solve(
        channels(c -> !isSolved[c] && !isMixed.test(c)),
        isDual,
        isExact ? inverse : null,
        solved,
        executor);
    var mixed = new MixedPrecisionChannels(equations, present, supports, scratchBytes, executor);
    int[] primal = channels(c -> !isSolved[c] && isMixed.test(c) && !isDual[c]);
    int[] dual = channels(c -> !isSolved[c] && isMixed.test(c) && isDual[c]);
    int[] failed =
        IntStream.concat(
                IntStream.of(mixed.solve(primal, null, solved)),
                IntStream.of(mixed.solve(dual, inverse, solved)))
            .toArray();
    exact.solve(failed, new boolean[outputs], null, solved, executor);
    return solved;
  }

  private int[] channels(IntPredicate isWanted) {
    return IntStream.range(0, outputs).filter(isWanted).toArray();
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

  /// Returns whether a system of `rows` rows costs less in float64 than in float32, where
  /// arithmetic is twice as fast but each refinement step needs a product with H in float64:
  /// `2m³/3 ≤ m³/3 + 4 · steps · k²`.
  private boolean isCheaperExact(double rows) {
    return rows * rows * rows / 3 <= 4.0 * REFINEMENT_STEPS * inputs * inputs;
  }

  /// Marks the channels that are cheaper to solve by their dropped inputs; returns false if the
  /// shared inverse would cost more than it saves, or be too inaccurate. Costs are operations of
  /// the factors' precision; a float64 operation counts as two float32 operations.
  ///
  /// @param isSolved channels that are left out
  private boolean chooseDual(
      int[][] supports, boolean[] isSolved, boolean[] isDual, boolean isExact) {
    double saved = 0;
    for (int channel = 0; channel < outputs; channel++) {
      if (!isSolved[channel]) {
        double primal = primalCost(supports[channel].length);
        double dual = dualCost(supports[channel].length, isExact);
        isDual[channel] = dual < primal;
        saved += Math.max(0, primal - dual);
      }
    }
    return saved > inverseCost(isExact) && equations.greatestCondition() <= GREATEST_CONDITION;
  }

  private static double primalCost(double kept) {
    return kept * kept * kept / 3;
  }

  private double dualCost(double kept, boolean isExact) {
    double k = inputs;
    double dropped = k - kept;
    double products = isExact ? 2 * k * (k + dropped) : 4 * k * k;
    return dropped * dropped * dropped / 3 + products;
  }

  private double inverseCost(boolean isExact) {
    double k = inputs;
    return (isExact ? 4 : 2) * k * k * k;
  }

  /// Returns the operation count of float32 factors and their refinement, channel by channel, with
  /// the cheaper of kept and dropped inputs and a share of the inverse.
  private double[] directCosts(int[][] supports) {
    boolean[] isDual = new boolean[outputs];
    boolean hasInverse = chooseDual(supports, new boolean[outputs], isDual, false);
    long duals = IntStream.range(0, outputs).filter(c -> isDual[c]).count();
    double refinement = 4.0 * REFINEMENT_STEPS * inputs * inputs;
    double[] costs = new double[outputs];
    for (int channel = 0; channel < outputs; channel++) {
      double kept = supports[channel].length;
      costs[channel] =
          hasInverse && isDual[channel]
              ? dualCost(kept, false) + inverseCost(false) / duals
              : Math.min(2 * primalCost(kept), primalCost(kept) + refinement);
    }
    return costs;
  }

  /// Returns `(H + κI)⁻¹`, or null where that is singular.
  private double @Nullable [] inverse(ExecutorService executor) {
    double[] matrix = equations.gram().clone();
    for (int i = 0; i < inputs; i++) {
      matrix[i * inputs + i] += equations.ridge();
    }
    var factored = new Cholesky(matrix, inputs);
    return factored.factor(executor) == Cholesky.POSITIVE_DEFINITE
        ? factored.inverse(executor)
        : null;
  }

  private void requireLength(int weights) {
    if (weights != inputs * outputs) {
      throw new IllegalArgumentException(
          "%d outputs of %d inputs have %d weights, found %d"
              .formatted(outputs, inputs, inputs * outputs, weights));
    }
  }
}
