package falcon.prune.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.StateDict;
import falcon.model.UnwritableFileException;
import falcon.model.safetensors.SafetensorsFile;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.page.RunResult;
import falcon.prune.plan.PlannedResource;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.storage.FolderLock;
import falcon.prune.storage.Json;
import falcon.prune.storage.Remains;
import falcon.prune.storage.WrittenFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The folder of one run: the pruned network, its mask, its report, and the files that an
/// interrupted run continues from.
///
/// ```
/// model.onnx | model.safetensors   mask.safetensors   result.json   report.html   report.md
/// log.txt   stages/run.json
/// stages/NN/, and stages/NN.begun/ for the stage in progress
/// ```
///
/// Every file is either complete or absent. The files of a result are prepared in `.falcon-next`
/// and moved to their places together, `result.json` last, so its presence means that the run is
/// done. A run that replaces another one is in `.falcon-next` entirely until then, and the other
/// one is unchanged. One process at a time works in a folder. Files that Falcon did not write are
/// neither replaced nor removed.
public final class RunDirectory implements AutoCloseable {

  /// The treatment of a run that already exists in the folder.
  public enum Existing {
    /// Refuses: an existing run is an error.
    REFUSE,
    /// Continues it, or the one that was begun to replace it; without one, begins a new run.
    RESUME,
    /// Replaces it when the new one is complete.
    REPLACE
  }

  private final Path directory;
  private final RunDescription run;
  private final FolderLock lock;
  private final RunStart start;
  private final ResumableStages stages;
  private final RunLog log;
  private volatile boolean isWritten;

  private RunDirectory(Path directory, RunDescription run, FolderLock lock, RunStart start) {
    this.directory = directory;
    this.run = run;
    this.lock = lock;
    this.start = start;
    this.stages =
        new ResumableStages(start.work().resolve(RunRecord.STAGES), run, System::nanoTime);
    this.log =
        new RunLog(
            start.work().resolve(RunNames.LOG),
            run::worded,
            (start.isResumed() ? "resumed: " : "begun: ") + run.command());
  }

  /// Checks the folder as [#open] does, and writes nothing.
  ///
  /// @throws PruningException as [#open], except for a process that works in the folder
  public static void check(OutputFolder place, RunDescription run, Existing existing) {
    RunStart.requirePlace(place, run);
    if (!Exchange.isPending(RunStart.next(place.directory()))) {
      RunStart.of(place.directory(), run, existing);
    }
  }

  /// Prepares the folder, before anything is computed.
  ///
  /// @param place the folder; created with its parents if it is absent
  /// @throws PruningException if it is not suitable for a run, if it holds a run that must not be
  ///     changed, if the run to resume had other options or inputs (all differences are named) or
  ///     is damaged, or if another process works in it
  /// @throws UnwritableFileException if it cannot be written to
  public static RunDirectory open(OutputFolder place, RunDescription run, Existing existing) {
    Path directory = place.directory();
    RunStart.requirePlace(place, run);
    FolderLock lock = FolderLock.take(directory);
    boolean isReady = false;
    try {
      Exchange.finish(RunStart.next(directory), directory);
      RunStart start = RunStart.of(directory, run, existing);
      if (!start.isResumed()) {
        begin(directory, run, start);
      }
      var opened = new RunDirectory(directory, run, lock, start);
      isReady = true;
      return opened;
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    } finally {
      if (!isReady) {
        lock.close();
      }
    }
  }

  private static void begin(Path directory, RunDescription run, RunStart start) throws IOException {
    clearNext(RunStart.next(directory));
    Remains.remove(directory, RunNames.anyOutputs());
    Path stages = Files.createDirectories(start.work().resolve(RunRecord.STAGES));
    Remains.remove(stages, List.of(RunRecord.IDENTITY));
    RunRecord.begin(start.work(), run.identity());
  }

  /// Removes the files that Falcon wrote for an earlier run that was to replace another one.
  private static void clearNext(Path next) throws IOException {
    var names = new ArrayList<>(RunNames.anyOutputs());
    RunRecord left = RunRecord.of(next);
    if (left.files() != null) {
      left.files().forEach(file -> names.add(file.name()));
    }
    names.add(RunNames.LOG);
    Path stages = next.resolve(RunRecord.STAGES);
    ResumableStages.files(stages).forEach(name -> names.add(RunRecord.STAGES + "/" + name));
    names.add(RunRecord.STAGES + "/" + RunRecord.IDENTITY);
    Remains.remove(stages, List.of(RunRecord.IDENTITY));
    Remains.remove(next, RunNames.anyOutputs());
    Remains.remove(next, Exchange.names());
    for (String name : names) {
      Exchange.removeFile(next, name);
    }
    Exchange.removeFolder(next);
  }

  /// Returns the folder.
  public Path path() {
    return directory;
  }

  /// Returns whether the run was completed before, and all its files are as they were written.
  public boolean isFinished() {
    return start.isFinished();
  }

  /// Returns the text of a finished run's `result.json`.
  ///
  /// @throws PruningException if it cannot be read
  public static String result(Path directory) {
    return Json.text(
        Json.read(directory.resolve(RunRecord.RESULT), "Choose the folder of a finished run."));
  }

