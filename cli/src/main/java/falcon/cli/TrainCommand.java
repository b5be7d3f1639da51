package falcon.cli;

import falcon.cli.option.DataOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.JsonText;
import falcon.cli.process.ExitCode;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import falcon.prune.Evaluator;
import falcon.prune.Trainer;
import falcon.prune.options.PruningException;
import falcon.prune.run.OutputFolder;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Trains a built-in architecture from scratch.
@Command(
    name = "train",
    description = "Trains a built-in architecture from scratch and writes it to a folder.")
final class TrainCommand implements Callable<Integer> {
  private final Console console;
  private final Interruption interruption;

  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--arch",
      required = true,
      paramLabel = "NAME",
      description = "What to train: resnet20.")
  private Architecture architecture = Architecture.RESNET20;

  @Option(
      names = "--epochs",
      required = true,
      paramLabel = "N",
      description = "Passes over the training images.")
  private int epochs;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder that the network is written to, empty or not there yet.")
  @SuppressWarnings("NullAway.Init")
  private Path out;

  @Option(names = "--batch-size", paramLabel = "N", description = "Images a step; else 128.")
  private @Nullable Integer batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "Greatest learning rate; else 0.1.")
  private @Nullable Double learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "Weight decay of convolutions and linear layers; else 5e-4.")
  private @Nullable Double weightDecay;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of every random choice; same seed, same bits. Default: 1.")
  private long seed = 1;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "safetensors (the default) or onnx.")
  private ModelFormat format = ModelFormat.SAFETENSORS;

  @Option(
      names = "--force",
      description =
          "Replace a network that Falcon wrote to --out before, when the new one is complete.")
  private boolean isForced;

  @Option(
      names = "--allow-non-empty",
      description = "Let --out be a folder that holds other files; they stay as they are.")
  private boolean mayHoldOthers;

  TrainCommand(Console console, Interruption interruption) {
    this.console = console;
    this.interruption = interruption;
  }

  @Override
  public Integer call() {
    Trainer.Steps usual = Trainer.defaults(architecture, epochs).steps();
    var trainer =
        new Trainer(
            architecture,
            epochs,
            new Trainer.Steps(
                Objects.requireNonNullElse(batchSize, usual.batchSize()),
                Objects.requireNonNullElse(learningRate, usual.learningRate()),
                Objects.requireNonNullElse(weightDecay, usual.weightDecay())),
            seed,
            threads.count());
    Dataset data = dataOptions.open();
    Preprocessing preprocessing =
        data.needsImageSize() ? null : dataOptions.trainingPreprocessing(data);
    if (preprocessing == null) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s holds %s; the built-in architectures are trained on images of one size (cifar10, idx)."
              .formatted(dataOptions.directory(), data.layout().id()));
    }
    Path file =
        new OutputFolder(out, InputPlaces.of(List.of(), data), mayHoldOthers)
            .requireFile(format.fileName(), isForced);
    interruption.advise(() -> "No network was written; training cannot be resumed.");
    Network network;
    Evaluator.Result result;
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      network = trainer.train(data, preprocessing, progress);
      Networks.write(network, file);
      interruption.advise(() -> "The trained network is in %s.".formatted(file));
      result =
          new Evaluator(data, preprocessing, threads.count())
              .evaluate(network, Evaluator.Part.TEST, progress);
    }
    console.result(
        output.isJson()
            ? JsonText.of(
                JsonText.document()
                    .put("file", file.toString())
                    .put("epochs", epochs)
                    .put("seed", seed)
                    .put("samples", result.samples())
                    .put("accuracy", result.accuracy())
                    .put("crossEntropy", result.crossEntropy()))
            : "%s: %.2f %% of %,d test images right"
                .formatted(file, result.accuracy(), result.samples()));
    return ExitCode.DONE;
  }
}
