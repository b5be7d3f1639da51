package falcon.cli;

import falcon.cli.option.Converters;
import falcon.cli.output.Console;
import falcon.cli.output.StandardOutput;
import falcon.cli.process.ExitCode;
import falcon.prune.WorkPlace;
import falcon.prune.options.Failure;
import falcon.prune.options.PruningException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// Runs one command and ends the process with its exit code.
public final class Main {
  private final Console console;
  private final Interruption interruption;
  private final WorkPlace place;

  Main(Console console) {
    this(console, WorkPlace.THREADS);
  }

  private Main(Console console, WorkPlace place) {
    this.console = console;
    this.place = place;
    this.interruption = new Interruption(console);
  }

  /// Runs one command and ends the process with its exit code.
  ///
  /// @param args arguments as typed
  public static void main(String[] args) {
    System.exit(run(WorkPlace.THREADS, args));
  }

  /// Runs one command, with chunks of samples computed at a place of the program's choice.
  ///
  /// @param place where `prune` and `evaluate` have chunks of samples computed
  /// @param args arguments as typed
  /// @return the exit code that the process must end with
  public static int run(WorkPlace place, String... args) {
    Locale.setDefault(Locale.ROOT);
    var output = new StandardOutput();
    var console = Console.ofProcess(output);
    var main = new Main(console, place);
    main.interruption.watch();
    int code = output.checked(main.run(args), console);
    main.interruption.over(code);
    return code;
  }

  /// Runs one command.
  ///
  /// @return exit code
  int run(String... args) {
    try {
      return run(Invocation.of(args));
    } catch (PruningException e) {
      return report(e, List.of(args).contains("--debug"));
    }
  }

  private int run(Invocation invocation) {
    CommandLine commandLine = commandLine(invocation);
    try {
      return commandLine.execute(invocation.words().toArray(String[]::new));
    } catch (Throwable failure) {
      // picocli passes on errors that are no Exception: exhausted memory, a library that does not
      // load.
      return report(failure, invocation.isDebug());
    }
  }

  private CommandLine commandLine(Invocation invocation) {
    var commandLine =
        new CommandLine(new FalconCommand())
            .addSubcommand(new DemoCommand(console, interruption))
            .addSubcommand(new InspectCommand(console))
            .addSubcommand(new EvaluateCommand(console, place))
            .addSubcommand(new BenchCommand(console))
            .addSubcommand(new PruneCommand(console, interruption, place, invocation))
            .addSubcommand(new SweepCommand(console, interruption, place, invocation))
            .addSubcommand(new ReportCommand(console))
            .addSubcommand(new CompareCommand(console))
            .addSubcommand(new ExportMaskCommand(console))
            .addSubcommand(new RetrainCommand(console, interruption, invocation))
            .addSubcommand(new TrainCommand(console, interruption, invocation))
            .addSubcommand(new RerunCommand(console, invocation, this::run))
            .addSubcommand(new CompletionCommand(console))
            .setExpandAtFiles(false)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setAbbreviatedOptionsAllowed(false)
            .setUsageHelpAutoWidth(false)
            .setOut(new PrintWriter(console.out(), true, console.out().charset()))
            .setErr(new PrintWriter(console.err(), true, console.err().charset()));
    Converters.addTo(commandLine);
    Path folder = invocation.folder();
    if (folder != null) {
      commandLine.registerConverter(Path.class, folder::resolve);
    }
    commandLine.setParameterExceptionHandler((e, _) -> usage(e));
    commandLine.setExecutionExceptionHandler((e, _, _) -> report(e, invocation.isDebug()));
    return commandLine;
  }

  private int usage(ParameterException e) {
    console.message("falcon: " + e.getMessage());
    String suggestion =
        e instanceof CommandLine.UnmatchedArgumentException unmatched
            ? String.join(", ", unmatched.getSuggestions())
            : "";
    if (!suggestion.isEmpty()) {
      console.message("Did you mean: %s?".formatted(suggestion));
    }
    console.message(
        "Try: %s --help".formatted(e.getCommandLine().getCommandSpec().qualifiedName()));
    return ExitCode.WRONG_USAGE;
  }

  private int report(Throwable e, boolean isDebug) {
    Failure failure = Failure.of(e);
    int code = ExitCode.of(failure);
    if (code == ExitCode.OUR_FAILURE) {
      console.message("falcon: a fault of Falcon itself: " + failure.message());
      if (!isDebug) {
        console.message("Run again with --debug for the place in the code, and please report it.");
      }
    } else {
      console.message("falcon: " + failure.message());
    }
    if (isDebug) {
      e.printStackTrace(console.err());
    }
    return code;
  }
}
