package falcon.prune.report;

import org.jspecify.annotations.Nullable;

/// A resource that was measured on the pruned network: time in milliseconds.
///
/// @param resource name of the resource
/// @param value what the pruned network takes, median of the rounds
/// @param dense what the dense network takes, measured in turns with it
/// @param batch number of examples of a run
/// @param threads number of threads
/// @param correction how the plan was corrected; null if it was not
public record Measured(
    String resource,
    double value,
    double dense,
    int batch,
    int threads,
    @Nullable Correction correction) {
  /// A correction of a plan whose promise was missed: all costs were multiplied by a factor, and
  /// the network was pruned again.
  ///
  /// @param factor what was measured at first, as a multiple of the promise
  /// @param promised promise of the first plan
  /// @param measured what was measured at first
  public record Correction(double factor, double promised, double measured) {}
}
