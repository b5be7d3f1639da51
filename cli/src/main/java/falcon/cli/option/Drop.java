package falcon.cli.option;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/// A greatest drop of quality: `1%` or `0.5`.
///
/// @param points percentage points, above 0 and at most 100
public record Drop(double points) {
  private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?\\s*%?");
  private static final double MOST = 100;

  /// Returns a number of points without needless digits.
  public static String text(double points) {
    return BigDecimal.valueOf(points).stripTrailingZeros().toPlainString();
  }

  /// Parses a drop.
  ///
  /// @throws IllegalArgumentException if the text is none, or it is out of its range
  public static Drop parse(String text) {
    String stripped = text.strip();
    if (!NUMBER.matcher(stripped).matches()) {
      throw new IllegalArgumentException(
          "'%s' is no drop of quality; examples: 1%%, 0.5%%".formatted(text));
    }
    double points = Double.parseDouble(stripped.replace("%", ""));
    if (!(points > 0 && points <= MOST)) {
      throw new IllegalArgumentException(
          "a drop is more than 0 %% and at most 100 %%, got '%s'".formatted(text));
    }
    return new Drop(points);
  }
}
