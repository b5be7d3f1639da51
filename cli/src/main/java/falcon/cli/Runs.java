package falcon.cli;

import falcon.cli.option.RunFolderOptions;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.Results;
import falcon.data.Preprocessing;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.OnnxFile;
import falcon.prune.Retraining;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Summary;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.run.RunDirectory;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The runs of a command, each in a folder of its own: checked and prepared before the first one
/// begins, and gone on with after an interruption.
final class Runs {
  private final Interruption interruption;
  private final Invocation invocation;
  private final RunFolderOptions folder;
  private final ConsoleProgress progress;

  /// Prints each run's result, null where the command prints one of its own.
  private final @Nullable Results results;

  /// What writes finished runs in another form, null if nothing does.
  private @Nullable NamedExport export;

  private @Nullable Gate gate;

  /// Whether the runs are parts of the one that is repeated, and not that one itself.
  private boolean areTrials;

  /// The state from which the current run could continue, null as long as nothing of it is stored.
  private volatile @Nullable String place;

  /// @param invocation the command
  Runs(
      Interruption interruption,
      Invocation invocation,
      RunFolderOptions folder,
      ConsoleProgress progress,
      @Nullable Results results) {
    this.interruption = interruption;
    this.invocation = invocation;
    this.folder = folder;
    this.progress = progress;
    this.results = results;
  }

  /// Returns the progress of the command, which a run's log hears, too.
  Progress heard(RunDirectory directory) {
    return directory.logged(progress);
  }

  /// Sets what writes finished runs in another form, null if nothing does.
  Runs alsoWriting(@Nullable NamedExport other) {
    export = other;
    return this;
  }

  /// Sets what results are compared with; the default asks for nothing.
  Runs judgedBy(Gate value) {
    gate = value;
    return this;
  }

  /// Sets that the runs are trials: where a run is repeated, they are compared with none.
  Runs asTrials() {
    areTrials = true;
    return this;
  }

  /// A run as the lines of progress name it.
  ///
  /// @param number number of the point that it belongs to, from 1
  /// @param count number of all points
  record Part(String name, int number, int count) {}

  /// Hears of the runs of a command.
  ///
  /// @param <K> what a run is known by, its budget for instance
  interface Listener<K> {
    /// Hears that all folders are prepared, before the first run begins.
    default void opened(Map<K, RunDirectory> directories) {}

    /// Names a run in the lines of progress.
    ///
    /// @param number number of the run, from 1
    /// @param count number of all runs
    default Part part(K run, Path directory, int number, int count) {
      return new Part(String.valueOf(directory.getFileName()), number, count);
    }

    /// Hears that a run is done, or was done before.
    default void done(K run) {}
  }

  /// Runs once per budget. All folders are checked before anything is written, and prepared before
  /// the first run begins.
  ///
  /// @param text makes the text of a result for people from the network and `result.json`
  <K> void all(
      Map<K, OutputFolder> folders,
      Function<K, RunDescription> descriptions,
      BiFunction<K, RunDirectory, PrunedNetwork> work,
      Words text) {
    all(folders, descriptions, work, text, new Listener<>() {});
  }

  /// Runs once per budget, as above, with a listener.
  <K> void all(
      Map<K, OutputFolder> folders,
      Function<K, RunDescription> descriptions,
      BiFunction<K, RunDirectory, PrunedNetwork> work,
      Words text,
      Listener<K> listener) {
    var runs = new LinkedHashMap<K, RunDescription>();
    folders.forEach((amount, outputs) -> {
      RunDescription run = descriptions.apply(amount);
      runs.put(amount, run);
      if (invocation.repetition() != null && !areTrials) {
        invocation.repetition().check(run);
      }
      RunDirectory.check(outputs, run, folder.existing());
      if (export != null) {
        export.requireFree(outputs.directory(), run, folder.isForced() || folder.isResumed());
      }
    });
    var opened = new LinkedHashMap<K, RunDirectory>();
    try {
      runs.forEach((amount, run) ->
          opened.put(
              amount,
              RunDirectory.open(
                  Objects.requireNonNull(folders.get(amount)), run, folder.existing())));
      interruption.advise(() -> advice(opened.values()));
      listener.opened(opened);
      int number = 0;
      for (Map.Entry<K, RunDirectory> entry : opened.entrySet()) {
        RunDirectory directory = entry.getValue();
        if (opened.size() > 1) {
          Part part = listener.part(entry.getKey(), directory.path(), ++number, opened.size());
          progress.beginPart(part.name(), part.number(), part.count());
        }
        run(() -> work.apply(entry.getKey(), directory), directory, text);
        progress.endPart();
        listener.done(entry.getKey());
      }
    } finally {
      opened.values().forEach(RunDirectory::close);
    }
  }

