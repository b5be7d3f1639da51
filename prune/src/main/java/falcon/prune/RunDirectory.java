package falcon.prune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.UnwritableFileException;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The folder of one run: the pruned network, its mask, what is known about it, and what a run that was
/// broken off needs to go on.
///
/// ```
/// model.onnx | model.safetensors   mask.safetensors   result.json   log.txt   stages/NN/
/// ```
///
/// Every file appears whole or not at all; `result.json` comes last, so where it is, the run is done. One
/// process at a time works in a folder.
public final class RunDirectory implements AutoCloseable {
  private static final String MASK = "mask.safetensors";
  private static final String RESULT = "result.json";
  private static final String LOG = "log.txt";
  private static final String STAGES = "stages";
  private static final String IDENTITY = "run.json";
  private static final String LOCK = ".lock";

  /// What to do with a run that is there already.
  public enum Existing {
    /// It is an error.
    REFUSE,
    /// Go on with it; without one, begin.
    RESUME,
    /// Remove it.
    REPLACE
  }

  private final Path directory;
  private final RunDescription run;
  private final FileChannel lockChannel;
  private final StageFolder stages;
  private final RunLog log;

  private RunDirectory(Path directory, RunDescription run, FileChannel lockChannel) {
    this.directory = directory;
    this.run = run;
    this.lockChannel = lockChannel;
    this.stages = new StageFolder(directory.resolve(STAGES), run.network(), run.plan().layers());
    this.log = new RunLog(directory.resolve(LOG));
  }

