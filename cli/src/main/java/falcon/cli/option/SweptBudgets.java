package falcon.cli.option;

import falcon.prune.Sweep;
import falcon.prune.options.Amount;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/// The budgets of a sweep: a range of shares, `60%..5%`, or a list, `60%,30%,10%`.
///
/// @param listed the budgets of a list, from the greatest to the least; those of a range are its
///     ends
/// @param isRange whether it is a range
public record SweptBudgets(List<Amount> listed, boolean isRange) {
  private static final String RANGE = "..";

  /// Copies the list.
  public SweptBudgets {
    listed = List.copyOf(listed);
  }

  /// Parses a range or a list.
  ///
  /// @throws IllegalArgumentException if the text is neither
  public static SweptBudgets parse(String text) {
    int range = text.indexOf(RANGE);
    if (range >= 0) {
      Amount first = Amount.parse(text.substring(0, range));
      Amount last = Amount.parse(text.substring(range + RANGE.length()));
      if (!(first instanceof Amount.Share(double a)) || !(last instanceof Amount.Share(double b))) {
        throw new IllegalArgumentException(
            "'%s': a range is one of shares: 60%%..5%%; numbers are listed: 20M,10M,5M"
                .formatted(text));
      }
      if (a == b) {
        throw new IllegalArgumentException(
            "'%s' is a single budget; a range has two: 60%%..5%%".formatted(text));
      }
      return new SweptBudgets(a > b ? List.of(first, last) : List.of(last, first), true);
    }
    var amounts = new ArrayList<>(Arrays.stream(text.split(",")).map(Amount::parse).toList());
    if (new HashSet<>(amounts).size() < amounts.size()) {
      throw new IllegalArgumentException("'%s' names a budget twice".formatted(text));
    }
    if (amounts.stream().map(Amount::getClass).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "'%s' has shares and numbers; list one of both".formatted(text));
    }
    amounts.sort(Comparator.comparingDouble(SweptBudgets::size).reversed());
    return new SweptBudgets(amounts, false);
  }

  private static double size(Amount amount) {
    return switch (amount) {
      case Amount.Share(double value) -> value;
      case Amount.Count(long value) -> value;
    };
  }

  /// Returns all budgets, from the greatest to the least.
  ///
  /// @param points number of budgets of a range
  public List<Amount> all(int points) {
    return isRange
            && listed.getFirst() instanceof Amount.Share(double first)
            && listed.getLast() instanceof Amount.Share(double last)
        ? Sweep.between(first, last, points)
        : listed;
  }
}
