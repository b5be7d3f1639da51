package falcon.leastsquares;

import falcon.kernel.Chunks;
import falcon.linear.FloatCholesky;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// Preconditioned conjugate gradients in mixed precision, for many channels of a layer at once: the
/// steps are in float64, and each channel is preconditioned by a float32 factorisation of its own
/// system, so that a few steps reach float32 accuracy of the weights.
///
/// ```
/// M_SS y = r_S                                      of each channel, M one matrix for all of them
/// z = F⁻¹ r_S                                       F ≈ M_SS in float32
/// p = z + (rᵀz / previous rᵀz) p,  α = rᵀz / pᵀMp,  y += α p,  r −= α M p
/// ```
///
/// A channel solved by its kept inputs A has M = H + κI, S = A, r = B + κw⁰ and y is w_A. A channel
/// solved by its dropped inputs P has M = G = (H + κI)⁻¹, S = P and r = G (B + κw⁰), the
/// unconstrained weights. The steps then subtract combinations of G's rows from r until r_P = 0,
/// and then r_A is w_A: only the factor is in float32, so r is as accurate as G. One product with M
/// serves all channels of a batch. Batches are cut by the memory of their factors, a limit set by
/// the caller, never by threads.
///
/// Source: mixed-precision refinement by a preconditioned Krylov method, Carson and Higham, SIAM J.
/// Sci. Comput. 40(2), 2018, with conjugate gradients as the matrix is positive definite; dropped
/// inputs as constraints: optimal brain surgeon, Hassibi and Stork, NIPS 5, 1993, for many at once.
final class MixedPrecisionChannels {
  /// A channel is done when its next step would be shorter than this share of its weights, which is
  /// the error of rounding them to float32.
  private static final double STEP_TOLERANCE = 1e-7;

  /// Number of rows of M that are copied to the channels together.
  private static final int ROWS = 32;

  /// Greatest number of steps; a factor that needs more is too inaccurate.
  private static final int MAX_STEPS = 30;

  private final LayerEquations equations;
  private final float[] present;
  private final int[][] supports;
  private final long scratchBytes;
  private final ExecutorService executor;

  /// @param scratchBytes greatest size of the factors of a batch; a batch has at least one channel
  MixedPrecisionChannels(
      LayerEquations equations,
      float[] present,
      int[][] supports,
      long scratchBytes,
      ExecutorService executor) {
    this.equations = equations;
    this.present = present;
    this.supports = supports;
    this.scratchBytes = scratchBytes;
    this.executor = executor;
  }

  /// Solves some channels by their kept inputs, or by their dropped ones if `inverse` is given.
  ///
  /// @param inverse `(H + κI)⁻¹` `[k, k]`, symmetric; read only
  /// @param solved `[o, k]`; the kept weights of channels that were solved are written
  /// @return the channels that were not solved: their matrix is not positive definite in float32,
  ///     or too badly conditioned
  int[] solve(int[] channels, double @Nullable [] inverse, float[] solved) {
    if (channels.length == 0) {
      return channels;
    }
    int[] failed = new int[channels.length];
    int failures = 0;
    int largest = 0;
    for (int channel : channels) {
      int m = supports[channel].length;
      largest = Math.max(largest, inverse == null ? m : equations.inputs() - m);
    }
    int slots = Math.clamp(scratchBytes / bytes(largest), 1, channels.length);
    float[][] memory = new float[slots][];
    int values = largest * largest;
    Chunks.run(executor, slots, slot -> memory[slot] = new float[values]);
    for (int first = 0; first < channels.length; first += slots) {
      int last = Math.min(first + slots, channels.length);
      Batch batch = new Batch(Arrays.copyOfRange(channels, first, last), inverse, memory);
      batch.run();
      for (int c = 0; c < last - first; c++) {
        if (batch.states[c] == State.DONE) {
          batch.store(c, solved);
        } else {
          failed[failures++] = channels[first + c];
        }
      }
    }
    return Arrays.copyOf(failed, failures);
  }

  private long bytes(int rows) {
    return FloatCholesky.bytes(rows) + 6L * Double.BYTES * equations.inputs();
  }

  private enum State {
    RUNNING,
    DONE,
    FAILED
  }

  /// Channels that are solved together; row c of each array belongs to `channels[c]`.
  private final class Batch {
    private final int[] channels;
    private final double @Nullable [] inverse;
    private final int k = equations.inputs();

    /// The multiple of the identity that M has beside its array.
    private final double ridge;

    private final double[] matrix;

    /// The index set S of each channel.
    private final int[][] systems;

    private final State[] states;
    private final FloatCholesky[] factors;
    private final double[] scales;
    private final double[] products;
    private final double[] lastSteps;

    /// The weights: y of channels solved by the kept inputs, r of those solved by the dropped ones.
    private final double[] x;

    private final double[] r;
    private final double[] z;
    private final double[] p;
    private final double[] q;

    /// @param memory storage of the factors, one per channel
    Batch(int[] channels, double @Nullable [] inverse, float[][] memory) {
      int count = channels.length;
      this.channels = channels;
      this.inverse = inverse;
      this.matrix = inverse == null ? equations.gram() : inverse;
      this.ridge = inverse == null ? equations.ridge() : 0;
      this.systems = new int[count][];
      this.factors = new FloatCholesky[count];
      for (int c = 0; c < count; c++) {
        int[] support = supports[channels[c]];
        systems[c] = inverse == null ? support : ExactChannels.dropped(support, k);
        factors[c] = new FloatCholesky(memory[c], systems[c].length);
      }
      this.states = new State[count];
      this.scales = new double[count];
      this.products = new double[count];
      this.lastSteps = new double[count];
      this.r = new double[count * k];
      this.x = inverse == null ? new double[count * k] : r;
      this.z = new double[count * k];
      this.p = new double[count * k];
      this.q = new double[count * k];
    }

