package falcon.prune.options;

import java.util.Locale;

/// Whether the running means and variances of BatchNormalization are estimated again after pruning,
/// from 256 calibration samples. A network without BatchNormalization is left as it is.
public enum BatchNormPolicy {
  /// The new statistics are taken where validation samples gain more by them than chance explains.
  AUTO,
  /// The new statistics are taken.
  ON,
  /// The statistics of the dense network stay.
  OFF;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
