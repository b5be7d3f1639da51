package falcon.cli.output;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Words as a POSIX shell separates them: at blanks and line ends, with quotes, backslashes and
/// comments, but without variables and patterns.
///
/// picocli's own files of options know no quotes inside of a word (`--exclude='fc.*'`) and accept
/// one that is never closed.
public final class ShellWords {
  private static final Pattern PLAIN = Pattern.compile("[\\p{Alnum}_@%+=:,./-]+");

  private final String text;
  private final List<String> words = new ArrayList<>();
  private int position;
  private @Nullable StringBuilder word;

  private ShellWords(String text) {
    this.text = text;
  }

  /// Returns the words of a text without their quotes. `#` at the beginning of a word begins a
  /// comment, up to the end of the line.
  ///
  /// @throws IllegalArgumentException if a quote is not closed; the message names its line
  public static List<String> of(String text) {
    return new ShellWords(text).split();
  }

  /// Returns words as one line that a shell reads as the same words.
  public static String line(List<String> words) {
    return words.stream().map(ShellWords::quoted).collect(Collectors.joining(" "));
  }

  /// Returns a word in quotes where a shell needs them.
  public static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  private List<String> split() {
    while (position < text.length()) {
      char c = text.charAt(position++);
      if (c == '\'' || c == '"') {
        quote(c);
      } else if (c == '\\' && position < text.length()) {
        escaped();
      } else if (Character.isWhitespace(c)) {
        end();
      } else if (c == '#' && word == null) {
        int line = text.indexOf('\n', position);
        position = line < 0 ? text.length() : line;
      } else {
        begun().append(c);
      }
    }
    end();
    return List.copyOf(words);
  }

  /// Adds the character behind a backslash; a line end there is no character.
  private void escaped() {
    char c = text.charAt(position++);
    if (c == '\r' && position < text.length() && text.charAt(position) == '\n') {
      position++;
    } else if (c != '\n') {
      begun().append(c);
    }
  }

  private void quote(char mark) {
    int begin = position - 1;
    StringBuilder to = begun();
    while (position < text.length()) {
      char c = text.charAt(position++);
      if (c == mark) {
        return;
      }
      boolean isEscape =
          mark == '"'
              && c == '\\'
              && position < text.length()
              && "\"\\".indexOf(text.charAt(position)) >= 0;
      to.append(isEscape ? text.charAt(position++) : c);
    }
    throw new IllegalArgumentException(
        "line %d: the quote %s is not closed"
            .formatted(1 + text.substring(0, begin).chars().filter(c -> c == '\n').count(), mark));
  }

  private StringBuilder begun() {
    if (word == null) {
      word = new StringBuilder();
    }
    return word;
  }

  private void end() {
    if (word != null) {
      words.add(word.toString());
      word = null;
    }
  }
}
