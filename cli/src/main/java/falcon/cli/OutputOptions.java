package falcon.cli;

import picocli.CommandLine.Option;

/// Options of every command: how much is said, and in which form.
final class OutputOptions {
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

  boolean isJson() {
    return json;
  }

  boolean isQuiet() {
    return quiet;
  }

  boolean isVerbose() {
    return verbose;
  }

  boolean isDebug() {
    return debug;
  }

  ConsoleProgress.Volume volume() {
    if (quiet) {
      return ConsoleProgress.Volume.QUIET;
    }
    return verbose ? ConsoleProgress.Volume.VERBOSE : ConsoleProgress.Volume.NORMAL;
  }
}
