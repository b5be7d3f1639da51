package falcon.benchmarks.solver;

import java.util.Arrays;

/// The times of several repetitions of the same work, in seconds.
public final class Timing {
  private final double[] seconds;

  private Timing(double[] seconds) {
    this.seconds = seconds;
  }

  /// Runs `work` some times unmeasured, then `repetitions` times measured.
  public static Timing of(int warmups, int repetitions, Runnable work) {
    return of(warmups, repetitions, () -> {}, work);
  }

  /// Runs `preparation`, which is not measured, before each run of `work`.
  public static Timing of(int warmups, int repetitions, Runnable preparation, Runnable work) {
    for (int i = 0; i < warmups; i++) {
      preparation.run();
      work.run();
    }
    double[] seconds = new double[repetitions];
    for (int i = 0; i < repetitions; i++) {
      preparation.run();
      long start = System.nanoTime();
      work.run();
      seconds[i] = (System.nanoTime() - start) / 1e9;
    }
    Arrays.sort(seconds);
    return new Timing(seconds);
  }

  public double median() {
    return seconds[seconds.length / 2];
  }

  double least() {
    return seconds[0];
  }

  double greatest() {
    return seconds[seconds.length - 1];
  }

  /// Returns this time as a figure.
  ///
  /// @param factor 1 for seconds, 1e3 for milliseconds
  Figure figure(String key, String what, double factor, String unit, String goal) {
    return new Figure(
        key, what, median() * factor, least() * factor, greatest() * factor, unit, goal);
  }

  /// Returns the ratio of this time to the median of another as a figure.
  Figure over(Timing other, String key, String what, String goal) {
    return figure(key, what, 1 / other.median(), "x", goal);
  }
}
