package falcon.prune;

import falcon.prune.options.Amount;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.DropLimit;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The bisection for the smallest budget whose quality on held-out samples is within a greatest
/// drop, beyond chance.
///
/// It halves the ratio of the smallest budget that is within the drop and the greatest one below it
/// that is not, until they differ by a tenth at most. Budgets are rounded to three digits. It
/// assumes that smaller budgets drop more; where chance makes that wrong, a smaller budget may be
/// within the drop, too. Each trial is judged by itself, at 95 % confidence.
public final class DropSearch {
  /// The least share that is tried.
  private static final double LEAST_SHARE = 0.01;

  /// The ratio of two neighbouring budgets at which the search ends.
  private static final double FINE = 1.1;

  private static final MathContext DIGITS = new MathContext(3, RoundingMode.HALF_UP);

  private final double most;

  /// @param most the greatest drop, in percentage points, above 0
  public DropSearch(double most) {
    this.most = most;
  }

  /// Prunes to a budget and says how much quality drops.
  @FunctionalInterface
  public interface Attempt {
    /// @param share share of the budget's resource
    /// @return the drop; null if the budget cannot be met, or there are too few samples
    @Nullable DropEstimate at(Amount.Share share);
  }

  /// Searches between 1 % and 100 %.
  ///
  /// @param known trials that were made before, in any order; may be empty
  /// @return all trials: the known ones, then those of the search
  public DropLimit search(List<DropLimit.Trial> known, Attempt attempt) {
    var trials = new ArrayList<>(known);
    for (Amount.Share next = next(trials); next != null; next = next(trials)) {
      trials.add(DropLimit.Trial.of(next, attempt.at(next), most));
    }
    return new DropLimit(most, trials);
  }

  /// Returns the next budget to try.
  ///
  /// @return null where the search ends
  private Amount.@Nullable Share next(List<DropLimit.Trial> trials) {
    var limit = new DropLimit(most, trials);
    DropLimit.Trial within = limit.smallest();
    DropLimit.Trial beyond = limit.next();
    double high = within == null ? 1 : within.share().value();
    double low = beyond == null ? LEAST_SHARE : beyond.share().value();
    if (high <= low * FINE) {
      return null;
    }
    double middle = new BigDecimal(Math.sqrt(low * high)).round(DIGITS).doubleValue();
    return middle >= high || middle <= low ? null : new Amount.Share(middle);
  }
}
