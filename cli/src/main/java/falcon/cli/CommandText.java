package falcon.cli;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Formats a command for a shell.
final class CommandText {
  private static final Pattern PLAIN = Pattern.compile("[\\p{Alnum}_@%+=:,./-]+");

  private CommandText() {}

  /// Returns `./falcon` and its arguments, quoted where a shell needs it.
  static String of(List<String> args) {
    return "./falcon " + args.stream().map(CommandText::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
