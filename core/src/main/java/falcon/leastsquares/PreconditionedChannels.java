package falcon.leastsquares;

import falcon.kernel.Chunks;
import falcon.kernel.DenseKernels.Block;
import falcon.linear.BlockedProduct;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;

/// Preconditioned conjugate gradients for many channels of a layer at once, without factors of
/// their systems: the preconditioner is a Nyström approximation of H.
///
/// ```
/// (H + κI)_AA w_A = (B + κw⁰)_A                         of each channel, A = its kept inputs
/// z = E⁻¹ (r − F y)                                    NystromPreconditioner
/// p = z − (zᵀMp / pᵀMp) p,  α = rᵀp / pᵀMp,  w += α p,  r −= α (M p)_A        M = H + κI
/// ```
///
/// One product with H serves all channels, in float32, outside of A as well. Its rounding errors
/// would accumulate in r, so r is recomputed from w in float64 every few steps; p is made conjugate
/// to the previous direction explicitly, so that the recurrence does not depend on r's history. The
/// number of steps depends on the remainder of H beside the approximation; a channel that needs too
/// many is returned unsolved. Instances are not safe to share between threads.
///
/// Vectors are `[k, n]`: entry `input · n + c` belongs to channel c of n. Holds H in float32, `4k²`
/// bytes, and `32k + 4r²` bytes per channel. Products and sums are cut by data: the result has the
/// same bits for any number of threads.
///
/// Source: preconditioning by Frangella, Tropp and Udell, SIAM J. Matrix Anal. Appl. 44(2), 2023;
/// residual replacement by van der Vorst and Ye, SIAM J. Sci. Comput. 22(3), 2000.
final class PreconditionedChannels {
  /// A channel is done when the distance that is left after the two steps following a residual
  /// replacement is estimated to be shorter than this share of its weights.
  private static final double ERROR_TOLERANCE = 6e-7;

  /// Number of steps after which residuals are recomputed, unless all channels take short steps
  /// before.
  private static final int RENEWAL = 8;

  /// Number of inputs of one chunk.
  private static final int ROWS = 128;

  private final LayerEquations equations;
  private final float[] present;
  private final int[][] supports;
  private final NystromApproximation directions;
  private final long scratchBytes;
  private final ExecutorService executor;
  private final int k;

  /// `H / s` in float32, s = mean diag H.
  private final float[] matrix;

  private final double scale;
  private final double ridge;
  private int steps;

  /// @param equations equations with a ridge above zero
  /// @param scratchBytes greatest size of the factors and vectors of a batch; a batch has at least
  ///     one channel
  PreconditionedChannels(
      LayerEquations equations,
      float[] present,
      int[][] supports,
      NystromApproximation directions,
      long scratchBytes,
      ExecutorService executor) {
    this.equations = equations;
    this.present = present;
    this.supports = supports;
    this.directions = directions;
    this.scratchBytes = scratchBytes;
    this.executor = executor;
    this.k = equations.inputs();
    this.scale = 1 / equations.meanDiagonal();
    this.ridge = scale * equations.ridge();
    this.matrix = new float[k * k];
    double[] gram = equations.gram();
    Chunks.run(
        executor,
        k,
        row -> {
          for (int at = row * k; at < (row + 1) * k; at++) {
            matrix[at] = (float) (scale * gram[at]);
          }
        });
  }

  /// Returns the number of channels of a batch.
  static int slots(int inputs, int rank, long scratchBytes) {
    long bytes = NystromPreconditioner.bytes(inputs, rank) + 28L * inputs;
    return (int) Math.clamp(scratchBytes / bytes, 1L, Integer.MAX_VALUE);
  }

  /// Solves some channels.
  ///
  /// @param maxSteps greatest number of steps
  /// @param solved `[o, k]`; the kept weights of channels that were solved are written
  /// @return the channels that were not solved: they need more steps, or became too inaccurate
  int[] solve(int[] channels, int maxSteps, float[] solved) {
    int slots = Math.min(channels.length, slots(k, directions.rank(), scratchBytes));
    float[][] memory = new float[slots][];
    Chunks.run(executor, slots, c -> memory[c] = new float[directions.rank() * directions.rank()]);
    int[] failed = new int[channels.length];
    int failures = 0;
    steps = 0;
    for (int first = 0; first < channels.length; first += slots) {
      int[] some = Arrays.copyOfRange(channels, first, Math.min(first + slots, channels.length));
      Batch batch = new Batch(some, memory);
      batch.run(maxSteps);
      for (int c = 0; c < some.length; c++) {
        if (batch.states[c] == State.DONE) {
          batch.store(c, solved);
        } else {
          failed[failures++] = some[c];
        }
      }
    }
    return Arrays.copyOf(failed, failures);
  }

