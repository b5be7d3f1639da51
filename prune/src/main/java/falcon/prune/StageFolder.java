package falcon.prune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.budget.Mask;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Finished stages on disk: a folder each, `01` for the first, with the tensors that differ from the
/// network that the run began with, the mask, and the stage's numbers.
///
/// A folder is filled under a temporary name, forced to the disk and renamed: a stage is there whole or
/// not at all, and a failure leaves the earlier ones as they are.
final class StageFolder implements StageStore {
  private static final String WEIGHTS = "weights.safetensors";
  private static final String MASK = "mask.safetensors";
  private static final String NUMBERS = "stage.json";

  private final Path directory;
  private final Network begin;
  private final List<PruningPlan.PrunableLayer> layers;

  /// @param directory made if it is absent
  /// @param begin the network that the run began with
  StageFolder(Path directory, Network begin, List<PruningPlan.PrunableLayer> layers) {
    this.directory = directory;
    this.begin = begin;
    this.layers = layers;
  }

  @Override
  public List<Stage> finished() {
    var stages = new ArrayList<Stage>();
    while (Files.isDirectory(folder(stages.size()))) {
      stages.add(read(stages.size()));
    }
    return List.copyOf(stages);
  }

  @Override
  public void save(Stage stage) {
    Path folder = folder(stage.number());
    Path partial = directory.resolve("." + folder.getFileName() + ".partial");
    try {
      Files.createDirectories(directory);
      delete(partial);
      Files.createDirectory(partial);
      try {
        SafetensorsFile.write(changedTensors(stage.network()), partial.resolve(WEIGHTS));
        SafetensorsFile.write(MaskTensors.of(stage.mask(), layers), partial.resolve(MASK));
        Json.write(numbers(stage), partial.resolve(NUMBERS));
        delete(folder);
        Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(partial);
      }
    } catch (IOException e) {
      throw new UnwritableFileException(folder, e);
    }
  }

  /// Whether there is a finished stage.
  boolean isAnyStored() {
    return Files.isDirectory(folder(0));
  }

  /// Removes all stages.
  ///
  /// @throws UnwritableFileException if that is not allowed
  void clear() {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (var entries = Files.list(directory)) {
      for (Path entry : entries.filter(Files::isDirectory).toList()) {
        delete(entry);
      }
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
  }

  private Path folder(int number) {
    return directory.resolve("%02d".formatted(number + 1));
  }

  private StateDict changedTensors(Network network) {
    var changed = new LinkedHashMap<String, Tensor>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (!Objects.equals(tensor, begin.initializers().get(name))) {
            changed.put(name, tensor);
          }
        });
    return new StateDict(changed, Map.of());
  }

  private Stage read(int number) {
    Path folder = folder(number);
    try {
      Network network = begin.withTensors(SafetensorsFile.read(folder.resolve(WEIGHTS)).tensors());
      Mask mask = MaskTensors.mask(SafetensorsFile.read(folder.resolve(MASK)), layers);
      JsonNode numbers = Json.read(folder.resolve(NUMBERS));
      return new Stage(
          number,
          network,
          mask,
          new Report.Certificate(
              numbers.required("value").doubleValue(),
              numbers.required("bound").doubleValue(),
              numbers.required("gap").doubleValue()),
          new Report.StageReport(
              numbers.required("macs").longValue(),
              numbers.required("nnz").longValue(),
              numbers.required("validation").doubleValue(),
              numbers.required("seconds").doubleValue(),
              numbers.path("notes").valueStream().map(JsonNode::textValue).toList()));
    } catch (MalformedModelException | IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: this stage cannot be resumed from: %s%nRemove the folder to have the stage computed again."
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private static ObjectNode numbers(Stage stage) {
    ObjectNode numbers = Json.object();
    stage.report().notes().forEach(numbers.putArray("notes")::add);
    return numbers
        .put("value", stage.certificate().value())
        .put("bound", stage.certificate().bound())
        .put("gap", stage.certificate().gap())
        .put("macs", stage.report().macs())
        .put("nnz", stage.report().nnz())
        .put("validation", stage.report().validation())
        .put("seconds", stage.report().seconds());
  }

  /// Removes a stage's folder; what does not belong to a stage stays and is an error.
  private static void delete(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
