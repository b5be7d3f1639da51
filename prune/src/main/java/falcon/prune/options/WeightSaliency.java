package falcon.prune.options;

import java.util.Locale;

/// What [Method#MAGNITUDE] compares weights by.
public enum WeightSaliency {
  /// The squares of the weights as they are. The default.
  SQUARES,
  /// Their squares in units that do not depend on how the network is scaled: every output of a
  /// layer counts the same, and so does every input. A BatchNormalization that is folded into its
  /// layer, or a channel in other units, makes no difference.
  SCALE_FREE;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
