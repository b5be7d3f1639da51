package falcon.cli.option;

import org.jspecify.annotations.Nullable;

/// The value of `--ridge`.
///
/// @param value λ > 0, null for `auto`
record Ridge(@Nullable Double value) {
  static Ridge parse(String text) {
    if (text.equalsIgnoreCase("auto")) {
      return new Ridge(null);
    }
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && Double.isFinite(value)) {
        return new Ridge(value);
      }
    } catch (NumberFormatException _) {
      // Control continues with the message for all wrong texts.
    }
    throw new IllegalArgumentException("'%s' is neither auto nor a number above 0".formatted(text));
  }
}
