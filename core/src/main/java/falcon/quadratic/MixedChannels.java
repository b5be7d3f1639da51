package falcon.quadratic;

import falcon.kernel.Chunks;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// Many channels of a layer at once: conjugate gradients in float64, each channel preconditioned by a
/// float32 factorisation of its own system, so that two or three steps reach float32 weights.
///
/// ```
/// A x = b   with  A = H_AA + κI, b = B_A + κ w_A⁰                    of each channel
/// z = M⁻¹ r                        M ≈ A in float32
/// p = z + (rᵀz / previous rᵀz) p,  α = rᵀz / pᵀAp,  x += α p,  r −= α A p
/// ```
///
/// M⁻¹ comes from the kept inputs (a factor of A) or from the dropped ones (a factor of G_PP, with
/// G = (H + κI)⁻¹: `M⁻¹ r = G_AA r − G_AP (G_PP)⁻¹ G_PA r`). The products with H and G are one for all
/// channels of a batch; that with G is in float32. Batches are cut by the memory of their factors, a
/// number of the caller's, never by threads.
///
/// Source: mixed-precision refinement by a preconditioned Krylov method, Carson and Higham, SIAM J.
/// Sci. Comput. 40(2), 2018, with conjugate gradients as the matrix is positive definite.
final class MixedChannels {
  /// A channel is done when its next step would be shorter than this share of its weights: what
  /// rounding them to float32 costs.
  private static final double STEP_TOLERANCE = 1e-7;

  /// Steps at most; a factor that needs more has lost its digits.
  private static final int MAX_STEPS = 30;

  private final LayerEquations equations;
  private final float[] present;
  private final int[][] supports;
  private final long scratchBytes;
  private final ExecutorService executor;

