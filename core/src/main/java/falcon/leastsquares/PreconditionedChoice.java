package falcon.leastsquares;

import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.ExecutorService;
import java.util.stream.IntStream;

/// Selects the channels of a large layer for which [PreconditionedChannels] needs fewer operations
/// than a factorisation per channel, and solves them.
///
/// The number of steps depends on H's spectrum, so some channels are solved first and their number
/// of steps decides about the others: the same choice on every machine.
final class PreconditionedChoice {
  /// Number of channels that are solved first: enough to fill the registers of a product.
  private static final int PIONEERS = 128;

  /// Least number of steps that a channel must be able to afford. Layers of networks took 15 to 40,
  /// so with a lower limit the first channels would often be solved in vain.
  private static final int LEAST_STEPS = 32;

  /// Greatest number of steps: a sum of float32 products is not trusted for longer.
  private static final int MOST_STEPS = 64;

  /// Number of inputs per unit of rank: 4,608 inputs have rank 512, where a third more or less
  /// costs the same.
  private static final int INPUTS_A_DIRECTION = 9;

  /// Greatest rank, at which a channel's factor takes 1 MiB.
  private static final int MOST_DIRECTIONS = 512;

  private final LayerEquations equations;
  private final int[][] supports;
  private final long scratchBytes;
  private final int rank;

  /// @param supports kept inputs of each channel, ascending
  /// @param scratchBytes greatest total size of H in float32, the approximation, factors and
  ///     vectors
  PreconditionedChoice(LayerEquations equations, int[][] supports, long scratchBytes) {
    this.equations = equations;
    this.supports = supports;
    int k = equations.inputs();
    this.rank = Math.clamp(k / INPUTS_A_DIRECTION, 1, MOST_DIRECTIONS);
    this.scratchBytes =
        scratchBytes - Float.BYTES * (long) k * k - NystromApproximation.bytes(k, rank);
  }

  /// Solves the channels that are cheaper this way.
  ///
  /// @param direct operation count of each channel's direct solution, in float32
  /// @param present w⁰ `[o, k]`
  /// @param solved `[o, k]`; the kept weights of channels that were solved are written
  /// @return whether each channel was solved, `[o]`
  boolean[] solve(double[] direct, float[] present, float[] solved, ExecutorService executor) {
    boolean[] isSolved = new boolean[supports.length];
    int[] candidates = candidates(direct);
    if (candidates.length == 0 || !isWorthwhile(candidates, direct)) {
      return isSolved;
    }
    NystromApproximation directions = NystromApproximation.of(equations, rank, executor);
    if (directions == null) {
      return isSolved;
    }
    var iterative =
        new PreconditionedChannels(
            equations, present, supports, directions, scratchBytes, executor);
    int[] pioneers = Arrays.copyOf(candidates, Math.min(PIONEERS, candidates.length));
    int limit = steps(pioneers[pioneers.length - 1], direct);
    if (solve(iterative, pioneers, limit, solved, isSolved) == 0) {
      int taken = iterative.steps();
      int[] others =
          Arrays.stream(candidates, pioneers.length, candidates.length)
              .filter(channel -> steps(channel, direct) >= taken)
              .toArray();
      // A few steps more than the first channels took: channels of one layer differ by two or
      // three.
      solve(iterative, others, taken + taken / 4, solved, isSolved);
    }
    return isSolved;
  }

  /// @return the channels that were not solved
  private static int solve(
      PreconditionedChannels iterative,
      int[] channels,
      int limit,
      float[] solved,
      boolean[] isSolved) {
    for (int channel : channels) {
      isSolved[channel] = true;
    }
    int[] failed = iterative.solve(channels, limit, solved);
    for (int channel : failed) {
      isSolved[channel] = false;
    }
    return failed.length;
  }

  /// Returns the channels that can afford enough steps, those that can afford most first.
  private int[] candidates(double[] direct) {
    if (!(equations.ridge() > 0)
        || PreconditionedChannels.slots(equations.inputs(), rank, scratchBytes) < PIONEERS) {
      return new int[0];
    }
    return IntStream.range(0, supports.length)
        .filter(channel -> steps(channel, direct) >= LEAST_STEPS)
        .boxed()
        .sorted(
            Comparator.comparingInt((Integer channel) -> -steps(channel, direct))
                .thenComparingInt(channel -> channel))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /// Returns whether the savings of these channels at [#LEAST_STEPS] steps pay for the
  /// approximation: two float64 products with H, which count twice.
  private boolean isWorthwhile(int[] candidates, double[] direct) {
    double k = equations.inputs();
    double saved = 0;
    for (int channel : candidates) {
      saved += direct[channel] - setup(channel) - LEAST_STEPS * step();
    }
    return saved > 8 * k * k * rank;
  }

  /// Returns the number of steps that cost as much as a channel's direct solution.
  private int steps(int channel, double[] direct) {
    return (int) Math.clamp((direct[channel] - setup(channel)) / step(), 0, MOST_STEPS);
  }

  /// Returns the operation count of a channel's small system and its factor: `r²m + r³/3`.
  private double setup(int channel) {
    double r = rank;
    return r * r * supports[channel].length + r * r * r / 3;
  }

  /// Returns the operation count of one step: a product with H in float32, one eighth of a float64
  /// product with H, which counts twice, two products with F, and the small system's solution.
  private double step() {
    double k = equations.inputs();
    return 2.5 * k * k + 4 * k * rank + 2.0 * rank * rank;
  }
}
