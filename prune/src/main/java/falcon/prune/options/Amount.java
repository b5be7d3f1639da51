package falcon.prune.options;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The amount of a resource that may remain: a share of the network's total, or a number.
/// Immutable.
public sealed interface Amount {
  /// A share of the network's total.
  ///
  /// @param value above 0, at most 1
  record Share(double value) implements Amount {
    /// Checks the share.
    ///
    /// @throws IllegalArgumentException if it is 0 or less, more than 1, or not a number
    public Share {
      if (!(value > 0 && value <= 1)) {
        throw new IllegalArgumentException(
            "a budget is more than 0 %% and at most 100 %%, got %s %%"
                .formatted(BigDecimal.valueOf(value * 100).stripTrailingZeros().toPlainString()));
      }
    }

    @Override
    public long of(long total) {
      return BigDecimal.valueOf(value)
          .multiply(BigDecimal.valueOf(total))
          .setScale(0, RoundingMode.FLOOR)
          .longValueExact();
    }

    @Override
    public String toString() {
      return BigDecimal.valueOf(value).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }
  }

  /// A number of weights, or of multiply-accumulates of one example.
  ///
  /// @param value 1 or more
  record Count(long value) implements Amount {
    /// Checks the number.
    ///
    /// @throws IllegalArgumentException if it is 0 or less
    public Count {
      if (value < 1) {
        throw new IllegalArgumentException("a budget is at least 1, got " + value);
      }
    }

    @Override
    public long of(long total) {
      return value;
    }

    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /// Returns the amount that may remain of a total, rounded down; a [Count] is returned unchanged,
  /// even where it exceeds the total.
  ///
  /// @param total the network's total, 0 or more
  long of(long total);

  /// Greatest number that is refused without a unit, since it may be meant in percent.
  int AMBIGUOUS_UP_TO = 100;

  /// Parses `30%`, `0.5%`, `12.3M`, `80k`, `1.2G`, `80000`; `k`, `M`, `G` are 10³, 10⁶, 10⁹. A
  /// number of up to [#AMBIGUOUS_UP_TO] needs a unit: 30 is `30%`, `30M`, or `0.03k`.
  ///
  /// @throws IllegalArgumentException if the text is none of these; the message has the text, the
  ///     error in it and examples
  static Amount parse(String text) {
    Matcher matcher = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([%kKMG]?)").matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no amount; examples: 30%%, 12.3M, 80000".formatted(text));
    }
    var number = new BigDecimal(matcher.group(1));
    String unit = matcher.group(2).toUpperCase(Locale.ROOT);
    if (unit.equals("%")) {
      return new Share(number.movePointLeft(2).doubleValue());
    }
    int zeros =
        switch (unit) {
          case "K" -> 3;
          case "M" -> 6;
          case "G" -> 9;
          default -> 0;
        };
    boolean isWhole = number.stripTrailingZeros().scale() <= 0;
    if (unit.isEmpty()
        && isWhole
        && number.signum() > 0
        && number.compareTo(BigDecimal.valueOf(AMBIGUOUS_UP_TO)) <= 0) {
      String plain = number.stripTrailingZeros().toPlainString();
      throw new IllegalArgumentException(
          "'%s' has no unit: %s%% is a share, %sM are millions; for exactly %s say %sk"
              .formatted(
                  text,
                  plain,
                  plain,
                  plain,
                  number.movePointLeft(3).stripTrailingZeros().toPlainString()));
    }
    try {
      return new Count(number.movePointRight(zeros).longValueExact());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "'%s' is no whole number; a share of the network is written with %%: %s%%"
              .formatted(text, number.movePointRight(2).stripTrailingZeros().toPlainString()),
          e);
    }
  }
}
