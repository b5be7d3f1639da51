package falcon.cli;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.prune.Evaluator;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Measures a network's accuracy.
@Command(name = "evaluate", description = "Measures the accuracy of a network.")
final class EvaluateCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--split",
      paramLabel = "PART",
      defaultValue = "test",
      description =
          "Which images: test, or validation (the held-out part of the training images). Default:"
              + " ${DEFAULT-VALUE}.")
  private Evaluator.Part part = Evaluator.Part.TEST;

  EvaluateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    Network network = model.read();
    Dataset data = dataOptions.open();
    @Nullable Preprocessing preprocessing =
        dataOptions.preprocessing(data, network.metadata(), model.path());
    Evaluator.Result result;
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      result =
          new Evaluator(data, preprocessing, threads.count()).evaluate(network, part, progress);
    }
    String split = part.name().toLowerCase(Locale.ROOT);
    console.result(
        output.isJson()
            ? JsonText.of(
                JsonText.object()
                    .put("schemaVersion", 1)
                    .put("split", split)
                    .put("samples", result.samples())
                    .put("correct", result.correct())
                    .put("accuracy", result.accuracy())
                    .put("crossEntropy", result.crossEntropy())
                    .put("preprocessing", preprocessing == null ? null : preprocessing.toString())
                    .put("seconds", result.seconds()))
            : "%s: %.2f %% of %,d images right, cross-entropy %.4f (%.1f s; %s)"
                .formatted(
                    split,
                    result.accuracy(),
                    result.samples(),
                    result.crossEntropy(),
                    result.seconds(),
                    preprocessing == null ? "as they are" : preprocessing));
    return ExitCode.DONE;
  }
}
