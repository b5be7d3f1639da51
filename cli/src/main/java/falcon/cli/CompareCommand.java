package falcon.cli;

import falcon.cli.output.Console;
import falcon.cli.output.JsonText;
import falcon.cli.output.Table;
import falcon.cli.process.ExitCode;
import falcon.prune.options.PruningException;
import falcon.prune.page.ReportFile;
import falcon.prune.page.RunComparison;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Shows finished runs side by side.
@Command(name = "compare", description = "Shows finished runs side by side, as text or as a page.")
final class CompareCommand implements Callable<Integer> {
  private final Console console;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "RUN",
      description = "Folders of finished runs, two or more.")
  @SuppressWarnings("NullAway.Init")
  private List<Path> runs;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Also write a self-contained HTML page: compare.html.")
  private @Nullable Path out;

  @Option(
      names = "--force",
      description = "Replace the page in --out; a file that is not such a page is never replaced.")
  private boolean isForced;

  @Option(names = "--json", description = "Print the result as JSON on standard output.")
  private boolean isJson;

  @Option(names = "--debug", description = "Print a stack trace with an error.")
  @SuppressWarnings("UnusedVariable") // Main looks for it
  private boolean isDebug;

  CompareCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (runs.size() < 2) {
      throw usage("one run is compared with nothing; give two or more (RUN RUN…)");
    }
    if (isForced && out == null) {
      throw usage("--force would have no effect here: there is no --out");
    }
    if (out != null) {
      requireFree(out);
    }
    RunComparison comparison = RunComparison.read(runs);
    comparison.damaged().values().forEach(problem -> console.message("falcon: " + problem));
    if (out != null && !comparison.runs().isEmpty()) {
      comparison.write(out);
    }
    if (isJson) {
      console.result(JsonText.ofText(comparison.json()));
    } else if (!comparison.runs().isEmpty()) {
      console.result(text(comparison) + (out == null ? "" : "%nwritten: %s".formatted(out)));
    }
    return comparison.damaged().isEmpty() ? ExitCode.DONE : ExitCode.BAD_INPUT;
  }

  private static String text(RunComparison comparison) {
    var table = new Table(RunComparison.HEAD.toArray(String[]::new));
    comparison.rows().forEach(row -> table.row(row.toArray()));
    return table.toString();
  }

  private void requireFree(Path file) {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!isForced || !ReportFile.isUnchanged(file)) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          isForced
              ? "%s: is not a page as Falcon wrote it, and no other file is replaced.%nMove it away or choose another name (--out)."
                  .formatted(file)
              : "%s: is there already.%nReplace it (--force) or choose another name (--out)."
                  .formatted(file));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
