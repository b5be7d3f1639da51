package falcon.prune.options;

import java.util.Locale;

/// What a network is judged by, in percent: 100 is best.
public enum Measure {
  /// Share of samples that get their label.
  ACCURACY,
  /// Share of samples that get the same class as by the dense network.
  AGREEMENT,
  /// Share of the variance of the dense network's outputs z̄ that the outputs z reproduce:
  /// 1 − Σ‖z − z̄‖² / Σ‖z̄ − mean z̄‖², below 0 where their mean would do better.
  FIDELITY;

  /// Returns the name in reports, which is the key in `result.json`.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
