package falcon.model.layer;

import java.util.regex.Pattern;

/// A pattern of names: `*` matches any text, `?` one character, everything else itself.
///
/// @param text the pattern as the user writes it
public record NamePattern(String text) {
  /// @throws IllegalArgumentException if the text is empty
  public NamePattern {
    if (text.isBlank()) {
      throw new IllegalArgumentException("a pattern of names is not empty; '*' means all");
    }
  }

  /// Returns whether a name matches.
  public boolean matches(String name) {
    return expression(text).matcher(name).matches();
  }

  private static Pattern expression(String text) {
    var expression = new StringBuilder();
    for (String part : text.splitWithDelimiters("[*?]", 0)) {
      switch (part) {
        case "*" -> expression.append(".*");
        case "?" -> expression.append('.');
        default -> expression.append(Pattern.quote(part));
      }
    }
    return Pattern.compile(expression.toString(), Pattern.DOTALL);
  }

  @Override
  public String toString() {
    return text;
  }
}
