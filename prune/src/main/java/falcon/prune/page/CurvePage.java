package falcon.prune.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.storage.Json;
import java.nio.file.Path;

/// A curve as one self-contained HTML file: it opens from disk and makes no request.
/// `CurvePage.write("net.onnx", Curve.read(folders), Path.of("curve.html"))` makes that of some
/// runs.
public final class CurvePage {
  private CurvePage() {}

  /// Returns the text of the page.
  ///
  /// @param title what the curve is about, the file of the network for instance
  public static String of(String title, Curve curve) {
    ObjectNode data = Json.object().put("title", title);
    data.set("curve", curve.toJson());
    return ReportFile.marked(Page.of(title, data, "curve.js", true));
  }

  /// Writes the page to a file, which is either complete or unchanged; an existing file is
  /// replaced.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  public static void write(String title, Curve curve, Path file) {
    ReportFile.write(file, of(title, curve));
  }
}
