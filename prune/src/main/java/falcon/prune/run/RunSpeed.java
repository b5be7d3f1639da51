package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.UnwritableFileException;
import falcon.prune.options.PruningException;
import falcon.prune.storage.FolderLock;
import falcon.prune.storage.Json;
import java.nio.file.Path;
import java.util.List;

/// Measured times in the `result.json` of a finished run, which its reports show.
public final class RunSpeed {
  /// The name of Falcon's own runtime.
  public static final String FALCON = "falcon.runtime";

  private static final String KEY = "speed";

  private RunSpeed() {}

  /// A measurement of the dense and the pruned network in a runtime.
  ///
  /// @param runtime name of the runtime
  /// @param batch examples of a forward pass
  /// @param threads threads of a forward pass
  /// @param dense time of a forward pass of the dense network, in milliseconds
  /// @param pruned time of a forward pass of the pruned network, in milliseconds
  public record Measured(String runtime, int batch, int threads, double dense, double pruned) {}

  /// Writes measurements into `result.json`, in place of those of the same runtime, batch and
  /// threads that are there, and makes the reports again where Falcon wrote them.
  ///
  /// @param directory folder of a finished run
  /// @return names of reports that are left alone, since they were edited
  /// @throws PruningException if `result.json` is missing or damaged, or another process works in
  ///     the folder
  /// @throws UnwritableFileException if a file cannot be written
  public static List<String> write(Path directory, List<Measured> measured) {
    try (FolderLock _ = FolderLock.take(directory)) {
      Path file = directory.resolve(RunRecord.RESULT);
      JsonNode read = Json.read(file, "Give the folder of a finished run.");
      if (!(read instanceof ObjectNode result)) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: is not the result of a run.%nGive the folder of a finished run.".formatted(file));
      }
      ArrayNode speeds = Json.object().putArray(KEY);
      for (JsonNode known : result.path(KEY)) {
        if (measured.stream().noneMatch(each -> isOf(known, each))) {
          speeds.add(known);
        }
      }
      add(speeds, measured);
      result.set(KEY, speeds);
      boolean hasReports = !RunReport.unchanged(directory).isEmpty();
      Json.write(result, file);
      return hasReports ? RunReport.restore(directory) : List.of();
    }
  }

  /// Puts measurements into the content of a new `result.json`.
  static void put(ObjectNode result, List<Measured> measured) {
    add(result.putArray(KEY), measured);
  }

  private static void add(ArrayNode speeds, List<Measured> measured) {
    for (Measured each : measured) {
      speeds
          .addObject()
          .put("runtime", each.runtime())
          .put("batch", each.batch())
          .put("threads", each.threads())
          .put("dense", each.dense())
          .put("pruned", each.pruned());
    }
  }

  private static boolean isOf(JsonNode known, Measured measured) {
    return known.path("runtime").asText().equals(measured.runtime())
        && known.path("batch").asInt(1) == measured.batch()
        && known.path("threads").asInt() == measured.threads();
  }
}
