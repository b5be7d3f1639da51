package falcon.prune.report;

import falcon.prune.options.Amount;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The search for the smallest budget whose network is within a greatest drop of quality.
///
/// @param most the greatest drop, in percentage points
/// @param trials the budgets that were tried, in order
public record DropLimit(double most, List<Trial> trials) {
  /// Copies the trials.
  public DropLimit {
    trials = List.copyOf(trials);
  }

  /// Returns the greatest drop without needless digits.
  public String mostText() {
    return BigDecimal.valueOf(most).stripTrailingZeros().toPlainString();
  }

  /// A budget that was tried.
  ///
  /// @param share share of the MACs, or of the weights where MACs are not known
  /// @param drop the drop on held-out samples; null if the budget cannot be met or there are too
  ///     few samples
  /// @param isWithin whether the whole interval of the drop is within the greatest one
  public record Trial(Amount.Share share, @Nullable DropEstimate drop, boolean isWithin) {
    /// Returns a trial, judged by the drop's interval.
    ///
    /// @param most the greatest drop
    public static Trial of(Amount.Share share, @Nullable DropEstimate drop, double most) {
      return new Trial(share, drop, drop != null && drop.isWithin(most));
    }
  }

  /// Returns the smallest budget that is within the limit.
  ///
  /// @return null if none is
  public @Nullable Trial smallest() {
    return trials.stream()
        .filter(Trial::isWithin)
        .reduce((a, b) -> b.share().value() < a.share().value() ? b : a)
        .orElse(null);
  }

  /// Returns the greatest budget below [#smallest] that was tried and is not within the limit.
  ///
  /// @return null if there is none
  public @Nullable Trial next() {
    Trial smallest = smallest();
    double bound = smallest == null ? Double.POSITIVE_INFINITY : smallest.share().value();
    return trials.stream()
        .filter(trial -> !trial.isWithin() && trial.share().value() < bound)
        .reduce((a, b) -> b.share().value() > a.share().value() ? b : a)
        .orElse(null);
  }
}
