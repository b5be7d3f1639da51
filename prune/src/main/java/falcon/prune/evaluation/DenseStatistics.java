package falcon.prune.evaluation;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/// What has been measured on a dense network, kept for the other runs that prune it to other
/// budgets: moments of the layers' inputs, what weights are worth, accuracy. Each is measured when
/// it is first needed. The runs have the same network, data and seed. It is used by one thread.
public final class DenseStatistics implements AutoCloseable {
  private final boolean isShared;
  private final Map<String, Object> known = new HashMap<>();

  private DenseStatistics(boolean isShared) {
    this.isShared = isShared;
  }

  /// Returns statistics that several runs share.
  public static DenseStatistics shared() {
    return new DenseStatistics(true);
  }

  /// Returns the statistics of one run.
  public static DenseStatistics ofOneRun() {
    return new DenseStatistics(false);
  }

  /// Returns whether other runs will need what is measured, so that it is worth its memory.
  public boolean areShared() {
    return isShared;
  }

  /// Returns whether a value is known already.
  public boolean isKnown(String name) {
    return known.containsKey(name);
  }

  /// Returns a value: the known one, or else the one that `work` measures.
  ///
  /// @param name what is measured, with everything that it depends on
  public <T> T get(Class<T> type, String name, Supplier<T> work) {
    Object value = known.get(name);
    if (value == null) {
      value = work.get();
      known.put(name, value);
    }
    return type.cast(value);
  }

  /// Releases what is known; closes what can be closed.
  @Override
  public void close() {
    known.values().stream()
        .filter(DenseDescents.class::isInstance)
        .forEach(value -> ((DenseDescents) value).close());
    known.clear();
  }
}
