package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import falcon.prune.options.Amount;
import falcon.prune.options.PruningException;
import falcon.prune.page.RunResult;
import falcon.prune.report.Versions;
import falcon.prune.resources.Machine;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A finished run that is to be repeated: how it was started, what is not as it was then, and
/// whether the new result has the same bytes. Immutable.
public final class FormerRun {
  /// Beginning of values in an identity that the inputs tell, too.
  private static final String HASH = "SHA-256 ";

  private final JsonNode result;

  private FormerRun(JsonNode result) {
    this.result = result;
  }

  /// Reads the result of a finished run.
  ///
  /// @param path folder of the run, or its `result.json`
  /// @throws PruningException if there is none, or it is damaged; the message names the file
  public static FormerRun read(Path path) {
    return new FormerRun(Json.parse(RunResult.read(path).text()));
  }

  /// Returns the command, or another description of how the run was started; may be empty.
  public String command() {
    return result.path("command").asText();
  }

  /// Returns the folder that relative paths of the command start from, null where it is not known.
  public @Nullable Path folder() {
    String folder = result.path("folder").asText();
    return folder.isEmpty() ? null : Path.of(folder);
  }

  /// Returns the budget of multiply-accumulates as it was asked for: 100 % where they were not
  /// counted, so that no other budget could be.
  public String macs() {
    JsonNode macs = result.at("/budget/macs/request");
    return macs.isTextual() ? macs.asText() : new Amount.Share(1).toString();
  }

  /// Returns whether a search for the smallest budget within a greatest drop has found the budget.
  public boolean isOfDropLimit() {
    return result.path(ResultFile.MAX_DROP).isObject();
  }

  /// Returns what is not as it was then, inputs left out: versions, machine, options.
  ///
  /// @param run the run that is about to begin
  /// @return one line each with both values; empty if all is the same
  public List<String> differences(RunDescription run) {
    var all = new ArrayList<>(differences(texts("versions"), texts(Versions.all()), "version of "));
    all.addAll(differences(texts("machine"), texts(Machine.facts()), ""));
    if (result.path(ResultFile.IDENTITY).isObject()) {
      all.addAll(differences(settings(texts(ResultFile.IDENTITY)), settings(run.identity()), ""));
    }
    return List.copyOf(all);
  }

  /// Returns the inputs whose content is not that of then.
  ///
  /// @param run the run that is about to begin
  /// @return one line each with both SHA-256; empty if all are the same
  public List<String> inputDifferences(RunDescription run) {
    var then = new LinkedHashMap<String, String>();
    for (JsonNode input : result.path("inputs")) {
      Path path = Path.of(input.path("path").asText());
      put(then, input.path("role").asText(), path, input.path("sha256").asText());
    }
    var now = new LinkedHashMap<String, String>();
    for (InputFile input : run.inputs()) {
      put(now, input.role(), input.path(), input.sha256());
    }
    return differences(then, now, "");
  }

  /// Returns the files of the network and the mask that another result has with other bytes.
  ///
  /// @return one line each with both SHA-256; empty if all are the same
  public List<String> fileDifferences(FormerRun other) {
    return differences(files(), other.files(), "");
  }

  /// Returns the names of the files of the network and the mask.
  public List<String> fileNames() {
    return List.copyOf(files().keySet());
  }

  private Map<String, String> files() {
    var files = new LinkedHashMap<String, String>();
    var nodes = new ArrayList<JsonNode>();
    result.path("model").path(ResultFile.FILES).forEach(nodes::add);
    nodes.add(result.path(ResultFile.MASK));
    nodes.forEach(file -> files.put(file.path("name").asText(), file.path("sha256").asText()));
    return files;
  }

  /// Puts an input under its role and file name; equal names, of different folders, are told apart
  /// by their order.
  private static void put(Map<String, String> hashes, String role, Path path, String hash) {
    String name = "%s %s".formatted(role, path.getFileName());
    String key = name;
    for (int i = 2; hashes.putIfAbsent(key, hash) != null; i++) {
      key = "%s (%d)".formatted(name, i);
    }
  }

  /// Returns what an identity says besides inputs and version.
  private static Map<String, String> settings(Map<String, String> identity) {
    var settings = new LinkedHashMap<>(identity);
    settings.values().removeIf(value -> value.startsWith(HASH));
    settings.remove(RunDescription.VERSION);
    return settings;
  }

  private Map<String, String> texts(String key) {
    var texts = new LinkedHashMap<String, String>();
    result.path(key).properties().forEach(e -> texts.put(e.getKey(), e.getValue().asText()));
    return texts;
  }

  private static Map<String, String> texts(Map<String, ?> values) {
    var texts = new LinkedHashMap<String, String>();
    values.forEach((name, value) -> texts.put(name, String.valueOf(value)));
    return texts;
  }

  private static List<String> differences(
      Map<String, String> then, Map<String, String> now, String kind) {
    var names = new LinkedHashSet<>(then.keySet());
    names.addAll(now.keySet());
    return names.stream()
        .filter(name -> !Objects.equals(then.get(name), now.get(name)))
        .map(name ->
            "  %s%s: %s then, %s now"
                .formatted(
                    kind,
                    name,
                    Objects.requireNonNullElse(then.get(name), "none"),
                    Objects.requireNonNullElse(now.get(name), "none")))
        .toList();
  }
}
