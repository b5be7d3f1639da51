package falcon.prune.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.storage.Json;
import java.nio.file.Path;

/// The report of a run as one self-contained HTML file: it opens from disk and makes no request.
/// `HtmlReport.write(RunResult.read(Path.of("runs/r30")), Path.of("r30.html"))` makes that of a
/// finished run.
public final class HtmlReport {
  private HtmlReport() {}

  /// Returns the text of the page.
  public static String of(RunResult result) {
    ObjectNode data = Json.object();
    data.set("run", result.json());
    boolean hasCurve = !result.at("/retraining/epochs").isEmpty();
    return ReportFile.marked(Page.of(result.title(), data, "report.js", hasCurve));
  }

  /// Writes the page to a file, which is either complete or unchanged; an existing file is
  /// replaced.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  public static void write(RunResult result, Path file) {
    ReportFile.write(file, of(result));
  }
}
