package falcon.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.option.DataOptions;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.option.Threshold.Figure;
import falcon.cli.option.ThresholdOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.Flags;
import falcon.cli.output.JsonText;
import falcon.cli.output.SummaryLine;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.prune.Evaluator;
import falcon.prune.WorkPlace;
import falcon.prune.options.Measure;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Measures a network's accuracy, or how much of another network it keeps.
@Command(
    name = "evaluate",
    description = "Measures the accuracy of a network, or its agreement with another one.")
final class EvaluateCommand implements Callable<Integer> {
  private final Console console;
  private final Gate gate;
  private final WorkPlace place;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final ThresholdOptions thresholds = new ThresholdOptions();

  @Option(
      names = "--split",
      paramLabel = "PART",
      description =
          "Which samples: test, validation (the held-out part of the training samples) or train (all of"
              + " these). Default: test, or train where there is no test part.")
  private Evaluator.@Nullable Part asked;

  @Option(
      names = "--reference",
      paramLabel = "DENSE",
      description =
          "Network to compare with; no labels are needed. Tells agreement (classifiers: samples with the same"
              + " class) and fidelity (share of the outputs' variance that is reproduced).")
  private @Nullable Path reference;

  /// @param place where chunks of samples are computed
  EvaluateCommand(Console console, WorkPlace place) {
    this.console = console;
    this.gate = new Gate(console, thresholds);
    this.place = place;
  }

  @Override
  public Integer call() {
    thresholds.requireUsable(output);
    thresholds.requireMeasured(
        reference == null ? List.of(Figure.ACCURACY) : List.of(Figure.AGREEMENT, Figure.FIDELITY),
        reference == null
            ? "without --reference, accuracy is measured"
            : "with --reference, agreement and fidelity are measured");
    Network network = model.readBeside(reference);
    Network compared = reference == null ? null : model.read(reference);
    Dataset data = dataOptions.open(network);
    Preprocessing preprocessing = dataOptions.preprocessing(data, network, model.path());
    Evaluator.Part part = part(data);
    String samples = data.layout().isImages() ? "images" : "samples";
    var evaluator = new Evaluator(data, preprocessing, threads.count(), place);
    String how = preprocessing == null ? "arrays as they are" : preprocessing.toString();
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      if (compared == null) {
        show(evaluator.evaluate(network, part, progress), part, samples, how);
      } else {
        show(evaluator.compare(compared, network, part, progress), part, how);
      }
    }
    return gate.exitCode();
  }

  private Evaluator.Part part(Dataset data) {
    if (asked != null) {
      return asked;
    }
    return data.hasTest() ? Evaluator.Part.TEST : Evaluator.Part.TRAIN;
  }

  private void show(
      Evaluator.Result result, Evaluator.Part part, String samples, String preprocessing) {
    String verdict =
        gate.judge(
            model.path().toString(), Map.of(Figure.ACCURACY, value(result.accuracy(), part)));
    if (gate.isLine()) {
      console.result(
          line(part, result.samples())
              .addPercent(Measure.ACCURACY.id(), result.accuracy())
              .add("cross-entropy", "%.4f".formatted(result.crossEntropy()))
              .add("seconds", "%.1f".formatted(result.seconds()))
              .add("fail-under", verdict)
              .toString());
      return;
    }
    console.result(
        output.isJson()
            ? json(result, part, preprocessing)
            : "%s: %.2f %% of %,d %s right, cross-entropy %.4f (%.1f s; %s)"
                .formatted(
                    name(part),
                    result.accuracy(),
                    result.samples(),
                    samples,
                    result.crossEntropy(),
                    result.seconds(),
                    preprocessing));
  }

  private String json(Evaluator.Result result, Evaluator.Part part, String preprocessing) {
    ObjectNode json =
        JsonText.document()
            .put("split", name(part))
            .put("samples", result.samples())
            .put("correct", result.correct())
            .put("measure", Measure.ACCURACY.id())
            .put("accuracy", result.accuracy())
            .put("crossEntropy", result.crossEntropy())
            .put("preprocessing", preprocessing)
            .put("seconds", result.seconds());
    var warnings = json.putArray("warnings");
    result.warnings().forEach(warning -> warnings.add(Flags.in(warning)));
    return JsonText.of(json);
  }

  private SummaryLine line(Evaluator.Part part, int samples) {
    return new SummaryLine("evaluate")
        .add("model", model.path())
        .add("split", name(part))
        .add("samples", samples);
  }

  private static Gate.Value value(double percent, Evaluator.Part part) {
    return new Gate.Value(percent, "on %s samples".formatted(name(part)));
  }

  private void show(Evaluator.Comparison result, Evaluator.Part part, String preprocessing) {
    var figures = new TreeMap<Figure, Gate.Value>();
    figures.put(Gate.figure(result.measure()), value(result.percent(), part));
    figures.put(Figure.FIDELITY, value(result.fidelity(), part));
    String verdict = gate.judge(model.path().toString(), figures);
    if (gate.isLine()) {
      SummaryLine line = line(part, result.samples());
      figures.forEach((figure, found) -> line.addPercent(figure.id(), found.value()));
      console.result(
          line.add("seconds", "%.1f".formatted(result.seconds()))
              .add("fail-under", verdict)
              .toString());
      return;
    }
    console.result(
        output.isJson()
            ? JsonText.of(
                JsonText.document()
                    .put("split", name(part))
                    .put("samples", result.samples())
                    .put("measure", result.measure().id())
                    .put(result.measure().id(), result.percent())
                    .put(Measure.FIDELITY.id(), result.fidelity())
                    .put("reference", String.valueOf(reference))
                    .put("preprocessing", preprocessing)
                    .put("seconds", result.seconds()))
            : "%s: %s %.2f %% with %s on %,d samples, fidelity of the outputs %.2f %% (%.1f s; %s)"
                .formatted(
                    name(part),
                    result.measure().id(),
                    result.percent(),
                    reference,
                    result.samples(),
                    result.fidelity(),
                    result.seconds(),
                    preprocessing));
  }

  private static String name(Evaluator.Part part) {
    return part.name().toLowerCase(Locale.ROOT);
  }
}
