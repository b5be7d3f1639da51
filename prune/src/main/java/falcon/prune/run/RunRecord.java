package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.options.PruningException;
import falcon.prune.page.ReportFile;
import falcon.prune.storage.Json;
import falcon.prune.storage.WrittenFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The state of a run in a folder, as shown by the two files that only Falcon writes:
/// `stages/run.json`, written when a run begins, and `result.json`, written when it is done. No
/// other name, for instance `model.onnx`, is evidence of a run.
///
/// @param identity the values that determine the run's bits, as text by name; null if neither file
///     has them
/// @param files the run's files as listed in `result.json`; null if there is no such result
/// @param result content of `result.json`; null like `files`
/// @param damage reason why an existing `result.json` is not Falcon's; null if there is none or it
///     is intact
record RunRecord(
    @Nullable Map<String, String> identity,
    @Nullable List<WrittenFile> files,
    @Nullable JsonNode result,
    @Nullable String damage) {

  /// The folder of the stages.
  static final String STAGES = "stages";

  /// The mark of a run that has begun, in the folder of its stages.
  static final String IDENTITY = "run.json";

  /// The mark of a run that is done.
  static final String RESULT = "result.json";

  /// Reads the marks.
  ///
  /// @param directory folder of the run; may be absent
  static RunRecord of(Path directory) {
    Path file = directory.resolve(RESULT);
    Map<String, String> identity = identity(directory.resolve(STAGES).resolve(IDENTITY));
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return new RunRecord(identity, null, null, null);
    }
    JsonNode json;
    try {
      json = Json.read(file, "");
    } catch (PruningException e) {
      return new RunRecord(identity, null, null, String.valueOf(e.getMessage()).strip());
    }
    List<WrittenFile> files = files(json);
    if (files == null) {
      return new RunRecord(
          identity, null, null, file + ": this is not what Falcon writes of a run.");
    }
    return new RunRecord(
        identity == null ? texts(json.path(ResultFile.IDENTITY)) : identity, files, json, null);
  }

  /// Returns whether there is a run, begun or done.
  boolean isRun() {
    return identity != null || files != null;
  }

  /// Returns whether a run is done.
  boolean isFinished() {
    return files != null;
  }

  /// Returns whether this run wrote a file in its folder, and the file is unchanged.
  ///
  /// @param directory folder of the run
  boolean wrote(String name, Path directory) {
    if (RunReport.NAMES.contains(name)) {
      return ReportFile.isUnchanged(directory.resolve(name)); // result.json does not name it
    }
    if (files == null) {
      return false;
    }
    for (WrittenFile file : files) {
      if (file.name().equals(name)) {
        return file.difference(directory) == null;
      }
    }
    // versions whose results do not name the mask wrote one, too
    return name.equals(RESULT) || name.equals(RunNames.MASK);
  }

  /// Returns the names in which two identities differ, one line each with both values.
  ///
  /// @return the lines; empty if the identities are the same
  List<String> differences(Map<String, String> now) {
    Map<String, String> there = identity == null ? Map.of() : identity;
    var names = new LinkedHashMap<>(there);
    names.putAll(now);
    var differences = new ArrayList<String>();
    for (String name : names.keySet()) {
      if (!Objects.equals(there.get(name), now.get(name))) {
        differences.add(
            "  %s: %s there, %s now"
                .formatted(
                    name,
                    Objects.requireNonNullElse(there.get(name), "none"),
                    Objects.requireNonNullElse(now.get(name), "none")));
      }
    }
    return differences;
  }

  /// Marks a folder as that of a run that begins.
  ///
  /// @param directory folder of the run
  static void begin(Path directory, Map<String, String> identity) {
    ObjectNode json = Json.object();
    identity.forEach(json::put);
    Json.write(json, directory.resolve(STAGES).resolve(IDENTITY));
  }

  private static @Nullable Map<String, String> identity(Path file) {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      return texts(Json.read(file, ""));
    } catch (PruningException _) {
      return null; // written whole or not at all: a file that cannot be read is not Falcon's
    }
  }

  /// @return null if the JSON is not an object of texts that names a version of Falcon
  private static @Nullable Map<String, String> texts(JsonNode json) {
    if (!json.path(RunDescription.VERSION).isTextual()) {
      return null;
    }
    var texts = new LinkedHashMap<String, String>();
    json.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
    return texts;
  }

  /// @return null if the JSON was not written by Falcon
  private static @Nullable List<WrittenFile> files(JsonNode json) {
    if (!json.path("schemaVersion").isInt() || !json.at("/versions/falcon").isTextual()) {
      return null;
    }
    var nodes = new ArrayList<JsonNode>();
    json.path("model").path(ResultFile.FILES).forEach(nodes::add);
    if (nodes.isEmpty()) {
      return null;
    }
    if (json.has(ResultFile.MASK)) {
      nodes.add(json.get(ResultFile.MASK));
    }
    var files = new ArrayList<WrittenFile>();
    for (JsonNode node : nodes) {
      WrittenFile file = WrittenFile.of(node);
      if (file == null || !isInside(file.name())) {
        return null;
      }
      files.add(file);
    }
    return List.copyOf(files);
  }

  /// Returns whether a path stays within the folder that it is relative to.
  static boolean isInside(String name) {
    Path path = Paths.get(name);
    return !name.isEmpty()
        && !path.isAbsolute()
        && path.equals(path.normalize())
        && !path.startsWith("..");
  }
}
