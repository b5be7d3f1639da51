package falcon.prune.run;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.prune.Falcon;
import falcon.prune.WeightPruning;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.page.ReportFile;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.Stage;
import falcon.prune.storage.FileContent;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A run of a small network, some of whose weights are in a file of their own, by its weights
/// alone; it takes milliseconds. It has two stages, so that there is something to go on with.
///
final class SmallRun {
  static final Path MODEL = Path.of("../models/narrow/regnet_y_400mf.onnx");

  /// The file of external data, here as in a run's folder.
  static final String WEIGHTS = "regnet_y_400mf.weights";

  private static final int STAGES = 2;

  private final Path model;
  private final double share;
  private final RunDescription description;
  private final PrunedNetwork pruned;

  /// @param model file of the network
  /// @param share of the weights that stay
  /// @param format of the result
  SmallRun(Path model, double share, ModelFormat format) {
    this(model, share, format, true);
  }

  private SmallRun(Path model, double share, ModelFormat format, boolean isReported) {
    this.share = share;
    this.model = model;
    Network network = Networks.read(model);
    PruningOptions options = PruningOptions.builder().method(Method.MAGNITUDE).threads(1).build();
    WeightPruning pruning = Falcon.prune(network, BudgetRequest.macs(share)).options(options);
    this.pruned = pruning.run();
    this.description =
        RunDescription.builder(network, pruned.plan(), options)
            .command("./falcon prune")
            .inputs(InputFile.of(List.of(model)))
            .format(format)
            .report(isReported)
            .build();
  }

  /// Returns the same run without reports.
  SmallRun withoutReport() {
    return new SmallRun(model, share, description.format(), false);
  }

  static SmallRun of(double share) {
    return new SmallRun(MODEL, share, ModelFormat.ONNX);
  }

  RunDescription description() {
    return description;
  }

  OutputFolder place(Path directory) {
    return new OutputFolder(directory, inputs(), false);
  }

  InputPlaces inputs() {
    var files = new ArrayList<Path>(List.of(model));
    OnnxFile.dataFiles(description.network())
        .forEach(name -> files.add(model.resolveSibling(name)));
    return InputPlaces.of(files, null);
  }

  RunDirectory open(Path directory, RunDirectory.Existing existing) {
    return RunDirectory.open(place(directory), description, existing);
  }

  /// Does what of the run is not done yet.
  void run(Path directory, RunDirectory.Existing existing) {
    try (RunDirectory run = open(directory, existing)) {
      if (!run.isFinished()) {
        saveStages(run);
        run.write(pruned);
      }
    }
  }

  PrunedNetwork pruned() {
    return pruned;
  }

  /// Saves the stages that are missing.
  void saveStages(RunDirectory run) {
    for (int number = run.stages().finished().size(); number < STAGES; number++) {
      run.stages()
          .save(
              new Stage(
                  number,
                  pruned.network(),
                  pruned.mask(),
                  new Report.Choice(pruned.report().certificate(), null),
                  new Report.StageReport(1, 2, 3.0, number, List.of())));
    }
  }

  /// Content of all files of a folder by their names, but for `result.json`, which tells seconds,
  /// the log and the lock; of reports, which show them, whether they are whole.
  static Map<String, String> contents(Path directory) {
    var contents = new TreeMap<String, String>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = directory.relativize(file).toString();
        if (!List.of("result.json", "log.txt", ".lock").contains(name)) {
          contents.put(
              name,
              RunReport.NAMES.contains(name)
                  ? "whole: " + ReportFile.isUnchanged(file)
                  : FileContent.of(file).toString());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }
}
