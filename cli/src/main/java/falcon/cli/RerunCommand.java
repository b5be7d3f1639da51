package falcon.cli;

import falcon.cli.option.OutputOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ShellWords;
import falcon.cli.process.ExitCode;
import falcon.prune.options.PruningException;
import falcon.prune.run.FormerRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Repeats a finished run.
@Command(
    name = "rerun",
    description = {
      "Repeats a finished run by the command in its result.json.",
      "What differs from then is said first; at the end, whether the result has the same bytes."
    })
final class RerunCommand implements Callable<Integer> {
  /// Commands that write a run directory.
  private static final List<String> REPEATED = List.of("prune", "retrain", "train");

  /// Options that this command has itself, or that belong to the other runs of a command.
  private static final Set<String> LEFT_OUT =
      Set.of(
          "--out",
          "--macs",
          "--resume",
          "--force",
          "--allow-non-empty",
          "--json",
          "--quiet",
          "--verbose",
          "--debug");

  private final Console console;
  private final List<String> typed;
  private final ToIntFunction<Invocation> runner;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "RUN",
      description = "Folder of a finished run, or its result.json.")
  @SuppressWarnings("NullAway.Init")
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Run directory to make. Default: that of RUN with -rerun behind its name.")
  private @Nullable Path out;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description =
          "Folder that relative paths of the command start from. Default: the working folder of RUN, where"
              + " result.json tells it.")
  private @Nullable Path folder;

  @Option(
      names = "--changed-inputs",
      description = "Run although the network's file or the data have another SHA-256 than then.")
  private boolean mayInputsDiffer;

  @Option(names = "--resume", description = "Go on with a repetition that was interrupted.")
  private boolean isResumed;

  @Option(names = "--force", description = "Replace the run that is in --out.")
  private boolean isForced;

  @Mixin private final OutputOptions output = new OutputOptions();

  /// @param invocation this command
  /// @param runner runs a command and returns its exit code
  RerunCommand(Console console, Invocation invocation, ToIntFunction<Invocation> runner) {
    this.console = console;
    this.typed = invocation.typed();
    this.runner = runner;
  }

  @Override
  public Integer call() {
    output.requireOneAmount();
    FormerRun former = FormerRun.read(run);
    Path again = out == null ? beside(run) : out;
    List<String> words = words(former, again.toAbsolutePath());
    var repetition = new Repetition(run.toString(), former, mayInputsDiffer, console);
    int code = runner.applyAsInt(new Invocation(typed, words, base(former), repetition));
    if (code == ExitCode.DONE || code == ExitCode.UNDER_THRESHOLD) {
      repetition.compare(FormerRun.read(again));
    }
    return code;
  }

  /// Returns the folder that relative paths start from, null for the working folder.
  ///
  /// @throws PruningException if it is not there any more
  private @Nullable Path base(FormerRun former) {
    Path base = folder != null ? folder : former.folder();
    if (base == null || base.toAbsolutePath().normalize().equals(Path.of("").toAbsolutePath())) {
      return null;
    }
    if (!Files.isDirectory(base)) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: there is no such folder, and paths of the command of %s start from it.%nSay --folder DIR."
              .formatted(base, run));
    }
    return base.toAbsolutePath();
  }

  /// Returns the folder of a repetition, from the folder of a run or its result.
  private static Path beside(Path run) {
    Path place = Files.isDirectory(run) ? run : run.resolveSibling("").normalize();
    Path absolute = place.toAbsolutePath().normalize();
    return absolute.resolveSibling(absolute.getFileName() + "-rerun");
  }

  /// Returns the words of the command for one run in another folder.
  ///
  /// @throws PruningException if the result was not made by a command
  private List<String> words(FormerRun former, Path to) {
    List<String> then = commandWords(former.command());
    String name = then.get(1);
    List<String> rest = then.subList(2, then.size());
    if (has(rest, "--max-drop") && !former.isOfDropLimit()) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: is a trial of a search for the smallest budget, whose command makes all of them.%nRepeat the run that the search was for: the folder above 'trials'."
              .formatted(run));
    }
    var words = new ArrayList<String>();
    words.add(name);
    words.add("--out=" + to);
    CommandSpec options = siblings(name);
    if (has(rest, "--macs") && name.equals("prune")) {
      words.add("--macs=" + former.macs());
    }
    if (isResumed) {
      words.add("--resume");
    }
    if (isForced) {
      words.add("--force");
    }
    words.addAll(output.words());
    words.addAll(kept(rest, options));
    return words;
  }

  private static boolean has(List<String> words, String option) {
    return words.stream().anyMatch(word -> word.split("=", 2)[0].equals(option));
  }

  private List<String> commandWords(String command) {
    List<String> words;
    try {
      words = ShellWords.of(command);
    } catch (IllegalArgumentException _) {
      words = List.of(); // a program's own description
    }
    if (words.size() < 2 || !REPEATED.contains(words.get(1))) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: was not made by one of the commands %s; 'command' there is '%s'.%nRepeat it in the way that it was made."
              .formatted(run, String.join(", ", REPEATED), command));
    }
    return words;
  }

  private CommandSpec siblings(String name) {
    return Objects.requireNonNull(spec.parent().subcommands().get(name)).getCommandSpec();
  }

  /// Returns words without [#LEFT_OUT] and their values.
  private static List<String> kept(List<String> words, CommandSpec options) {
    var kept = new ArrayList<String>();
    for (int i = 0; i < words.size(); ) {
      String word = words.get(i);
      OptionSpec option = options.findOption(word.split("=", 2)[0]);
      boolean hasValue = option != null && option.arity().max() > 0 && !word.contains("=");
      int end = Math.min(words.size(), i + (hasValue ? 2 : 1));
      if (option == null || Collections.disjoint(List.of(option.names()), LEFT_OUT)) {
        words.subList(i, end).forEach(each -> kept.add(OptionsFiles.unescaped(each)));
      }
      i = end;
    }
    return kept;
  }
}
