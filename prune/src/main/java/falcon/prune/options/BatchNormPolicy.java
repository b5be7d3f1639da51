package falcon.prune.options;

import java.util.Locale;

/// The policy for the running means and variances of BatchNormalization: whether they are estimated
/// again after pruning, from 256 calibration samples. A network without BatchNormalization is
/// unchanged.
public enum BatchNormPolicy {
  /// Uses the new statistics where validation samples gain more by them than chance explains.
  AUTO,
  /// Uses the new statistics.
  ON,
  /// Keeps the statistics of the dense network.
  OFF;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
