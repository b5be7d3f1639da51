package falcon.cli.option;

import falcon.cli.output.ConsoleProgress;
import picocli.CommandLine.Option;

/// Options of every command: how much is said, and in which form.
public final class OutputOptions {
  @Option(
      names = "--json",
      description =
          "Print the result as JSON on standard output; everything else goes to standard error.")
  private boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress; only the result, warnings and errors.")
  private boolean quiet;

  @Option(
      names = {"-v", "--verbose"},
      description = "More: every phase, stage and layer.")
  private boolean verbose;

  @Option(names = "--debug", description = "Print a stack trace with an error.")
  private boolean debug;

  public boolean isJson() {
    return json;
  }

  public boolean isQuiet() {
    return quiet;
  }

  public boolean isVerbose() {
    return verbose;
  }

  boolean isDebug() {
    return debug;
  }

  public ConsoleProgress.Volume volume() {
    if (quiet) {
      return ConsoleProgress.Volume.QUIET;
    }
    return verbose ? ConsoleProgress.Volume.VERBOSE : ConsoleProgress.Volume.NORMAL;
  }
}