  /// Returns the number of steps of the last call.
  int steps() {
    return steps;
  }

  private enum State {
    RUNNING,
    DONE,
    FAILED
  }

  /// Channels that are solved together.
  private final class Batch {
    private final int[] channels;
    private final int n;
    private final NystromPreconditioner preconditioner;
    private final State[] states;
    private final boolean[] isRunning;

    /// Scale factor of each right-hand side, which is in units of s and was divided by it.
    private final double[] magnitudes;

    /// The slope rᵀp along p.
    private final double[] slopes;

    /// The curvature pᵀ(H / s + κI)p along p.
    private final double[] curvatures;

    private final boolean[] isShort;
    private int sinceRenewal;

    /// Number of the current step, from 1.
    private int number;

    private final double[] x;
    private final double[] r;
    private final float[] z;
    private final float[] p;
    private final float[] q;

    Batch(int[] channels, float[][] memory) {
      this.channels = channels;
      this.n = channels.length;
      int[][] kept = new int[n][];
      for (int c = 0; c < n; c++) {
        kept[c] = supports[channels[c]];
      }
      this.preconditioner = new NystromPreconditioner(directions, k, kept, ridge, memory);
      this.states = new State[n];
      this.isRunning = new boolean[n];
      this.magnitudes = new double[n];
      this.slopes = new double[n];
      this.curvatures = new double[n];
      this.isShort = new boolean[n];
      this.x = new double[k * n];
      this.r = new double[k * n];
      this.z = new float[k * n];
      this.p = new float[k * n];
      this.q = new float[k * n];
    }

    void run(int maxSteps) {
      Chunks.run(executor, n, this::begin);
      residual();
      for (int step = 1; step <= maxSteps && isAnyRunning(); step++) {
        number = step;
        steps = Math.max(steps, step);
        preconditioner.apply(r, z, isRunning, executor);
        turn();
        new BlockedProduct(k, n, k).add(matrix, p, q, executor);
        advance();
        sinceRenewal++;
        if (sinceRenewal == RENEWAL || (sinceRenewal > 1 && areAllShort())) {
          renew();
          sinceRenewal = 0;
        }
      }
    }

    private int chunks() {
      return (k + ROWS - 1) / ROWS;
    }

    private boolean areAllShort() {
      for (int c = 0; c < n; c++) {
        if (states[c] == State.RUNNING && !isShort[c]) {
          return false;
        }
      }
      return true;
    }

    private boolean isAnyRunning() {
      boolean isAny = false;
      for (int c = 0; c < n; c++) {
        isRunning[c] = states[c] == State.RUNNING;
        isAny |= isRunning[c];
      }
      return isAny;
    }

    private void begin(int c) {
      int channel = channels[c];
      double largest = 0;
      for (int input : supports[channel]) {
        largest = Math.max(largest, Math.abs(right(c, input)));
      }
      magnitudes[c] = largest == 0 ? 1 : largest;
      states[c] = preconditioner.factor(c) ? State.RUNNING : State.FAILED;
    }

    /// Returns an entry of a channel's right-hand side, in units of s.
    private double right(int c, int input) {
      return scale * equations.rightSide(channels[c], input, present, equations.ridge());
    }

    /// Recomputes r = b − (H / s + κI) x on A, in float64.
    private void renew() {
      Arrays.fill(r, 0);
      new BlockedProduct(k, n, k).add(equations.gram(), Block.of(0, k), x, r, executor);
      residual();
    }

    /// Computes r = b − r / s − κx on A.
    private void residual() {
      float[] weights = preconditioner.weights();
      Chunks.run(
          executor,
          chunks(),
          chunk -> {
            int bottom = Math.min((chunk + 1) * ROWS, k);
            for (int c = 0; c < n; c++) {
              for (int input = chunk * ROWS; input < bottom; input++) {
                int at = input * n + c;
                r[at] =
                    weights[at] == 0
                        ? 0
                        : right(c, input) / magnitudes[c] - scale * r[at] - ridge * x[at];
              }
            }
          });
    }