  /// @param scratchBytes what the factors of a batch may take; a batch has one channel at least
  MixedChannels(
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
  /// @param inverse `(H + κI)⁻¹` `[k, k]`
  /// @param solved `[o, k]`; the kept weights of channels that were solved are written
  /// @return channels that were not: their matrix is not positive definite in float32, or too badly
  ///     conditioned
  int[] solve(int[] channels, float @Nullable [] inverse, float[] solved) {
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
    float[][] memory = new float[slots][largest * largest];
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

  /// Channels that are solved side by side; row c of each array belongs to `channels[c]`, entries
  /// outside its support are zero.
  private final class Batch {
    private final int[] channels;
    private final float @Nullable [] inverse;
    private final int k = equations.inputs();
    private final State[] states;
    private final float[][] memory;
    private final @Nullable FloatCholesky[] factors;
    private final double[] scales;
    private final double[] products;
    private final double[] lastSteps;
    private final double[] x;
    private final double[] r;
    private final double[] z;
    private final double[] p;
    private final double[] q;

    /// @param memory of the factors, one a channel
    Batch(int[] channels, float @Nullable [] inverse, float[][] memory) {
      int count = channels.length;
      this.channels = channels;
      this.inverse = inverse;
      this.states = new State[count];
      this.factors = new @Nullable FloatCholesky[count];
      this.scales = new double[count];
      this.products = new double[count];
      this.lastSteps = new double[count];
      this.x = new double[count * k];
      this.r = new double[count * k];
      this.z = new double[count * k];
      this.p = new double[count * k];
      this.q = new double[count * k];
      this.memory = memory;
    }

    void run() {
      Chunks.run(executor, channels.length, this::begin);
      for (int step = 0; step < MAX_STEPS && isAnyRunning(); step++) {
        precondition();
        Arrays.fill(q, 0);
        Chunks.run(executor, channels.length, this::turn);
        equations.addProduct(p, channels.length, equations.gram(), q, executor);
        Chunks.run(executor, channels.length, this::advance);
      }
    }

    private boolean isAnyRunning() {
      return Arrays.stream(states).anyMatch(state -> state == State.RUNNING);
    }

    private void begin(int c) {
      int[] support = supports[channels[c]];
      for (int input : support) {
        r[c * k + input] = equations.rightSide(channels[c], input, present, equations.ridge());
      }
      FloatCholesky factor;
      if (inverse == null) {
        scales[c] = 1 / (equations.meanDiagonal() + equations.ridge());
        factor = new FloatCholesky(memory[c], support.length);
        factor.fill(equations.gram(), k, support, equations.ridge(), scales[c]);
      } else {
        int[] dropped = ExactChannels.dropped(support, k);
        double trace = 0;
        for (int row : dropped) {
          trace += inverse[row * k + row];
        }
        scales[c] = dropped.length / trace;
        factor = new FloatCholesky(memory[c], dropped.length);
        factor.fill(inverse, k, dropped, (float) scales[c]);
      }
      factors[c] = factor;
      states[c] = factor.factor() ? State.RUNNING : State.FAILED;
    }

    /// z = M⁻¹ r.
    private void precondition() {
      if (inverse != null) {
        preconditionByDropped(inverse);
        return;
      }
      Chunks.run(
          executor,
          channels.length,
          c -> {
            FloatCholesky factor = factors[c];
            if (states[c] == State.RUNNING && factor != null) {
              int[] support = supports[channels[c]];
              double largest = largest(c);
              float[] b = new float[support.length];
              for (int i = 0; i < b.length; i++) {
                b[i] = (float) (r[c * k + support[i]] / largest);
              }
              factor.solve(b);
              for (int i = 0; i < b.length; i++) {
                z[c * k + support[i]] = scales[c] * largest * b[i];
              }
            }
          });
    }

    /// With r of each channel scaled to 1: g = r G, the multipliers of the dropped inputs solve
    /// `G_PP μ = g_P`, and z = (r − μ) G.
    private void preconditionByDropped(float[] inverse) {
      float[] right = new float[r.length];
      float[] left = new float[r.length];
      Chunks.run(
          executor,
          channels.length,
          c -> {
            double largest = largest(c);
            for (int input : supports[channels[c]]) {
              right[c * k + input] = (float) (r[c * k + input] / largest);
            }
          });
      equations.addProduct(right, channels.length, inverse, left, executor);
      Chunks.run(
          executor,
          channels.length,
          c -> {
            FloatCholesky factor = factors[c];
            if (states[c] == State.RUNNING && factor != null) {
              int[] dropped = ExactChannels.dropped(supports[channels[c]], k);
              float[] b = new float[dropped.length];
              for (int i = 0; i < b.length; i++) {
                b[i] = left[c * k + dropped[i]];
              }
              factor.solve(b);
              for (int i = 0; i < b.length; i++) {
                right[c * k + dropped[i]] = (float) (-scales[c] * b[i]);
              }
            }
          });
      Arrays.fill(left, 0);
      equations.addProduct(right, channels.length, inverse, left, executor);
      Chunks.run(
          executor,
          channels.length,
          c -> {
            double largest = largest(c);
            for (int input : supports[channels[c]]) {
              z[c * k + input] = largest * left[c * k + input];
            }
          });
    }

    /// Largest magnitude of a channel's residual, 1 if it is zero.
    private double largest(int c) {
      double largest = 0;
      for (int input : supports[channels[c]]) {
        largest = Math.max(largest, Math.abs(r[c * k + input]));
      }
      return largest == 0 ? 1 : largest;
    }

    /// p = z + β p.
    private void turn(int c) {
      if (states[c] != State.RUNNING) {
        Arrays.fill(p, c * k, (c + 1) * k, 0);
        return;
      }
      int[] support = supports[channels[c]];
      double product = 0;
      for (int input : support) {
        product += r[c * k + input] * z[c * k + input];
      }
      double beta = lastSteps[c] == 0 ? 0 : product / products[c];
      products[c] = product;
      for (int input : support) {
        p[c * k + input] = z[c * k + input] + beta * p[c * k + input];
      }
    }

    /// One step along p, where q = p H.
    private void advance(int c) {
      if (states[c] != State.RUNNING) {
        return;
      }
      int[] support = supports[channels[c]];
      double curvature = 0;
      for (int input : support) {
        int at = c * k + input;
        q[at] += equations.ridge() * p[at];
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
      double step = 0;
      double size = 0;
      for (int input : support) {
        int at = c * k + input;
        double change = alpha * p[at];
        x[at] += change;
        r[at] -= alpha * q[at];
        step += change * change;
        size += x[at] * x[at];
      }
      step = Math.sqrt(step);
      double next = lastSteps[c] == 0 ? step : step * Math.min(1, step / lastSteps[c]);
      lastSteps[c] = step;
      if (next <= STEP_TOLERANCE * Math.sqrt(size)) {
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
