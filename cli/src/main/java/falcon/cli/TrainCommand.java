package falcon.cli;

import falcon.cli.option.DataOptions;
import falcon.cli.option.Memory;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.RunFolderOptions;
import falcon.cli.option.SeedOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.JsonText;
import falcon.cli.output.Results;
import falcon.cli.process.ExitCode;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.zoo.Architecture;
import falcon.prune.Evaluator;
import falcon.prune.Falcon;
import falcon.prune.Retraining;
import falcon.prune.Trainer;
import falcon.prune.options.ExampleShapes;
import falcon.prune.options.Optimizer;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.RetrainingLoss;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Trains a built-in architecture, or any network, from scratch.
@Command(
    name = "train",
    description =
        "Trains a built-in architecture, or any network with weights drawn at random, on labels.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./falcon train --arch resnet20 --data cifar10 --epochs 14 --out net",
      "  ./falcon train net.onnx --data DIR --epochs 30 --out runs/net"
    })
final class TrainCommand implements Callable<Integer> {
  private final Console console;
  private final Interruption interruption;
  private final Invocation invocation;

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "A network to train, net.onnx; its run directory is written as by prune.")
  private @Nullable Path model;

  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final SeedOptions seeds = new SeedOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = "--arch",
      paramLabel = "NAME",
      description = "Built-in architecture to train, in place of MODEL: resnet20.")
  private @Nullable Architecture architecture;

  @Option(
      names = "--keep-weights",
      description = "Start from the weights that MODEL has; else they are drawn at random.")
  private boolean areWeightsKept;

  @Option(
      names = "--input-shape",
      paramLabel = "SHAPE",
      description = "Shape of one example where MODEL leaves axes open: 3,224,224.")
  private @Nullable ExampleShapes inputShapes;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description =
          "For MODEL: sgd (with Nesterov's momentum), adamw, or auto, the default: sgd for networks with"
              + " BatchNorm, else adamw.")
  private @Nullable Optimizer optimizer;

  @Option(
      names = "--memory",
      paramLabel = "AMOUNT",
      description = "For MODEL: memory that the run may take, such as 8g.")
  private @Nullable Memory memory;

  @Option(
      names = "--epochs",
      required = true,
      paramLabel = "N",
      description = "Passes over the training images.")
  private int epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "Images a step; else 128.")
  private @Nullable Integer batchSize;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description =
          "Greatest learning rate; else 0.1 with --arch, and found by short trainings for MODEL.")
  private @Nullable Double learningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "Weight decay of convolutions and linear layers; else 5e-4.")
  private @Nullable Double weightDecay;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "safetensors (the default of --arch) or onnx (that of MODEL).")
  private @Nullable ModelFormat format;

  @Mixin private final RunFolderOptions folder = new RunFolderOptions();

  TrainCommand(Console console, Interruption interruption, Invocation invocation) {
    this.console = console;
    this.interruption = interruption;
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    if ((model == null) == (architecture == null)) {
      throw usage("what is to be trained? Say MODEL, or --arch NAME");
    }
    folder.requireGiven();
    if (model != null) {
      train(model);
    } else {
      train(Objects.requireNonNull(architecture));
    }
    return ExitCode.DONE;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /// Trains any network, in a run directory.
  private void train(Path path) {
    folder.requireOneWay();
    Network given = Networks.read(path);
    Network read = areWeightsKept ? given : Falcon.drawn(given, seeds.seed());
    Dataset data = dataOptions.open(read);
    @Nullable Preprocessing preprocessing = dataOptions.preprocessing(data, read, path);
    Network network = DataOptions.described(read, preprocessing);
    var files = new ArrayList<Path>();
    files.add(path);
    OnnxFile.dataFiles(given).forEach(name -> files.add(path.resolveSibling(name)));
    var results = new Results(console, output.isJson(), 1);
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      Retraining training =
          Falcon.train(network, data, training())
              .options(
                  PruningOptions.builder()
                      .seed(seeds.seed())
                      .threads(threads.count())
                      .memoryBytes(memory == null ? null : memory.bytes())
                      .inputShapes(inputShapes)
                      .build())
              .preprocessing(preprocessing)
              .progress(progress);
      new Runs(interruption, invocation, folder, progress, results)
          .retrain(
              training,
              training.plan(),
              new Runs.Source(
                  path,
                  InputPlaces.of(files, data),
                  () -> InputFile.of(files, data),
                  preprocessing,
                  Objects.requireNonNullElse(format, ModelFormat.ONNX),
                  areWeightsKept ? "weights" : "drawn weights",
                  output.isVerbose()));
    }
  }

  private RetrainingOptions training() {
    RetrainingOptions usual = RetrainingOptions.of(epochs).withLoss(RetrainingLoss.LABELS);
    RetrainingOptions.Stepping stepping = usual.stepping();
    return usual.withStepping(
        new RetrainingOptions.Stepping(
            Objects.requireNonNullElse(optimizer, stepping.optimizer()),
            Objects.requireNonNullElse(batchSize, stepping.batchSize()),
            Objects.requireNonNullElse(weightDecay, stepping.weightDecay()),
            new RetrainingOptions.Rate(
                learningRate, stepping.rate().decay(), stepping.rate().warmUp())));
  }

  /// Refuses options of networks.
  private void requireOfArchitecture() {
    String typed =
        areWeightsKept
            ? "--keep-weights"
            : optimizer != null
                ? "--optimizer"
                : memory != null
                    ? "--memory"
                    : inputShapes != null
                        ? "--input-shape"
                        : folder.isResumed()
                            ? "--resume"
                            : folder.hasReport() ? null : "--no-report";
    if (typed != null) {
      throw usage(typed + " would have no effect here: it is for MODEL, not for --arch");
    }
  }

  /// Trains a built-in architecture, into a file.
  private void train(Architecture of) {
    requireOfArchitecture();
    Trainer.Steps usual = Trainer.defaults(of, epochs).steps();
    var trainer =
        new Trainer(
            of,
            epochs,
            new Trainer.Steps(
                Objects.requireNonNullElse(batchSize, usual.batchSize()),
                Objects.requireNonNullElse(learningRate, usual.learningRate()),
                Objects.requireNonNullElse(weightDecay, usual.weightDecay())),
            seeds.seed(),
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
    ModelFormat written = Objects.requireNonNullElse(format, ModelFormat.SAFETENSORS);
    Path file =
        folder
            .only(InputPlaces.of(List.of(), data))
            .requireFile(written.fileName(), folder.isForced());
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
                    .put("seed", seeds.seed())
                    .put("samples", result.samples())
                    .put("accuracy", result.accuracy())
                    .put("crossEntropy", result.crossEntropy()))
            : "%s: %.2f %% of %,d test images right"
                .formatted(file, result.accuracy(), result.samples()));
  }
}
