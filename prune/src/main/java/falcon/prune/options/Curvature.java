package falcon.prune.options;

import java.util.Locale;

/// What the rows of the gradient matrix are gradients of.
public enum Curvature {
  LOGITS,
  EMPIRICAL;

  /// Name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
