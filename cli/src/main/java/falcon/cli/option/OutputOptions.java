package falcon.cli.option;

import falcon.cli.output.ConsoleProgress;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options of every command for the amount and form of its output.
public final class OutputOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

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

  /// Returns whether results are printed as JSON.
  public boolean isJson() {
    return json;
  }

  /// Returns whether only warnings and errors are printed beside the result.
  public boolean isQuiet() {
    return quiet;
  }

  /// Returns whether the end of every phase is printed, too.
  public boolean isVerbose() {
    return verbose;
  }

  boolean isDebug() {
    return debug;
  }

  /// Returns the options as words of another command.
  public List<String> words() {
    var words = new ArrayList<String>();
    if (json) {
      words.add("--json");
    }
    if (quiet) {
      words.add("--quiet");
    }
    if (verbose) {
      words.add("--verbose");
    }
    if (debug) {
      words.add("--debug");
    }
    return words;
  }

  /// Requires that not both less and more output is asked for.
  ///
  /// @throws ParameterException if both are
  public void requireOneAmount() {
    if (quiet && verbose) {
      throw new ParameterException(
          spec.commandLine(), "--quiet and --verbose contradict each other");
    }
  }

  /// Returns the amount of progress that is shown.
  public ConsoleProgress.Volume volume() {
    if (quiet) {
      return ConsoleProgress.Volume.QUIET;
    }
    return verbose ? ConsoleProgress.Volume.VERBOSE : ConsoleProgress.Volume.NORMAL;
  }
}