  /// Writes the reports of a finished run again that are missing or that an earlier version wrote.
  ///
  /// @return names of reports that are left alone, since somebody has edited them; empty where the
  ///     run writes none
  /// @throws UnwritableFileException if one cannot be written
  public List<String> restoreReports() {
    return run.reports().isEmpty() ? List.of() : RunReport.restore(directory);
  }

  /// Returns the store of the run's stages.
  public StageStore stages() {
    return stages;
  }

  /// Sets a listener that receives, at each change from now on, the place that an interrupted run
  /// would continue from, in words like "stage 2 of 3". It is called on the run's thread.
  public void onKept(Consumer<String> listener) {
    stages.onKept(listener);
  }

  /// Returns whether resuming would save a part of the work: the run is finished, or some of it is
  /// stored. May be called on any thread.
  public boolean canBeResumed() {
    return isFinished() || isWritten || stages.holdSomething();
  }

  /// Returns a listener that writes everything to `log.txt` as well.
  public Progress logged(Progress progress) {
    return log.to(progress);
  }

  /// Writes network, mask and result, and moves them to their places, together with the stages and
  /// the log of a run that replaces another one. The network's file is read again and compared; the
  /// result's figures of budgets and layers are counted from it.
  ///
  /// @return the text of `result.json`
  /// @throws UnwritableFileException if a file cannot be written; the stages are unchanged, and so
  ///     is a run that was to be replaced
  /// @throws PruningException if a file that Falcon did not write is in the place of one of these
  /// @throws IllegalStateException if the network is over budget
  public String write(PrunedNetwork pruned) {
    Path next = RunStart.next(directory);
    try {
      Files.createDirectories(next);
      Remains.remove(next, RunNames.outputs(run));
      Remains.remove(next, Exchange.names());
    } catch (IOException e) {
      throw new UnwritableFileException(next, e);
    }
    String modelName = run.format().fileName();
    WrittenModel written = WrittenModel.write(pruned, run.format(), next.resolve(modelName));
    if (!pruned.plan().budget().allows(written.nnz(), written.macs())) {
      throw new IllegalStateException(
          "%s has %d weights and %d MACs, which is over the budget %s"
              .formatted(modelName, written.nnz(), written.macs(), pruned.plan().budget()));
    }
    for (int r = 0; r < written.resources().size(); r++) {
      PlannedResource resource = pruned.plan().resources().get(r);
      if (written.resources().get(r) > resource.limit()) {
        throw new IllegalStateException(
            "%s uses %s of '%s', which is over the budget of %s"
                .formatted(
                    modelName,
                    resource.text(written.resources().get(r)),
                    resource.name(),
                    resource.text(resource.limit())));
      }
    }
    Path maskFile = next.resolve(RunNames.MASK);
    StateDict mask = MaskTensors.of(pruned.mask(), pruned.plan().layers());
    SafetensorsFile.write(MaskTensors.stored(mask, written.storages()), maskFile);
    ObjectNode result = ResultFile.of(run, pruned, written, WrittenFile.of(next, maskFile));
    Json.write(result, next.resolve(RunRecord.RESULT));
    if (!run.reports().isEmpty()) {
      RunReport.put(RunResult.read(next), next);
    }
    log.line(
        "written: %s (%,d bytes; %,d with every zero stored), %s, %s"
            .formatted(
                modelName, written.bytes(), written.denseBytes(), RunNames.MASK, RunRecord.RESULT));
    putInPlace(next, RunNames.outputs(written.files(), run.reports()));
    isWritten = true;
    return Json.text(result);
  }

  private void putInPlace(Path next, List<String> outputs) {
    requireFree(next, outputs);
    var moves = new ArrayList<String>();
    var removals = new ArrayList<String>();
    if (start.work().equals(next)) {
      moves.addAll(runFiles(next));
      removals.addAll(runFiles(directory));
      removals.addAll(StateDictFiles.written(directory)); // they are of the run that goes
    }
    moves.addAll(outputs);
    if (start.there().files() != null) {
      Stream.concat(start.there().files().stream().map(WrittenFile::name), Stream.of(RunNames.MASK))
          .filter(name -> start.there().wrote(name, directory))
          .forEach(removals::add);
      removals.addAll(RunReport.unchanged(directory));
    }
    removals.removeAll(new HashSet<>(moves));
    Exchange.carryOut(next, directory, moves, removals);
  }

  /// Returns the names of the stages' files, of the mark of the run and of its log.
  private static List<String> runFiles(Path work) {
    var names = new ArrayList<String>();
    ResumableStages.files(work.resolve(RunRecord.STAGES))
        .forEach(name -> names.add(RunRecord.STAGES + "/" + name));
    names.add(RunRecord.STAGES + "/" + RunRecord.IDENTITY);
    names.add(RunNames.LOG);
    return names;
  }

  /// Checks that existing files in the places of new ones are the old run's, or equal to the new
  /// files.
  private void requireFree(Path next, List<String> outputs) {
    for (String name : outputs) {
      Path target = directory.resolve(name);
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
          && !start.there().wrote(name, directory)
          && WrittenFile.of(next, next.resolve(name)).difference(directory) != null) {
        throw new PruningException(
            PruningException.Kind.INPUT,
            "%s: is in the way of the new file, and Falcon did not write it.%nNothing was replaced. Move it away and go on with %s; the new run is in %s."
                .formatted(target, Option.RESUME, next));
      }
    }
  }

  @Override
  public void close() {
    try {
      log.close();
    } finally {
      lock.close();
    }
  }
}
