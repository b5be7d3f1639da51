package falcon.prune.report;

import java.util.LinkedHashMap;
import java.util.Map;

/// Adds up the seconds of phases. It is used by the run's thread only.
public final class Clock {
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  /// Creates a clock without phases.
  public Clock() {}

  /// The work of a phase.
  public interface Work<T> {
    /// Performs the work.
    T run();
  }

  /// Performs some work and adds its seconds to a phase.
  public <T> T time(String phase, Work<T> work) {
    long start = System.nanoTime();
    try {
      return work.run();
    } finally {
      seconds.merge(phase, (System.nanoTime() - start) / 1e9, Double::sum);
    }
  }

  /// Does some work without a result and adds its seconds to a phase.
  public void run(String phase, Runnable work) {
    time(
        phase,
        () -> {
          work.run();
          return true;
        });
  }

  /// Adds seconds to a phase.
  public void add(String phase, double spent) {
    seconds.merge(phase, spent, Double::sum);
  }

  /// @return the seconds by phase, in order of first occurrence; a copy
  public Map<String, Double> seconds() {
    return new LinkedHashMap<>(seconds);
  }
}
