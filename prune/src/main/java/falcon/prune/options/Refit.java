package falcon.prune.options;

import java.util.Locale;

/// How the kept weights are re-fitted.
public enum Refit {
  AUTO,
  RECONSTRUCT,
  BACKSOLVE,
  NONE;

  /// Name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
