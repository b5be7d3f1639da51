package falcon.prune.options;

import java.util.Locale;

/// The measure that a network is judged by, in percent: 100 is best.
public enum Measure {
  /// The share of samples that are assigned their label.
  ACCURACY,
  /// The share of samples that are assigned the same class as by the dense network.
  AGREEMENT,
  /// The share of the variance of the dense network's outputs z̄ that the outputs z reproduce:
  /// 1 − Σ‖z − z̄‖² / Σ‖z̄ − mean z̄‖², below 0 where the mean of z̄ would do better.
  FIDELITY;

  /// Returns the name in reports, which is the key in `result.json`.
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
