package falcon.prune.options;

import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The amount of a measured resource that the pruned network may use: a share of what the dense
/// network uses, or a quantity with a unit. Immutable.
public sealed interface ResourceAmount {
  /// A share of what the dense network uses, fixed costs included.
  ///
  /// @param value above 0, at most 1
  record Share(double value) implements ResourceAmount {
    /// Checks the share.
    ///
    /// @throws IllegalArgumentException if it is 0 or less, more than 1, or not a number
    public Share {
      new Amount.Share(value);
    }

    @Override
    public String toString() {
      return new Amount.Share(value).toString();
    }
  }

  /// A quantity.
  ///
  /// @param value above 0
  /// @param unit the unit as it was written, such as `ms` or `k`; empty if there was none
  record Quantity(BigDecimal value, String unit) implements ResourceAmount {
    /// Checks the quantity.
    ///
    /// @throws IllegalArgumentException if it is 0 or less
    public Quantity {
      if (value.signum() <= 0) {
        throw new IllegalArgumentException("a budget is more than 0, got " + value);
      }
    }

    @Override
    public String toString() {
      return value.toPlainString() + unit;
    }
  }

  /// Parses `30%`, `2ms`, `400k`, `1.5 mJ`, `80000`. Which units there are depends on the resource
  /// ([CostModel#units]).
  ///
  /// @throws IllegalArgumentException if the text is none of these; the message has the text and
  ///     examples
  static ResourceAmount parse(String text) {
    Matcher matcher =
        Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(%|[\\p{L}µ][^\\s,=]*)?").matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no amount; examples: 30%%, 2ms, 400k, 80000".formatted(text));
    }
    var number = new BigDecimal(matcher.group(1));
    String unit = matcher.group(2) == null ? "" : matcher.group(2);
    return unit.equals("%")
        ? new Share(number.movePointLeft(2).doubleValue())
        : new Quantity(number, unit);
  }
}
