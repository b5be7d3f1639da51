package falcon.cli.option;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// The least that a figure of a result has to reach.
///
/// @param figure the figure
/// @param least what it reaches at least: percent, or how many times as fast
public record Threshold(Figure figure, double least) {
  private static final String PERCENT = "%";

  /// A figure that a command measures.
  public enum Figure {
    /// The share of samples that are assigned their label, in percent.
    ACCURACY,
    /// The share of samples that are assigned the dense network's class, in percent.
    AGREEMENT,
    /// The share of the variance of the dense network's outputs that is reproduced, in percent.
    FIDELITY,
    /// How many times as fast as the dense network.
    SPEEDUP;

    /// Returns the name, as typed and as in `result.json`.
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    /// Returns a value as text, with its unit.
    public String text(double value) {
      return this == SPEEDUP ? "%.2f".formatted(value) : "%.2f%%".formatted(value);
    }
  }

  /// Parses `accuracy=90%` or `speedup=1.5`.
  ///
  /// @throws IllegalArgumentException with a message for the user
  public static Threshold parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException(
          "'%s' names no figure and the least of it; examples: accuracy=90%%, speedup=1.5"
              .formatted(text));
    }
    Figure figure = figure(text.substring(0, equals).strip());
    String amount = text.substring(equals + 1).strip();
    if (figure == Figure.SPEEDUP) {
      double least = number(amount, "speedup=1.5");
      if (!(least > 0)) {
        throw new IllegalArgumentException("speedup=%s: wanted is above 0".formatted(amount));
      }
      return new Threshold(figure, least);
    }
    if (!amount.endsWith(PERCENT)) {
      throw new IllegalArgumentException(
          "%1$s=%2$s has no unit; %1$s is in percent: %1$s=%2$s%%".formatted(figure.id(), amount));
    }
    double least = number(amount.substring(0, amount.length() - 1).strip(), figure.id() + "=90%");
    if (!(least >= 0 && least <= 100)) {
      throw new IllegalArgumentException(
          "%s=%s: wanted are 0 %% to 100 %%".formatted(figure.id(), amount));
    }
    return new Threshold(figure, least);
  }

  private static Figure figure(String name) {
    for (Figure figure : Figure.values()) {
      if (figure.id().equalsIgnoreCase(name)) {
        return figure;
      }
    }
    throw new IllegalArgumentException(
        "'%s' is none of %s"
            .formatted(
                name,
                Arrays.stream(Figure.values()).map(Figure::id).collect(Collectors.joining(", "))));
  }

  private static double number(String text, String example) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'%s' is no number; example: %s".formatted(text, example), e);
    }
  }

  /// Returns the threshold as typed: `accuracy=90.00%`.
  @Override
  public String toString() {
    return figure.id() + "=" + figure.text(least);
  }
}
