package falcon.cli.option;

import org.jspecify.annotations.Nullable;

/// What is typed after `--ridge`.
///
/// @param value λ > 0, null for `auto`
record Ridge(@Nullable Double value) {
  static Ridge parse(String text) {
    if (text.equals("auto")) {
      return new Ridge(null);
    }
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && Double.isFinite(value)) {
        return new Ridge(value);
      }
    } catch (NumberFormatException _) {
      // falls through to the message that all wrong texts get
    }
    throw new IllegalArgumentException("'%s' is neither auto nor a number above 0".formatted(text));
  }
}
