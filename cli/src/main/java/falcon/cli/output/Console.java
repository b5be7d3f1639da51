package falcon.cli.output;

import java.io.PrintStream;

/// The output streams of a command: results go to one, everything else to the other.
///
/// @param out stream of results
/// @param err stream of progress and messages
/// @param isTerminal whether `err` is a terminal, where a line can be redrawn
/// @param columns width of that terminal in characters
public record Console(PrintStream out, PrintStream err, boolean isTerminal, int columns) {
  private static final int USUAL_COLUMNS = 80;

  /// Returns the streams of this process; the launcher passes their properties.
  public static Console ofProcess(StandardOutput output) {
    return new Console(
        output.printer(System.out.charset()),
        System.err,
        Boolean.getBoolean("falcon.terminal"),
        Integer.getInteger("falcon.columns", USUAL_COLUMNS));
  }

  /// Prints a result, options in it as flags.
  public void result(String text) {
    out.println(PlainText.fitting(Flags.in(text), out.charset()));
    out.flush();
  }

  /// Prints a message that is no result, options in it as flags.
  public void message(String text) {
    err.println(PlainText.fitting(Flags.in(text), err.charset()));
    err.flush();
  }
}
