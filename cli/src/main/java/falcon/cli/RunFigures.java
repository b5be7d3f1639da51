package falcon.cli;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.cli.option.Threshold.Figure;
import falcon.cli.output.SummaryLine;
import falcon.prune.options.Measure;
import falcon.prune.storage.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The figures of a run, as its `result.json` has them.
final class RunFigures {
  private final JsonNode result;

  /// @param result the text of `result.json`
  RunFigures(String result) {
    this.result = Json.parse(result);
  }

  /// Returns the figures of the network that was written: on test samples where there are any, else
  /// on the held-out ones.
  Map<Figure, Gate.Value> measured() {
    var figures = new LinkedHashMap<Figure, Gate.Value>();
    for (Measure measure : Measure.values()) {
      String split = split(measure);
      if (split != null) {
        figures.put(
            Gate.figure(measure),
            new Gate.Value(
                number(measure, split, "final"),
                split.equals("test") ? "on test samples" : "on held-out samples (validation)"));
      }
    }
    return figures;
  }

  /// Returns the run as one line.
  ///
  /// @param command the command that made it
  /// @param verdict what [Gate#judge] returned
  String line(String command, Path directory, String verdict) {
    var line = new SummaryLine(command).add("run", directory);
    line.addPercent("macs", kept("macs")).addPercent("weights", kept("nnz"));
    line.add("bytes", result.at("/model/bytes").asText());
    for (Measure measure : Measure.values()) {
      String split = split(measure);
      if (split != null) {
        line.addPercent(measure.id(), number(measure, split, "final"))
            .addPercent(measure.id() + "-dense", number(measure, split, "dense"))
            .add(measure.id() + "-split", split);
      }
    }
    double seconds = 0;
    for (JsonNode phase : result.path("seconds")) {
      seconds += phase.asDouble();
    }
    return line.add("seconds", "%.1f".formatted(seconds)).add("fail-under", verdict).toString();
  }

  /// @return null where the measure has no figure
  private @Nullable String split(Measure measure) {
    for (String split : new String[] {"test", "validation"}) {
      if (result.path(measure.id()).path(split).path("final").isNumber()) {
        return split;
      }
    }
    return null;
  }

  private double number(Measure measure, String split, String key) {
    return result.path(measure.id()).path(split).path(key).asDouble();
  }

  private @Nullable Double kept(String resource) {
    JsonNode used = result.path("budget").path(resource);
    double total = used.path("total").asDouble();
    return used.path("used").isNumber() && total > 0
        ? 100 * used.path("used").asDouble() / total
        : null;
  }
}
