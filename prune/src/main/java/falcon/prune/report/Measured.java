package falcon.prune.report;

import org.jspecify.annotations.Nullable;

/// A resource that was measured on the pruned network: time in milliseconds.
///
/// @param resource name of the resource
/// @param of what both networks take
/// @param batch number of examples of a run
/// @param threads number of threads
/// @param correction how the plan was corrected; null if it was not
public record Measured(
    String resource, Both of, int batch, int threads, @Nullable Correction correction) {
  /// What two networks take, measured in turns; medians of the rounds.
  ///
  /// @param pruned what the pruned network takes
  /// @param dense what the dense network takes
  public record Both(double pruned, double dense) {}

  /// A correction of a plan whose promise was missed: all costs were multiplied by a factor, and
  /// the network was pruned again.
  ///
  /// @param factor what was measured at first, as a multiple of the promise
  /// @param promised promise of the first plan
  /// @param measured what was measured at first
  public record Correction(double factor, double promised, double measured) {}

  /// Returns what the pruned network takes.
  public double value() {
    return of.pruned();
  }

  /// Returns what the dense network takes.
  public double dense() {
    return of.dense();
  }
}
