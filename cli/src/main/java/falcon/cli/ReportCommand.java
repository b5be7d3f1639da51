package falcon.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.output.Console;
import falcon.cli.output.JsonText;
import falcon.cli.process.ExitCode;
import falcon.model.UnwritableFileException;
import falcon.prune.options.PruningException;
import falcon.prune.page.Curve;
import falcon.prune.run.RunReport;
import falcon.prune.run.SweepFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Writes the reports of finished runs again.
@Command(
    name = "report",
    description =
        "Writes report.html and report.md of finished runs, also of earlier versions, and the curves of"
            + " sweeps.")
final class ReportCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "1..*",
      paramLabel = "RUN",
      description = "Folders of finished runs, or of sweeps.")
  @SuppressWarnings("NullAway.Init")
  private List<Path> runs;

  @Option(names = "--json", description = "Print the result as JSON on standard output.")
  private boolean isJson;

  @Option(names = "--debug", description = "Print a stack trace with an error.")
  @SuppressWarnings("UnusedVariable") // Main looks for it
  private boolean isDebug;

  ReportCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    ObjectNode json = JsonText.document();
    ArrayNode written = json.putArray("written");
    ArrayNode failed = json.putArray("damaged");
    var lines = new ArrayList<String>();
    for (Path run : runs) {
      try {
        List<Path> files = SweepFolder.isSweep(run) ? curve(run) : RunReport.write(run);
        lines.add(
            "written: " + files.stream().map(Path::toString).collect(Collectors.joining(", ")));
        ArrayNode ofRun = written.addObject().put("run", run.toString()).putArray("files");
        files.forEach(file -> ofRun.add(file.toString()));
      } catch (PruningException | UnwritableFileException e) {
        console.message("falcon: " + e.getMessage());
        failed.addObject().put("run", run.toString()).put("problem", e.getMessage());
      }
    }
    return end(json, lines, failed);
  }

  /// Writes the curve of a sweep again.
  ///
  /// @throws PruningException if a run of it is damaged; the curve is written without it
  private static List<Path> curve(Path directory) {
    SweepFolder sweep = SweepFolder.read(directory);
    Curve curve = sweep.curve();
    List<Path> files = sweep.write(curve);
    if (!curve.damaged().isEmpty()) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          curve.damaged().entrySet().stream()
              .map(run -> "%s: %s".formatted(run.getKey(), run.getValue()))
              .collect(Collectors.joining(System.lineSeparator())));
    }
    return files;
  }

  private int end(ObjectNode json, List<String> lines, ArrayNode failed) {
    if (isJson) {
      console.result(JsonText.of(json));
    } else if (!lines.isEmpty()) {
      console.result(String.join(System.lineSeparator(), lines));
    }
    return failed.isEmpty() ? ExitCode.DONE : ExitCode.BAD_INPUT;
  }
}
