package falcon.prune.options;

import java.util.Locale;

/// How the budgets of several stages shrink.
public enum Schedule {
  CUBIC,
  GEOMETRIC;

  /// Name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
