package falcon.prune.options;

import org.jspecify.annotations.Nullable;

/// The share of the machine that a run may use.
///
/// @param threads number of threads that work, 1 or more; the result is the same for every number
/// @param memoryBytes resident memory that the run is planned for, in bytes; the result depends on
///     it. Null for 4 GiB of values of samples on their way through the network, and for 70 % of
///     the free memory with [Refit#BACKSOLVE]
public record MachineOptions(int threads, @Nullable Long memoryBytes) {
  /// Returns the defaults: all processors, no limit of memory.
  public static MachineOptions defaults() {
    return new MachineOptions(Runtime.getRuntime().availableProcessors(), null);
  }

  /// Returns the same options with another number of threads.
  ///
  /// @param value 1 or more
  public MachineOptions withThreads(int value) {
    return new MachineOptions(value, memoryBytes);
  }

  /// Returns the same options with another limit of memory.
  ///
  /// @param value limit in bytes; null for none
  public MachineOptions withMemoryBytes(@Nullable Long value) {
    return new MachineOptions(threads, value);
  }
}
