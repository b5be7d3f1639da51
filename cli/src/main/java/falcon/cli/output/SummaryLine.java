package falcon.cli.output;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A result as one line of `key=value`, for logs. A key keeps its name and meaning; new ones may be
/// added. Values with blanks are quoted as for a shell.
public final class SummaryLine {
  private final List<String> words = new ArrayList<>();

  /// Begins the line of a command.
  public SummaryLine(String command) {
    add("command", command);
  }

  /// Adds a value; nothing if it is null.
  public SummaryLine add(String key, @Nullable Object value) {
    if (value != null) {
      words.add(ShellWords.quoted(key + "=" + value));
    }
    return this;
  }

  /// Adds a percentage; nothing if it is null.
  public SummaryLine addPercent(String key, @Nullable Double value) {
    return add(key, value == null ? null : "%.2f%%".formatted(value));
  }

  /// Returns the line, without a line end.
  @Override
  public String toString() {
    return String.join(" ", words);
  }
}