    /// Computes p = z + β p, conjugate to the previous p; q is cleared.
    private void turn() {
      double[] overlap =
          sums((from, sum) -> {
            for (int c = 0; c < n; c++) {
              int at = from + c;
              sum[c] += z[at] * (q[at] + ridge * p[at]);
            }
          });
      float[] betas = new float[n];
      for (int c = 0; c < n; c++) {
        betas[c] = curvatures[c] == 0 ? 0 : (float) (-overlap[c] / curvatures[c]);
      }
      double[] found =
          sums((from, sum) -> {
            for (int c = 0; c < n; c++) {
              int at = from + c;
              p[at] = z[at] + betas[c] * p[at];
              sum[c] += r[at] * p[at];
            }
            Arrays.fill(q, from, from + n, 0);
          });
      System.arraycopy(found, 0, slopes, 0, n);
    }

    /// Takes one step along p, where q = H p / s.
    private void advance() {
      double[] curvature =
          sums((from, sum) -> {
            for (int c = 0; c < n; c++) {
              double entry = p[from + c];
              sum[c] += entry * (q[from + c] + ridge * entry);
            }
          });
      double[] alphas = new double[n];
      for (int c = 0; c < n; c++) {
        curvatures[c] = curvature[c];
        alphas[c] = length(c, curvature[c]);
      }
      float[] weights = preconditioner.weights();
      double[] size =
          sums((from, sum) -> {
            for (int c = 0; c < n; c++) {
              int at = from + c;
              double change = alphas[c] * p[at];
              x[at] += change;
              r[at] -= weights[at] == 0 ? 0 : alphas[c] * q[at] + ridge * change;
              sum[c] += x[at] * x[at];
            }
          });
      double[] squares =
          sums((from, sum) -> {
            for (int c = 0; c < n; c++) {
              double entry = p[from + c];
              sum[c] += entry * entry;
            }
          });
      for (int c = 0; c < n; c++) {
        finish(c, Math.abs(alphas[c]) * Math.sqrt(squares[c]), Math.sqrt(size[c]));
      }
    }

    /// Returns the step length α of a channel; zero if the channel is done.
    private double length(int c, double curvature) {
      if (states[c] != State.RUNNING) {
        return 0;
      }
      if (slopes[c] == 0) {
        states[c] = State.DONE;
        return 0;
      }
      if (!(slopes[c] > 0) || !(curvature > 0) || !(slopes[c] < Double.POSITIVE_INFINITY)) {
        states[c] = State.FAILED;
        return 0;
      }
      return slopes[c] / curvature;
    }

    /// Marks a channel as done if its last two steps were short and its residual was recomputed
    /// before them.
    ///
    /// @param step length of the last step
    /// @param size norm of the weights
    private void finish(int c, double step, double size) {
      boolean wasShort = isShort[c];
      // If the steps keep shrinking at their mean rate ρ so far, the rest adds up to
      // `step / (1 − ρ)`, with `step = size ρ^number`.
      double fall = -Math.expm1(Math.log(step / size) / number);
      isShort[c] = step == 0 || step <= ERROR_TOLERANCE * size * fall;
      if (states[c] == State.RUNNING && isShort[c] && wasShort && sinceRenewal == 1) {
        states[c] = State.DONE;
      }
    }

    /// The work on the row of one input.
    @FunctionalInterface
    private interface RowBody {
      /// @param from index at which the row begins
      /// @param sum `[n]`, updated by addition
      void run(int from, double[] sum);
    }

    /// Returns the sums over all inputs, added chunk by chunk.
    private double[] sums(RowBody body) {
      double[][] partial = new double[chunks()][n];
      Chunks.run(
          executor,
          partial.length,
          chunk -> {
            for (int input = chunk * ROWS; input < Math.min((chunk + 1) * ROWS, k); input++) {
              body.run(input * n, partial[chunk]);
            }
          });
      double[] sums = new double[n];
      for (double[] some : partial) {
        for (int c = 0; c < n; c++) {
          sums[c] += some[c];
        }
      }
      return sums;
    }

    void store(int c, float[] solved) {
      for (int input : supports[channels[c]]) {
        solved[channels[c] * k + input] = (float) (magnitudes[c] * x[input * n + c]);
      }
    }
  }
}