  /// Retrains in the folder of a command, in one run.
  ///
  /// @param source where the network comes from and how it is written
  void retrain(Retraining retraining, PruningPlan plan, Source source) {
    all(
        folder.forEach(List.of(plan.asked().macs()), source.places()),
        _ ->
            invocation
                .describing(retraining.network(), plan, retraining.options(), folder)
                .preprocessing(source.preprocessing())
                .inputs(source.inputs().get())
                .format(source.format())
                .given(source.given())
                .build(),
        (_, directory) ->
            retraining.stages(directory.stages()).progress(directory.logged(progress)).run(),
        (retrained, directory, result) ->
            retrained.summary()
                + (source.isVerbose()
                    ? "%n%n%s".formatted(Summary.details(retrained.report()))
                    : "")
                + written(retrained, directory, result, source.format(), source.model()));
  }

  /// What a run reads, and how its network is written.
  ///
  /// @param model file of the network
  /// @param places all places that are read
  /// @param inputs all files that are read; they are hashed when asked for
  /// @param given what is trained, in a few words that a resumed run compares
  /// @param isVerbose whether the text of the result has all details
  record Source(
      Path model,
      InputPlaces places,
      Supplier<List<InputFile>> inputs,
      @Nullable Preprocessing preprocessing,
      ModelFormat format,
      String given,
      boolean isVerbose) {}

  /// Makes the text of a result for people.
  interface Words {
    /// @param result the text of `result.json`
    String of(PrunedNetwork pruned, Path directory, String result);
  }

  /// Returns a sentence on what was written where.
  ///
  /// @param model file of the network that the run began with
  static String written(
      PrunedNetwork pruned, Path directory, String result, ModelFormat format, Path model) {
    var text = new StringBuilder();
    text.append(
        "%nwritten to %s: %s (%s), mask.safetensors, result.json%s"
            .formatted(
                directory,
                format.fileName(),
                Summary.fileSizes(result),
                Files.exists(directory.resolve("report.html")) ? ", report.html, report.md" : ""));
    int functions = OnnxFile.functions(pruned.network()).size();
    if (functions > 0 && format != ModelFormat.SAFETENSORS) {
      text.append(
          "%nIts local functions (%d) are kept; weights inside of them are pruned where they are."
              .formatted(functions));
    }
    if (format == ModelFormat.SAFETENSORS && isOnnx(model)) {
      text.append(
          "%n%s holds the weights alone; use it with the graph of %s (--weights)."
              .formatted(format.fileName(), model));
    }
    return text.toString();
  }

  private static boolean isOnnx(Path model) {
    return model.toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
  }

  private void run(Supplier<PrunedNetwork> work, RunDirectory directory, Words text) {
    place = null;
    directory.onKept(kept -> place = kept);
    if (directory.isFinished()) {
      progress.note("%s: finished before".formatted(directory.path()));
      directory
          .restoreReports()
          .forEach(name ->
              progress.note(
                  "%s: was edited and is left as it is".formatted(directory.path().resolve(name))));
      String exported = export == null ? "" : export.write(null, directory.path());
      show(
          RunDirectory.result(directory.path()),
          directory,
          () ->
              "%s was finished before; see result.json there%s"
                  .formatted(directory.path(), exported));
      return;
    }
    PrunedNetwork pruned;
    String result;
    try {
      pruned = work.get();
      result = directory.write(pruned);
    } catch (UnwritableFileException e) {
      throw new PruningException(
          PruningException.Kind.INPUT, "%s%n%s".formatted(e.getMessage(), resumption()), e);
    }
    String exported = export == null ? "" : export.write(pruned, directory.path());
    show(result, directory, () -> text.of(pruned, directory.path(), result) + exported);
  }

  /// Prints a result, as one line if that is asked for, and compares it with what it has to reach.
  private void show(String result, RunDirectory directory, Supplier<String> text) {
    Results all = results;
    if (all == null) {
      return;
    }
    if (gate == null) {
      all.add(() -> result, text);
      return;
    }
    var figures = new RunFigures(result);
    String verdict = gate.judge(directory.path().toString(), figures.measured());
    String command = invocation.words().getFirst();
    all.add(
        () -> result,
        gate.isLine() ? () -> figures.line(command, directory.path(), verdict) : text);
  }

  /// Returns the advice after an interruption.
  private String advice(Collection<RunDirectory> directories) {
    String from = place;
    if (from != null) {
      return "Go on from %s with: %s".formatted(from, invocation.resumption());
    }
    return directories.stream().anyMatch(RunDirectory::canBeResumed)
        ? resumption()
        : "Nothing was stored yet that the run could go on from.";
  }

  private String resumption() {
    return "Go on with: " + invocation.resumption();
  }
}
