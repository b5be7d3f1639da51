package falcon.prune.options;

import java.util.Locale;

/// How the kept weights get new values.
public enum Refit {
  /// [#RECONSTRUCT]; with [Method#MAGNITUDE] [#NONE].
  AUTO,
  /// Layer by layer, by least squares: each layer of the pruned network, on the inputs that it
  /// really gets there, is to compute what the layer of the dense network computes; then all layers
  /// are refined together. Not in the paper; see ADR 5.
  RECONSTRUCT,
  /// All layers at once, by the minimum of a quadratic of low rank that is made of gradients of
  /// single samples.
  ///
  /// Source: FALCON (arXiv:2403.07094), sections 3 and 4.
  BACKSOLVE,
  /// Kept weights stay as they are.
  NONE;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
