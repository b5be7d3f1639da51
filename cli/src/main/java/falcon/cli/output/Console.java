package falcon.cli.output;

import java.io.PrintStream;

/// Where a command's words go: results to one stream, everything else to the other.
///
/// @param out results
/// @param err progress and messages
/// @param isTerminal whether `err` is a terminal, where a line can be redrawn
/// @param columns width of that terminal
public record Console(PrintStream out, PrintStream err, boolean isTerminal, int columns) {
  private static final int USUAL_COLUMNS = 80;

  /// The streams of this process; the launcher says what they are.
  public static Console ofProcess(StandardOutput output) {
    return new Console(
        output.printer(System.out.charset()),
        System.err,
        Boolean.getBoolean("falcon.terminal"),
        Integer.getInteger("falcon.columns", USUAL_COLUMNS));
  }

  /// Prints a result.
  public void result(String text) {
    out.println(PlainText.fitting(text, out.charset()));
    out.flush();
  }

  /// Prints something else.
  public void message(String text) {
    err.println(PlainText.fitting(text, err.charset()));
    err.flush();
  }
}
