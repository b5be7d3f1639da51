package falcon.cli.speed;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/// The time that one run of a network takes.
///
/// @param median median of the rounds, in milliseconds
/// @param low lower quartile of the rounds, in milliseconds
/// @param high upper quartile of the rounds, in milliseconds
/// @param rounds number of rounds
public record Timing(double median, double low, double high, int rounds) {
  /// Time of a round of one engine, in nanoseconds: many ticks of the clock.
  private static final double ROUND = 20e6;

  /// How rounds are cut, in nanoseconds.
  ///
  /// @param settling time that an engine runs before its round is measured
  /// @param length time of a round
  private record Rounds(double settling, double length) {
    /// The engine's data return to the caches.
    static final Rounds OF_ONE_THREAD = new Rounds(5e6, ROUND);

    /// Threads of ONNX Runtime go on looking for work for some tens of milliseconds after a run,
    /// and take a processor from the engine behind.
    static final Rounds OF_SEVERAL = new Rounds(100e6, 100e6);
  }

  private static final int LEAST_ROUNDS = 15;

  /// Measures engines in turns, so that whatever slows the machine down slows down all of them.
  ///
  /// @param threads number of threads of each engine
  /// @param seconds time for each engine's warm-up, and again for its rounds, above 0
  /// @return one timing for each engine
  static List<Timing> inTurns(List<? extends Engine> engines, int threads, double seconds) {
    return inTurns(
        engines,
        seconds,
        System::nanoTime,
        threads == 1 ? Rounds.OF_ONE_THREAD : Rounds.OF_SEVERAL);
  }

  /// Returns the clock of engines that run on some threads: with one, the processor time of the
  /// calling thread, so that other processes disturb less.
  static LongSupplier clock(int threads) {
    ThreadMXBean bean = ManagementFactory.getThreadMXBean();
    return threads == 1 && bean.isCurrentThreadCpuTimeSupported()
        ? bean::getCurrentThreadCpuTime
        : System::nanoTime;
  }

  /// Measures by another clock.
  ///
  /// @param clock tells nanoseconds
  static List<Timing> inTurns(List<? extends Engine> engines, double seconds, LongSupplier clock) {
    return inTurns(engines, seconds, clock, Rounds.OF_ONE_THREAD);
  }

  private static List<Timing> inTurns(
      List<? extends Engine> engines, double seconds, LongSupplier clock, Rounds kind) {
    int[] runs =
        engines.stream().mapToInt(engine -> runs(warm(engine, seconds, clock), kind)).toArray();
    int rounds = (int) Math.max(LEAST_ROUNDS, seconds * 1e9 / kind.length());
    var times = new double[engines.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < runs.length; i++) {
        int engine = (i + round) % runs.length; // none is always behind the same one
        settle(engines.get(engine), kind.settling());
        times[engine][round] = milliseconds(engines.get(engine), runs[engine], clock);
      }
    }
    return Arrays.stream(times).map(Timing::of).toList();
  }

  private static int runs(int ofRound, Rounds kind) {
    return (int) Math.max(1, Math.round(ofRound * kind.length() / ROUND));
  }

  private static void settle(Engine engine, double nanos) {
    long begin = System.nanoTime();
    do {
      engine.run();
    } while (System.nanoTime() - begin < nanos);
  }

  /// Runs an engine until it is warm.
  ///
  /// @return number of runs of a round
  static int warm(Engine engine, double seconds, LongSupplier clock) {
    long begin = clock.getAsLong();
    double last;
    do {
      last = milliseconds(engine, 1, clock);
    } while (clock.getAsLong() - begin < seconds * 1e9);
    return (int) Math.max(1, Math.round(ROUND / 1e6 / last));
  }

  /// @return mean time of a run
  private static double milliseconds(Engine engine, int runs, LongSupplier clock) {
    long begin = clock.getAsLong();
    for (int run = 0; run < runs; run++) {
      engine.run();
    }
    return (clock.getAsLong() - begin) / 1e6 / runs;
  }

  private static Timing of(double... rounds) {
    double[] sorted = rounds.clone();
    Arrays.sort(sorted);
    return new Timing(
        quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75), sorted.length);
  }

  /// Returns the median of values, which stay as they are.
  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return quantile(sorted, 0.5);
  }

  private static double quantile(double[] sorted, double share) {
    double place = share * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