    void run() {
      Chunks.run(executor, channels.length, this::begin);
      Chunks.run(executor, (k + ROWS - 1) / ROWS, this::fill);
      Chunks.run(
          executor,
          channels.length,
          c -> states[c] = factors[c].factor() ? State.RUNNING : State.FAILED);
      if (inverse != null) {
        equations.addProduct(p, channels.length, inverse, r, executor);
        Arrays.fill(p, 0);
      }
      for (int step = 0; step < MAX_STEPS && isAnyRunning(); step++) {
        Chunks.run(executor, channels.length, this::turn);
        Arrays.fill(q, 0);
        equations.addProduct(p, channels.length, matrix, q, executor);
        Chunks.run(executor, channels.length, this::advance);
      }
    }

    private boolean isAnyRunning() {
      return Arrays.stream(states).anyMatch(state -> state == State.RUNNING);
    }

    /// Writes a channel's right-hand side to r, or to p if the channels are solved by their dropped
    /// inputs; p is then multiplied by G.
    private void begin(int c) {
      double[] right = r;
      if (inverse != null) {
        right = p;
        for (int input : systems[c]) {
          right[c * k + input] = equations.cross(channels[c], input);
        }
      }
      for (int input : supports[channels[c]]) {
        right[c * k + input] = equations.rightSide(channels[c], input, present, equations.ridge());
      }
      int rows = systems[c].length;
      double trace = rows * ridge;
      for (int row : systems[c]) {
        trace += matrix[row * k + row];
      }
      scales[c] = trace == 0 ? 1 : rows / trace;
    }

    /// Copies some rows of M to the channels that have them: each row is read from memory once for
    /// all channels.
    private void fill(int block) {
      for (int row = block * ROWS; row < Math.min(k, (block + 1) * ROWS); row++) {
        for (int c = 0; c < channels.length; c++) {
          int at = Arrays.binarySearch(systems[c], row);
          if (at >= 0) {
            factors[c].fillRow(at, matrix, row * k, systems[c], ridge, scales[c]);
          }
        }
      }
    }

    /// Computes z = F⁻¹ r.
    private void precondition(int c) {
      int[] system = systems[c];
      double largest = largest(c);
      float[] b = new float[system.length];
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) (r[c * k + system[i]] / largest);
      }
      factors[c].solve(b);
      for (int i = 0; i < b.length; i++) {
        z[c * k + system[i]] = scales[c] * largest * b[i];
      }
    }

    /// Returns the largest magnitude of a channel's residual, 1 if it is zero.
    private double largest(int c) {
      double largest = 0;
      for (int input : systems[c]) {
        largest = Math.max(largest, Math.abs(r[c * k + input]));
      }
      return largest == 0 ? 1 : largest;
    }

    /// Computes p = z + β p.
    private void turn(int c) {
      if (states[c] != State.RUNNING) {
        Arrays.fill(p, c * k, (c + 1) * k, 0);
        return;
      }
      precondition(c);
      double product = 0;
      for (int input : systems[c]) {
        product += r[c * k + input] * z[c * k + input];
      }
      double beta = lastSteps[c] == 0 ? 0 : product / products[c];
      products[c] = product;
      for (int input : systems[c]) {
        p[c * k + input] = z[c * k + input] + beta * p[c * k + input];
      }
    }

    /// Takes one step along p, where q = p M.
    private void advance(int c) {
      if (states[c] != State.RUNNING) {
        return;
      }
      double curvature = 0;
      for (int input : systems[c]) {
        int at = c * k + input;
        q[at] += ridge * p[at];
        curvature += p[at] * q[at];
      }
      if (products[c] == 0) {
        states[c] = State.DONE;
        return;
      }
      if (!(products[c] > 0) || !(curvature > 0)) {
        states[c] = State.FAILED;
        return;
      }
      double alpha = products[c] / curvature;
      for (int at = c * k; at < (c + 1) * k; at++) {
        r[at] -= alpha * q[at];
      }
      double step = 0;
      double size = 0;
      for (int input : supports[channels[c]]) {
        int at = c * k + input;
        double change = alpha * (inverse == null ? p[at] : q[at]);
        if (inverse == null) {
          x[at] += change;
        }
        step += change * change;
        size += x[at] * x[at];
      }
      finish(c, Math.sqrt(step), Math.sqrt(size));
    }

    /// Marks a channel as done if its next step would change nothing.
    ///
    /// @param step length of the last step
    /// @param size norm of the weights
    private void finish(int c, double step, double size) {
      double next = lastSteps[c] == 0 ? step : step * Math.min(1, step / lastSteps[c]);
      lastSteps[c] = step;
      if (next <= STEP_TOLERANCE * size) {
        states[c] = State.DONE;
      }
    }

    void store(int c, float[] solved) {
      for (int input : supports[channels[c]]) {
        solved[channels[c] * k + input] = (float) x[c * k + input];
      }
    }
  }
}
