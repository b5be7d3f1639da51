package falcon.cli.option;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The value of `--memory`.
///
/// @param bytes number of bytes, 1 or more
public record Memory(long bytes) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9})([kmgt]?)");
  private static final String UNITS = "kmgt";

  static Memory parse(String text) {
    Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches() || matcher.group(1).matches("0+")) {
      throw new IllegalArgumentException(
          "'%s' is no amount of memory; examples: 800m, 8g".formatted(text));
    }
    int thousands = matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
    return new Memory(Long.parseLong(matcher.group(1)) << (10 * thousands));
  }

  @Override
  public String toString() {
    return text(bytes);
  }

  /// Returns a number of bytes as text, in MiB or GiB.
  public static String text(long bytes) {
    double gibibytes = bytes / (double) (1L << 30);
    return gibibytes >= 1
        ? "%.1f GiB".formatted(gibibytes)
        : "%.0f MiB".formatted(bytes / (double) (1L << 20));
  }
}
