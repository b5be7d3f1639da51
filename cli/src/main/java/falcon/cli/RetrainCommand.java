package falcon.cli;

import falcon.cli.option.DataOptions;
import falcon.cli.option.LayerOptions;
import falcon.cli.option.Memory;
import falcon.cli.option.ModelOptions;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.RetrainOptions;
import falcon.cli.option.RunFolderOptions;
import falcon.cli.option.SeedOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.option.ThresholdOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.Results;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.model.Network;
import falcon.model.safetensors.SafetensorsFile;
import falcon.prune.Falcon;
import falcon.prune.Retraining;
import falcon.prune.options.Loss;
import falcon.prune.options.PruningOptions;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Retrains a network on a mask that exists already.
@Command(
    name = "retrain",
    description =
        "Trains a pruned network with its zeros held, and writes it to a run directory as prune does.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./falcon retrain net.onnx --mask runs/r10/mask.safetensors --data DIR --epochs 10 --out runs/t10",
      "  ./falcon retrain runs/r10/model.onnx --teacher net.onnx --data DIR --epochs 10 --out runs/t10"
    })
final class RetrainCommand implements Callable<Integer> {
  private final Console console;
  private final Interruption interruption;
  private final Invocation invocation;
  private final Gate gate;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final DataOptions dataOptions = new DataOptions();
  @Mixin private final LayerOptions layerOptions = new LayerOptions();
  @Mixin private final RunFolderOptions folder = new RunFolderOptions();
  @Mixin private final RetrainOptions retrainOptions = new RetrainOptions();
  @Mixin private final SeedOptions seeds = new SeedOptions();
  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final ThresholdOptions thresholds = new ThresholdOptions();

  @Option(
      names = "--epochs",
      required = true,
      paramLabel = "N",
      description = "Passes over the training samples that are not held out.")
  private int epochs;

  @Option(
      names = "--mask",
      paramLabel = "FILE",
      description =
          "What stays: a tensor of 0 and 1 for each pruned one, as prune writes mask.safetensors. Default:"
              + " what is not zero in MODEL.")
  private @Nullable Path mask;

  @Option(
      names = "--teacher",
      paramLabel = "DENSE",
      description =
          "The dense network that MODEL was pruned from: its outputs are the aim, and its weights on the"
              + " mask are a second start, of which held-out samples choose. Default: MODEL, with --mask.")
  private @Nullable Path teacher;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "Greatest learning rate; else found by short trainings on held-out samples.")
  private @Nullable Double learningRate;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description =
          "What networks are judged by: labels, self, outputs or auto (the default), as in prune.")
  private Loss loss = Loss.AUTO;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "Format of the network: onnx (the default), onnx-sparse or safetensors.")
  private ModelFormat format = ModelFormat.ONNX;

  @Option(
      names = "--memory",
      paramLabel = "AMOUNT",
      description = "Memory that the run may take, such as 8g: fewer samples at a time to fit.")
  private @Nullable Memory memory;

  @Option(
      names = "--no-test",
      description = "Leave the test samples alone; networks are judged on validation samples only.")
  private boolean isTestLeftOut;

  RetrainCommand(Console console, Interruption interruption, Invocation invocation) {
    this.console = console;
    this.interruption = interruption;
    this.invocation = invocation;
    this.gate = new Gate(console, thresholds);
  }

  @Override
  public Integer call() {
    folder.requireGiven();
    folder.requireOneWay();
    output.requireOneAmount();
    thresholds.requireUsable(output);
    Network own = model.readBeside(teacher);
    Network read = teacher == null ? own : model.read(teacher);
    Dataset data = dataOptions.open(read);
    @Nullable Preprocessing preprocessing = dataOptions.preprocessing(data, read, model.path());
    Network network = DataOptions.described(read, preprocessing);
    var results = new Results(console, output.isJson(), 1);
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      Retraining retraining =
          Falcon.retrain(network, data, retrainOptions.options(epochs, learningRate))
              .mask(mask == null ? null : SafetensorsFile.read(mask).tensors())
              .start(teacher == null ? null : own)
              .options(options())
              .preprocessing(preprocessing)
              .progress(progress)
              .test(!isTestLeftOut);
      gate.requireMeasured(retraining.measures());
      new Runs(interruption, invocation, folder, progress, results)
          .judgedBy(gate)
          .retrain(
              retraining,
              retraining.plan(),
              new Runs.Source(
                  model.path(),
                  InputPlaces.of(files(own, read), data),
                  () -> inputs(own, data),
                  preprocessing,
                  format,
                  mask == null ? "zeros" : "mask",
                  output.isVerbose()));
    }
    return gate.exitCode();
  }

  private PruningOptions options() {
    return PruningOptions.builder()
        .loss(loss)
        .seed(seeds.seed())
        .threads(threads.count())
        .memoryBytes(memory == null ? null : memory.bytes())
        .inputShapes(model.inputShapes())
        .inputs(model.inputs())
        .selection(layerOptions.selection())
        .build();
  }

  private List<Path> files(Network own, Network read) {
    var files = new ArrayList<>(model.files(own));
    if (teacher != null) {
      files.addAll(model.filesOf(teacher, read));
    }
    if (mask != null) {
      files.add(mask);
    }
    return files;
  }

  private List<InputFile> inputs(Network own, Dataset data) {
    var inputs = new ArrayList<>(InputFile.of(model.files(own), data));
    if (teacher != null) {
      inputs.add(InputFile.of("teacher", teacher));
    }
    if (mask != null) {
      inputs.add(InputFile.of("mask", mask));
    }
    return inputs;
  }
}
