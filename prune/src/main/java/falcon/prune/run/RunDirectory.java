package falcon.prune.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.UnwritableFileException;
import falcon.model.safetensors.SafetensorsFile;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
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

/// The folder of one run: the pruned network, its mask, what is known about it, and what a run that
/// was broken off needs to go on.
///
/// ```
/// model.onnx | model.safetensors   mask.safetensors   result.json   log.txt   stages/run.json
/// stages/NN/, of the stage that is under way stages/NN.begun/
/// ```
///
/// Every file appears whole or not at all. The files of a result get ready in `.falcon-next` and
/// take their places together, `result.json` last, so where it is, the run is done. A run that
/// replaces another one lies in `.falcon-next` altogether until then, and the other one stays as it
/// is. One process at a time works in a folder. Files that Falcon did not write are neither
/// replaced nor removed.
public final class RunDirectory implements AutoCloseable {

  /// What to do with a run that is there already.
  public enum Existing {
    /// It is an error.
    REFUSE,
    /// Go on with it, or with the one that was begun to replace it; without one, begin.
    RESUME,
    /// Replace it when the new one is complete.
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

  /// Looks at the folder as [#open] does, and writes nothing.
  ///
  /// @throws PruningException as [#open], but for a process that works in it
  public static void check(OutputFolder place, RunDescription run, Existing existing) {
    RunStart.requirePlace(place, run);
    if (!Exchange.isPending(RunStart.next(place.directory()))) {
      RunStart.of(place.directory(), run, existing);
    }
  }

  /// Makes the folder ready, before anything is computed.
  ///
  /// @param place made with its parents if it is absent
  /// @throws PruningException if it is no place for a run, if it holds a run that must not be
  ///     touched, if the run to resume had other options or inputs (all differences are named) or
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

  /// Removes what an earlier run that was to replace another one left, as far as Falcon wrote it.
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

  /// The folder.
  public Path path() {
    return directory;
  }

  /// Whether the run ended well before, and all its files are as they were written.
  public boolean isFinished() {
    return start.isFinished();
  }

  /// Text of a finished run's `result.json`.
  ///
  /// @throws PruningException if it cannot be read
  public static String result(Path directory) {
    return Json.text(
        Json.read(directory.resolve(RunRecord.RESULT), "Choose the folder of a finished run."));
  }

  /// Where the run's stages are kept.
  public StageStore stages() {
    return stages;
  }

  /// From now on `listener` hears, whenever that changes, what a run that is broken off would go on
  /// from, in words such as "stage 2 of 3". It hears on the thread that runs.
  public void onKept(Consumer<String> listener) {
    stages.onKept(listener);
  }

  /// Whether resuming would spare a part of the work: the run is finished, or something of it is
  /// kept. May be asked on any thread.
  public boolean canBeResumed() {
    return isFinished() || isWritten || stages.holdSomething();
  }

  /// Writes everything to `log.txt` as well.
  public Progress logged(Progress progress) {
    return log.to(progress);
  }

  /// Writes network, mask and result, and puts them in their places, together with the stages and
  /// the log of a run that replaces another one. The network's file is read again and compared;
  /// what the result says of budgets and layers is counted from it.
  ///
  /// @return text of `result.json`
  /// @throws UnwritableFileException if a file cannot be written; stages stay as they are, so does
  ///     a run that was to be replaced
  /// @throws PruningException if a file that Falcon did not write is in the place of one of these
  /// @throws IllegalStateException if the network is over budget
  public String write(PrunedNetwork pruned) {
    Path next = RunStart.next(directory);
    try {
      Files.createDirectories(next);
      Remains.remove(next, RunNames.outputs(run.network(), run.format()));
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
    Path maskFile = next.resolve(RunNames.MASK);
    SafetensorsFile.write(MaskTensors.of(pruned.mask(), pruned.plan().layers()), maskFile);
    ObjectNode result = ResultFile.of(run, pruned, written, WrittenFile.of(next, maskFile));
    Json.write(result, next.resolve(RunRecord.RESULT));
    log.line(
        "written: %s (%,d bytes; %,d with every zero stored), %s, %s"
            .formatted(
                modelName, written.bytes(), written.denseBytes(), RunNames.MASK, RunRecord.RESULT));
    putInPlace(next, RunNames.outputs(written.files()));
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
    }
    moves.addAll(outputs);
    if (start.there().files() != null) {
      Stream.concat(start.there().files().stream().map(WrittenFile::name), Stream.of(RunNames.MASK))
          .filter(name -> start.there().wrote(name, directory))
          .forEach(removals::add);
    }
    removals.removeAll(new HashSet<>(moves));
    Exchange.carryOut(next, directory, moves, removals);
  }

  /// Stages, their mark and the log of a run.
  private static List<String> runFiles(Path work) {
    var names = new ArrayList<String>();
    ResumableStages.files(work.resolve(RunRecord.STAGES))
        .forEach(name -> names.add(RunRecord.STAGES + "/" + name));
    names.add(RunRecord.STAGES + "/" + RunRecord.IDENTITY);
    names.add(RunNames.LOG);
    return names;
  }

  /// Makes sure that what is in the place of new files is the old run's, or the same as the new
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
