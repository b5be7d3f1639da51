package falcon.prune.options;

import java.util.Locale;

/// Whether BatchNormalization's statistics are estimated anew after pruning.
public enum BatchNormPolicy {
  AUTO,
  ON,
  OFF;

  /// Name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
