package falcon.prune.run;

import falcon.model.Network;
import falcon.model.UnwritableFileException;
import falcon.prune.method.KeptOutcome;
import falcon.prune.method.StageCheckpoints;
import falcon.prune.options.Progress;
import falcon.prune.report.Stage;
import falcon.prune.storage.CheckpointFolder;
import falcon.prune.storage.CheckpointSchedule;
import falcon.prune.storage.FileContent;
import falcon.prune.storage.Remains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/// The stages of a run on disk: the finished ones ([StageFolder]), and beside them, in a folder
/// `01.begun` for instance, the stored parts of the stage in progress until it is finished, too.
final class ResumableStages implements StageStore {
  private static final Pattern BEGUN_FOLDER = Pattern.compile("\\d{2,}\\.begun");

  private final Path directory;
  private final RunDescription run;
  private final StageFolder stages;
  private final LongSupplier nanoTime;
  private Consumer<String> listener = place -> {};

  /// @param directory folder of all stages; created if it is absent
  /// @param nanoTime nanoseconds since any fixed point
  ResumableStages(Path directory, RunDescription run, LongSupplier nanoTime) {
    this.directory = directory;
    this.run = run;
    this.stages = new StageFolder(directory, run.network(), run.plan().layers());
    this.nanoTime = nanoTime;
  }

  /// @param heard receives, from now on and at each change, the place that an interrupted run would
  ///     continue from
  void onKept(Consumer<String> heard) {
    listener = heard;
  }

  /// Returns whether a run that is interrupted now would not have to restart from its beginning.
  boolean holdSomething() {
    return stages.isAnyStored() || begun(0).holdsSomething();
  }

  @Override
  public List<Stage> finished() {
    List<Stage> finished = stages.finished();
    finished.forEach(stage -> begun(stage.number()).remove());
    if (!finished.isEmpty()) {
      listener.accept(placeAfter(finished.size()));
    }
    return finished;
  }

  @Override
  public void save(Stage stage) {
    stages.save(stage);
    listener.accept(placeAfter(stage.number() + 1));
    begun(stage.number()).remove();
  }

  @Override
  public StageCheckpoints checkpoints(int stage, Network dense, Progress progress) {
    CheckpointFolder folder =
        new CheckpointFolder(
            path(stage),
            progress,
            place -> listener.accept(stageCount() == 1 ? place : place + of(stage)));
    folder.removeRemains();
    return new BegunStage(
        folder,
        new CheckpointSchedule(nanoTime),
        new KeptOutcome(dense, run.plan().costs()),
        digest(stage));
  }

  /// Returns the names of all files of existing stages, finished or in progress, relative to a
  /// folder of stages.
  ///
  /// @param directory the folder; may be absent
  /// @throws UnwritableFileException if the folder cannot be read
  static List<String> files(Path directory) {
    var names = new ArrayList<>(StageFolder.files(directory));
    try {
      for (Path folder : Remains.entries(directory)) {
        if (isBegun(folder)) {
          new CheckpointFolder(folder, Progress.SILENT, place -> {})
              .files()
              .forEach(file -> names.add(folder.getFileName() + "/" + file));
        }
      }
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    return List.copyOf(names);
  }

  private static boolean isBegun(Path entry) {
    return BEGUN_FOLDER.matcher(String.valueOf(entry.getFileName())).matches()
        && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
  }

  private CheckpointFolder begun(int stage) {
    return new CheckpointFolder(path(stage), Progress.SILENT, place -> {});
  }

  private Path path(int stage) {
    return directory.resolve("%02d.begun".formatted(stage + 1));
  }

  private int stageCount() {
    return run.plan().stages().size();
  }

  private String of(int stage) {
    return " of stage %d of %d".formatted(stage + 1, stageCount());
  }

  private String placeAfter(int finished) {
    return finished == stageCount()
        ? "the end of the pruning"
        : "stage %d of %d".formatted(finished + 1, stageCount());
  }

  /// Returns an identifier of the run and the stage.
  private String digest(int stage) {
    return FileContent.sha256(run.identity() + "\n" + stage);
  }
}
