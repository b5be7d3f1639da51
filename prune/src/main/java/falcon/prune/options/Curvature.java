package falcon.prune.options;

import java.util.Locale;

/// The kind of gradients in the rows of the matrix X `[samples, weights]`, for [Refit#BACKSOLVE].
public enum Curvature {
  /// The gradients of the network's outputs: each sample gives the gradient of a sum of its outputs
  /// with random signs, so that no labels are read. The default.
  LOGITS,
  /// The gradients of the loss of each sample: the empirical Fisher. Refused where networks are
  /// judged by [Measure#FIDELITY], because this loss needs classes.
  ///
  /// Source: FALCON (arXiv:2403.07094), section 3.
  EMPIRICAL;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
