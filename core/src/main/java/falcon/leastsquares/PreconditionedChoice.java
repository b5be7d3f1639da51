package falcon.leastsquares;

import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.ExecutorService;
import java.util.stream.IntStream;

/// Solves those channels of a large layer by [PreconditionedChannels] that cost less there than by
/// a factor of their own, as operations count.
///
/// How many steps they take depends on H's spectrum, so some channels go first and their steps tell
/// whether the others follow: the same choice on every machine.
final class PreconditionedChoice {
  /// Channels that go first: enough to fill the registers of a product.
  private static final int PIONEERS = 128;

  /// Steps that a channel must have to spare. Layers of networks took 15 to 40, so with fewer the
  /// pioneers would often be in vain.
  private static final int LEAST_STEPS = 32;

  /// Steps at most: a sum of float32 products is not trusted for longer.
  private static final int MOST_STEPS = 64;

  /// Inputs for each strong direction: 4,608 inputs have 512, where a third more or less of them
  /// cost the same.
  private static final int INPUTS_A_DIRECTION = 9;

  /// Directions at most: a channel's factor takes 1 MiB then.
  private static final int MOST_DIRECTIONS = 512;

  private final LayerEquations equations;
  private final int[][] supports;
  private final long scratchBytes;
  private final int rank;

  /// @param supports kept inputs of each channel, ascending
  /// @param scratchBytes what H in float32, the directions, factors and vectors may take together
  PreconditionedChoice(LayerEquations equations, int[][] supports, long scratchBytes) {
    this.equations = equations;
    this.supports = supports;
    int k = equations.inputs();
    this.rank = Math.clamp(k / INPUTS_A_DIRECTION, 1, MOST_DIRECTIONS);
    this.scratchBytes =
        scratchBytes - Float.BYTES * (long) k * k - NystromApproximation.bytes(k, rank);
  }

  /// Solves what is cheaper so.
  ///
  /// @param direct operations that each channel takes otherwise, in float32
  /// @param present w⁰ `[o, k]`
  /// @param solved `[o, k]`; the kept weights of channels that were solved are written
  /// @return whether a channel was solved `[o]`
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
      // A few steps more than the pioneers took: channels of one layer differ by two or three.
      solve(iterative, others, taken + taken / 4, solved, isSolved);
    }
    return isSolved;
  }

  /// @return channels that were not solved
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

  /// Channels with steps to spare, those with most of them first.
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

  /// Whether what these channels would save with [#LEAST_STEPS] pays for the directions: two
  /// products of float64 with H, which count twice.
  private boolean isWorthwhile(int[] candidates, double[] direct) {
    double k = equations.inputs();
    double saved = 0;
    for (int channel : candidates) {
      saved += direct[channel] - setup(channel) - LEAST_STEPS * step();
    }
    return saved > 8 * k * k * rank;
  }

  /// Steps that cost as much as a channel takes otherwise.
  private int steps(int channel, double[] direct) {
    return (int) Math.clamp((direct[channel] - setup(channel)) / step(), 0, MOST_STEPS);
  }

  /// Operations of a channel's small system and its factor: `r²m + r³/3`.
  private double setup(int channel) {
    double r = rank;
    return r * r * supports[channel].length + r * r * r / 3;
  }

  /// Operations of a step: a product with H in float32, the eighth part of one in float64, which
  /// counts twice, two with F and the small system's solution.
  private double step() {
    double k = equations.inputs();
    return 2.5 * k * k + 4 * k * rank + 2.0 * rank * rank;
  }
}
