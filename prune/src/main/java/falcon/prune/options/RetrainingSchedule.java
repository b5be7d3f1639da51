package falcon.prune.options;

import java.util.Locale;

/// When a pruned network is retrained.
public enum RetrainingSchedule {
  /// Once, on the mask of the last stage. The default.
  ONE_SHOT,
  /// After each stage, so that budgets shrink over the epochs: half of the epochs on the masks of
  /// the earlier stages, one for each at least, the rest on the last mask.
  ///
  /// Source: gradual pruning, FALCON (arXiv:2403.07094), section 3.3.
  GRADUAL;

  /// Returns the name on the command line and in reports.
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
