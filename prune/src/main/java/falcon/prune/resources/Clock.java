package falcon.prune.resources;

import java.util.LinkedHashMap;
import java.util.Map;

/// Adds up the seconds of phases. For the thread that runs.
public final class Clock {
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  /// Starts with no phases.
  public Clock() {}

  /// What a phase does.
  public interface Work<T> {
    /// Does it.
    T run();
  }

  /// Does some work and adds its seconds to a phase.
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

  /// @return by phase, in order of first occurrence; a copy
  public Map<String, Double> seconds() {
    return new LinkedHashMap<>(seconds);
  }
}
