package falcon.prune.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.options.PruningException;
import falcon.prune.report.Versions;
import falcon.prune.storage.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Several runs side by side. Immutable.
///
/// @param runs the runs, in the order in which they are shown
/// @param damaged the runs that cannot be shown, with the reason for each
public record RunComparison(List<RunResult> runs, Map<String, String> damaged) {
  /// The titles of the columns of [#rows]; those that begin with `>` are numbers.
  public static final List<String> HEAD =
      List.of(
          "run",
          ">MACs kept",
          ">weights kept",
          ">bytes",
          "measure",
          ">dense",
          ">final",
          ">95 % interval",
          ">test",
          ">seconds");

  /// Copies runs and reasons; the order of both is kept.
  public RunComparison {
    runs = List.copyOf(runs);
    damaged = Collections.unmodifiableMap(new LinkedHashMap<>(damaged));
  }

  /// Reads the runs of some folders; those that cannot be read become [#damaged].
  ///
  /// @param folders folders of finished runs, or their `result.json`
  public static RunComparison read(Collection<Path> folders) {
    var runs = new ArrayList<RunResult>();
    var damaged = new LinkedHashMap<String, String>();
    for (Path folder : folders) {
      try {
        runs.add(RunResult.read(folder));
      } catch (PruningException e) {
        damaged.put(folder.toString(), String.valueOf(e.getMessage()));
      }
    }
    return new RunComparison(runs, damaged);
  }

  /// Returns all runs as JSON: `runs[]` with `run` (its path) and `result` (its `result.json`), and
  /// `damaged[]` with `run` and `problem`.
  public String json() {
    ObjectNode json = Json.object().put("schemaVersion", Versions.SCHEMA);
    ArrayNode all = json.putArray("runs");
    runs.forEach(run -> all.addObject().put("run", run.name()).set("result", run.json()));
    ArrayNode none = json.putArray("damaged");
    damaged.forEach((run, problem) -> none.addObject().put("run", run).put("problem", problem));
    return Json.text(json);
  }

  /// Returns all runs as one self-contained HTML page.
  public String html() {
    ObjectNode data = Json.object();
    ArrayNode all = data.putArray("runs");
    runs.forEach(run -> all.addObject().put("name", run.name()).set("run", run.json()));
    ArrayNode none = data.putArray("damaged");
    damaged.forEach((run, problem) -> none.addObject().put("name", run).put("problem", problem));
    return ReportFile.marked(Page.of("Runs compared", data, "compare.js", false));
  }

  /// Writes the page to a file, which is either complete or unchanged; an existing file is
  /// replaced.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  public void write(Path file) {
    ReportFile.write(file, html());
  }

  /// Returns the figures that a terminal shows, one row for each run: its path, then in the order
  /// of [#HEAD] texts with units; `–` where a run has none.
  public List<List<String>> rows() {
    return runs.stream().map(RunComparison::row).toList();
  }

  private static List<String> row(RunResult run) {
    List<RunResult.Quality> all = run.qualities();
    RunResult.Quality validation =
        all.stream().filter(each -> each.split().equals("validation")).findFirst().orElse(null);
    RunResult.Quality test =
        all.stream().filter(each -> each.split().equals("test")).findFirst().orElse(null);
    RunResult.Quality shown = validation != null ? validation : test;
    Double seconds = run.seconds();
    Double bytes = run.number("/model/bytes");
    return List.of(
        run.name(),
        RunResult.percentText(run.kept("macs")),
        RunResult.percentText(run.kept("nnz")),
        bytes == null ? RunResult.NONE : "%,d".formatted(bytes.longValue()),
        shown == null ? RunResult.NONE : shown.measure(),
        RunResult.percentText(shown == null ? null : shown.percent("dense")),
        RunResult.percentText(shown == null ? null : shown.percent("final")),
        shown == null ? RunResult.NONE : shown.intervalText(RunResult.NONE),
        RunResult.percentText(test == null ? null : test.percent("final")),
        seconds == null ? RunResult.NONE : "%.1f".formatted(seconds));
  }
}
