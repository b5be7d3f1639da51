package falcon.prune.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.budget.Mask;
import falcon.model.AtomicFile;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.safetensors.SafetensorsFile;
import falcon.prune.options.PruningException;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Report;
import falcon.prune.report.Stage;
import falcon.prune.report.StageNote;
import falcon.prune.storage.Json;
import falcon.prune.storage.Remains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/// The finished stages on disk: one folder per stage, `01` for the first, with the tensors that
/// differ from the network that the run began with, the mask, and the stage's numbers.
///
/// A folder is filled under a temporary name, forced to the disk and renamed: a stage is either
/// complete or absent, and a failure leaves the earlier ones unchanged. `stage.json` is written
/// last and removed first, so its presence means that the stage is complete.
///
/// Only files of the names below are ever removed, and folders only if they are empty then.
public final class StageFolder implements StageStore {
  /// The name of the folder of all stages in the folder of a run.
  public static final String PARENT = RunRecord.STAGES;

  private static final String WEIGHTS = "weights.safetensors";
  private static final String MASK = "mask.safetensors";
  private static final String NUMBERS = "stage.json";

  /// All files of a stage's folder, the mark of the stage last.
  private static final List<String> FILES = List.of(WEIGHTS, MASK, NUMBERS);

  /// The names of the folders, finished or not.
  private static final Pattern FOLDER = Pattern.compile("\\d{2,}|\\.\\d{2,}\\.partial");

  private final Path directory;
  private final Network begin;
  private final List<PruningPlan.PrunableLayer> layers;

  /// @param directory folder of the stages; created if it is absent
  /// @param begin the network that the run began with
  public StageFolder(Path directory, Network begin, List<PruningPlan.PrunableLayer> layers) {
    this.directory = directory;
    this.begin = begin;
    this.layers = layers;
  }

  @Override
  public List<Stage> finished() {
    var stages = new ArrayList<Stage>();
    while (Files.exists(folder(stages.size()).resolve(NUMBERS))) {
      stages.add(read(stages.size()));
    }
    return List.copyOf(stages);
  }

  @Override
  public void save(Stage stage) {
    Path folder = folder(stage.number());
    Path partial = directory.resolve("." + folder.getFileName() + ".partial");
    try {
      Files.createDirectories(partial);
      removeFiles(partial);
      try {
        Files.createDirectories(partial);
        SafetensorsFile.write(changedTensors(stage.network()), partial.resolve(WEIGHTS));
        SafetensorsFile.write(MaskTensors.of(stage.mask(), layers), partial.resolve(MASK));
        Json.write(numbers(stage), partial.resolve(NUMBERS));
        put(partial, folder);
      } finally {
        removeFiles(partial);
      }
    } catch (IOException e) {
      throw new UnwritableFileException(folder, e);
    }
  }

  /// Returns whether there is a finished stage.
  boolean isAnyStored() {
    return Files.exists(folder(0).resolve(NUMBERS));
  }

  /// Renames a complete folder to its final name. If a folder of that name holds other files, the
  /// stage's files are moved into it.
  private void put(Path partial, Path folder) throws IOException {
    removeFiles(folder);
    if (Files.exists(folder)) {
      for (String name : FILES) {
        Files.move(partial.resolve(name), folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      }
      AtomicFile.force(folder);
    } else {
      Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
    }
    AtomicFile.force(directory);
  }

  /// Returns the names of all existing files of stages, finished or not, relative to a folder of
  /// stages.
  ///
  /// @param directory folder of the stages; may be absent
  /// @throws UnwritableFileException if the folder cannot be read
  static List<String> files(Path directory) {
    var names = new ArrayList<String>();
    try {
      for (Path folder : Remains.entries(directory)) {
        String name = String.valueOf(folder.getFileName());
        if (FOLDER.matcher(name).matches()
            && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
          for (Path file : Remains.entries(folder)) {
            String fileName = String.valueOf(file.getFileName());
            if (FILES.contains(fileName) || Remains.isTemporary(file, FILES)) {
              names.add(name + "/" + fileName);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    return List.copyOf(names);
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
      JsonNode numbers =
          Json.read(folder.resolve(NUMBERS), "Remove the folder to have the stage computed again.");
      return new Stage(
          number,
          network,
          mask,
          new Report.Choice(
              numbers.hasNonNull("value")
                  ? new Report.Certificate(
                      numbers.required("value").doubleValue(),
                      numbers.required("bound").doubleValue(),
                      numbers.required("gap").doubleValue(),
                      prices(numbers.path("prices")))
                  : null,
              numbers.hasNonNull("effectiveRows")
                  ? numbers.get("effectiveRows").doubleValue()
                  : null),
          new Report.StageReport(
              numbers.required("macs").longValue(),
              numbers.required("nnz").longValue(),
              numbers.hasNonNull("validation") ? numbers.get("validation").doubleValue() : null,
              numbers.required("seconds").doubleValue(),
              StageNote.read(numbers.path("notes"))));
    } catch (MalformedModelException | IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: this stage cannot be resumed from: %s%nRemove the folder to have the stage computed again."
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private static Map<String, Double> prices(JsonNode json) {
    var prices = new LinkedHashMap<String, Double>();
    json.properties().forEach(price -> prices.put(price.getKey(), price.getValue().doubleValue()));
    return prices;
  }

  private static ObjectNode numbers(Stage stage) {
    ObjectNode numbers = Json.object();
    StageNote.write(stage.report().notes(), numbers.putArray("notes"));
    Report.Certificate certificate = stage.choice().certificate();
    if (certificate != null) {
      numbers
          .put("value", certificate.value())
          .put("bound", certificate.bound())
          .put("gap", certificate.gap());
      certificate.prices().forEach(numbers.putObject("prices")::put);
    }
    return numbers
        .put("macs", stage.report().macs())
        .put("nnz", stage.report().nnz())
        .put("validation", stage.report().validation())
        .put("seconds", stage.report().seconds())
        .put("effectiveRows", stage.choice().effectiveRows());
  }

  /// Removes a stage's files, its mark first, and the folder if it is empty then.
  private static void removeFiles(Path folder) throws IOException {
    for (String name : FILES.reversed()) {
      Files.deleteIfExists(folder.resolve(name));
    }
    Remains.remove(folder, FILES);
    Exchange.removeFolder(folder);
  }
}
