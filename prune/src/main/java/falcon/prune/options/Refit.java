package falcon.prune.options;

import java.util.Locale;

/// The ways to re-fit the kept weights.
public enum Refit {
  /// Chooses [#RECONSTRUCT], or [#NONE] for [Method#MAGNITUDE].
  AUTO,
  /// The least squares of each layer: the layer of the pruned network, on the inputs that it
  /// actually receives there, is fitted to the outputs of the same layer of the dense network; then
  /// all layers are refined together. This way is not in the paper; see ADR 5.
  RECONSTRUCT,
  /// The minimum of a quadratic over all layers at once; the quadratic is of low rank and made of
  /// gradients of single samples.
  ///
  /// Source: FALCON (arXiv:2403.07094), sections 3 and 4.
  BACKSOLVE,
  /// No re-fit: kept weights are unchanged.
  NONE;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
