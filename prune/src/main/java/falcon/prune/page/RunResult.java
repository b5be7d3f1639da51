package falcon.prune.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.options.PruningException;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.Versions;
import falcon.prune.storage.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The content of a run's `result.json`, as reports show it. Immutable.
public final class RunResult {
  /// Stands for a figure that a run does not have.
  static final String NONE = "–";

  private static final String FILE = "result.json";

  /// The measures, in the order of a report.
  private static final List<String> MEASURES = List.of("accuracy", "agreement", "fidelity");

  private final String name;
  private final ObjectNode json;

  private RunResult(String name, ObjectNode json) {
    this.name = name;
    this.json = json;
  }

  /// Returns the result in a text that Falcon wrote, as `RunDirectory.write` returns it.
  ///
  /// @param name what the run is called where several are shown
  /// @throws PruningException if it is not the result of a run
  /// @throws IllegalArgumentException if it is not JSON
  public static RunResult of(String name, String json) {
    return of(name, Json.parse(json), name);
  }

  /// Reads the result of a finished run.
  ///
  /// @param path folder of the run, or its `result.json`
  /// @throws PruningException if there is none, or it is damaged; the message names the file
  public static RunResult read(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    if (!Files.exists(file)) {
      throw input("%s: there is no such file.%nGive the folder of a finished run.".formatted(file));
    }
    return of(
        path.toString(),
        Json.read(file, "Restore it from a copy, or make the run again."),
        file.toString());
  }

  private static RunResult of(String name, JsonNode json, String place) {
    if (!(json instanceof ObjectNode object)
        || !json.path("schemaVersion").isInt()
        || !json.at("/versions/falcon").isTextual()) {
      throw input(
          "%s: this is not what Falcon writes of a run.%nGive the folder of a finished run."
              .formatted(place));
    }
    int schema = json.path("schemaVersion").intValue();
    if (schema > Versions.SCHEMA) {
      throw input(
          "%s: was written by a later version of Falcon (schema %d; this one reads up to %d).%nUse that version."
              .formatted(place, schema, Versions.SCHEMA));
    }
    return new RunResult(name, object);
  }

  /// Returns what the run is called: the path that it was read from.
  public String name() {
    return name;
  }

  /// Returns the content as JSON, in several lines.
  public String text() {
    return Json.text(json);
  }

  ObjectNode json() {
    return json;
  }

  JsonNode at(String pointer) {
    return json.at(pointer);
  }

  /// Returns a number.
  ///
  /// @return null where there is none
  @Nullable Double number(String pointer) {
    return number(json.at(pointer));
  }

  static @Nullable Double number(JsonNode node) {
    return node.isNumber() && Double.isFinite(node.doubleValue()) ? node.doubleValue() : null;
  }

  /// Returns a percentage as text, [#NONE] where there is none.
  static String percentText(@Nullable Double value) {
    return value == null ? NONE : "%.2f %%".formatted(value);
  }

  /// Returns the share that is used of a resource of the prunable part, in percent.
  ///
  /// @return null where it is not known
  @Nullable Double kept(String resource) {
    Double used = number("/budget/%s/used".formatted(resource));
    Double total = number("/budget/%s/total".formatted(resource));
    return used == null || total == null ? null : total == 0 ? 100 : 100 * used / total;
  }

  /// Returns what the run is about: the file name of the network that it began with.
  String title() {
    for (JsonNode input : json.path("inputs")) {
      if (input.path("role").asText().equals("model")) {
        return lastPart(input.path("path").asText());
      }
    }
    return json.at("/model/files/0/name").asText("network");
  }

  private static String lastPart(String path) {
    return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  }

  /// Returns whether nothing was pruned and the network was trained.
  boolean isTraining() {
    return json.path("certificate").isNull()
        && json.at("/budget/nnz/asked").isNumber()
        && json.at("/budget/nnz/asked").equals(json.at("/budget/nnz/total"));
  }

  /// The percentages of one measure on one split.
  ///
  /// @param values the object with `dense`, `final` and others
  record Quality(String measure, String split, JsonNode values) {
    @Nullable Double percent(String key) {
      return number(values.path(key));
    }

    /// Returns the two ends of the interval of the final percentage.
    ///
    /// @return empty if there is none
    List<Double> interval() {
      var ends = new ArrayList<Double>();
      for (JsonNode end : values.path("interval")) {
        if (end.isNumber()) {
          ends.add(end.doubleValue());
        }
      }
      return ends.size() == 2 ? ends : List.of();
    }

    /// Returns the interval in percent.
    ///
    /// @param none what stands where there is no interval
    String intervalText(String none) {
      List<Double> ends = interval();
      return ends.isEmpty() ? none : "%.2f to %.2f %%".formatted(ends.getFirst(), ends.getLast());
    }
  }

  /// Returns all measured percentages: validation before test.
  List<Quality> qualities() {
    var found = new ArrayList<Quality>();
    for (String measure : MEASURES) {
      for (String split : List.of("validation", "test")) {
        JsonNode values = json.path(measure).path(split);
        if (values.isObject()) {
          found.add(new Quality(measure, split, values));
        }
      }
    }
    return found;
  }

  /// Returns the seconds of all phases; null where there are none.
  @Nullable Double seconds() {
    Double sum = null;
    for (Map.Entry<String, JsonNode> phase : json.path("seconds").properties()) {
      Double seconds = number(phase.getValue());
      if (seconds != null) {
        sum = sum == null ? seconds : Double.valueOf(sum + seconds);
      }
    }
    return sum;
  }

  /// Returns how much lower the pruned network's quality is than the dense network's on held-out
  /// samples.
  ///
  /// @return null where the result does not say
  public @Nullable DropEstimate drop() {
    for (Quality quality : qualities()) {
      Double points = number(quality.values().at("/drop/points"));
      Double low = number(quality.values().at("/drop/interval/0"));
      Double high = number(quality.values().at("/drop/interval/1"));
      if (points != null && low != null && high != null) {
        return new DropEstimate(points, low, high, quality.values().path("samples").asInt());
      }
    }
    return null;
  }

  static PruningException input(String message) {
    return new PruningException(PruningException.Kind.INPUT, message);
  }
}