  /// Makes the folder ready, before anything is computed.
  ///
  /// @param directory made with its parents if it is absent
  /// @throws PruningException if it holds a run that must not be touched, if the run to resume had
  ///     other options or inputs (all differences are named), or if another process works in it
  /// @throws UnwritableFileException if it cannot be written to
  public static RunDirectory open(Path directory, RunDescription run, Existing existing) {
    FileChannel lock = lock(directory);
    boolean isReady = false;
    try {
      if (existing == Existing.REFUSE && holdsRun(directory)) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: holds a run already%s.%nGo on with it (--resume), replace it (--force) or choose another folder (--out)."
                .formatted(directory, isFinished(directory) ? ", a finished one" : ""));
      }
      var opened = new RunDirectory(directory, run, lock);
      try {
        if (existing == Existing.REPLACE) {
          opened.clear();
        }
        opened.begin(existing);
        isReady = true;
        return opened;
      } finally {
        if (!isReady) {
          opened.log.close();
        }
      }
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    } finally {
      if (!isReady) {
        release(directory, lock);
      }
    }
  }

  /// Whether a folder holds a run that ended well.
  public static boolean isFinished(Path directory) {
    return Files.exists(directory.resolve(RESULT));
  }

  /// Text of a finished run's `result.json`.
  ///
  /// @throws PruningException if it cannot be read
  public static String result(Path directory) {
    return Json.text(Json.read(directory.resolve(RESULT)));
  }

  /// The folder.
  public Path path() {
    return directory;
  }

  /// Whether something is stored here that `RESUME` would go on from: a result, or a stage.
  public boolean canBeResumed() {
    return isFinished(directory) || stages.isAnyStored();
  }

  /// Where the run's stages are kept.
  public StageStore stages() {
    return stages;
  }

  /// Writes everything to `log.txt` as well.
  public Progress logged(Progress progress) {
    return log.to(progress);
  }

  /// Writes network, mask and result. The network's file is read again and compared; what the result says
  /// of budgets and layers is counted from it.
  ///
  /// @return text of `result.json`
  /// @throws UnwritableFileException if a file cannot be written; stages stay as they are
  /// @throws IllegalStateException if the file is over budget
  public String write(PrunedNetwork pruned, ModelFormat format) {
    WrittenModel written = WrittenModel.write(pruned, format, directory.resolve(format.fileName()));
    if (!pruned.plan().budget().allows(written.nnz(), written.macs())) {
      throw new IllegalStateException(
          "%s has %d weights and %d MACs, which is over the budget %s"
              .formatted(format.fileName(), written.nnz(), written.macs(), pruned.plan().budget()));
    }
    SafetensorsFile.write(
        MaskTensors.of(pruned.mask(), pruned.plan().layers()), directory.resolve(MASK));
    ObjectNode result = ResultFile.of(run, pruned, written);
    Json.write(result, directory.resolve(RESULT));
    log.line(
        "written: %s (%,d bytes; %,d with every zero stored), %s, %s"
            .formatted(format.fileName(), written.bytes(), written.denseBytes(), MASK, RESULT));
    return Json.text(result);
  }

  @Override
  public void close() {
    log.close();
    release(directory, lockChannel);
  }

  private static FileChannel lock(Path directory) {
    try {
      Files.createDirectories(directory);
      FileChannel channel =
          FileChannel.open(
              directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = null;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException _) {
        // held by this very process: the same as by another one
      }
      if (lock == null) {
        channel.close();
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: another run works in this folder.%nWait for it or choose another folder (--out)."
                .formatted(directory));
      }
      return channel;
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
  }

  private static void release(Path directory, FileChannel lock) {
    try (lock) {
      Files.deleteIfExists(directory.resolve(LOCK));
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
  }

  private static boolean holdsRun(Path directory) {
    return Stream.concat(
            Stream.of(MASK, RESULT, STAGES),
            Stream.of(ModelFormat.values()).map(ModelFormat::fileName))
        .anyMatch(name -> Files.exists(directory.resolve(name)));
  }

  private void clear() throws IOException {
    List<Path> files = externalData();
    Files.deleteIfExists(directory.resolve(RESULT));
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    for (ModelFormat format : ModelFormat.values()) {
      Files.deleteIfExists(directory.resolve(format.fileName()));
    }
    Files.deleteIfExists(directory.resolve(MASK));
    stages.clear();
    Files.deleteIfExists(identityFile());
  }

  /// Files of external data that the run there wrote, as its result names them; none outside of the
  /// folder.
  private List<Path> externalData() {
    if (!isFinished(directory)) {
      return List.of();
    }
    var files = new ArrayList<Path>();
    Path folder = directory.toAbsolutePath().normalize();
    for (JsonNode file : Json.read(directory.resolve(RESULT)).path("model").path("files")) {
      Path path = folder.resolve(file.path("name").asText()).normalize();
      if (path.startsWith(folder) && Files.isRegularFile(path)) {
        files.add(path);
      }
    }
    return files;
  }

  /// Removes what a process that was killed while it wrote left behind.
  private void removeRemains() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.filter(RunDirectory::isRemains).toList()) {
        Files.delete(entry);
      }
    }
  }

  private static boolean isRemains(Path entry) {
    String name = String.valueOf(entry.getFileName());
    return name.startsWith(".") && name.matches(".*\\.tmp\\d+") && Files.isRegularFile(entry);
  }

  private void begin(Existing existing) throws IOException {
    removeRemains();
    if (existing == Existing.RESUME && Files.exists(identityFile())) {
      requireSame(identityThere());
      log.line("resumed: " + run.command());
      return;
    }
    Files.createDirectories(directory.resolve(STAGES));
    ObjectNode identity = Json.object();
    run.identity().forEach(identity::put);
    Json.write(identity, identityFile());
    log.line("begun: " + run.command());
  }

  private Path identityFile() {
    return directory.resolve(STAGES).resolve(IDENTITY);
  }

  private Map<String, String> identityThere() {
    JsonNode json = Json.read(identityFile());
    var there = new LinkedHashMap<String, String>();
    json.properties().forEach(entry -> there.put(entry.getKey(), entry.getValue().asText()));
    return there;
  }

  private void requireSame(Map<String, String> there) {
    Map<String, String> here = run.identity();
    var names = new LinkedHashMap<>(there);
    names.putAll(here);
    List<String> differences = new ArrayList<>();
    for (String name : names.keySet()) {
      if (!Objects.equals(there.get(name), here.get(name))) {
        differences.add(
            "  %s: %s there, %s now"
                .formatted(name, orNone(there.get(name)), orNone(here.get(name))));
      }
    }
    if (!differences.isEmpty()) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: the run there was another one:%n%s%nResume with what it had, replace it (--force) or choose another folder (--out)."
              .formatted(directory, String.join(System.lineSeparator(), differences)));
    }
  }

  private static String orNone(@Nullable String text) {
    return text == null ? "none" : text;
  }
}
