package falcon.prune.options;

import java.util.Locale;

/// The schedule of shrinking budgets over several stages. With T stages, stage t = 0, …, T − 1 may
/// keep r_t times the requested budget, at most the network's total; s is the requested share, of
/// the tighter of both budgets.
public enum Schedule {
  /// r_t = 1 + (s₀/s − 1) (1 − t/(T−1))³ with s₀ = 80 %, or s where that is more: the first stage
  /// prunes little.
  ///
  /// Source: FALCON (arXiv:2403.07094), section 3.3.
  CUBIC,
  /// r_t = r₀^(1 − t/(T−1)), with r₀ = 2, or s₀/s where that is less: each stage keeps the same
  /// share of the previous stage. The default.
  GEOMETRIC;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
