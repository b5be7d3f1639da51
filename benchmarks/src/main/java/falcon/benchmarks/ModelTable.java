package falcon.benchmarks;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The rows of the model suite in `docs/results/models.md`: each network read, compared with ONNX
/// Runtime, pruned to half its MACs, written, read, counted and compared again.
@Command(
    name = "models",
    description = "The networks of `models/make.py --full DIR`, all the way through.",
    mixinStandardHelpOptions = true)
final class ModelTable implements Callable<Integer> {
  /// Number of samples on which outputs are compared.
  private static final int SAMPLES = 2;

  private static final double SHARE = 0.5;

  /// Number of samples per held-out sample.
  private static final int HELD_OUT = 10;

  @Parameters(paramLabel = "DIR", description = "Folder with suite.json and the networks.")
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @Option(names = "--only", paramLabel = "NAME", description = "Only the network of that name.")
  private @Nullable String only;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = "magnitude (default), falcon or falcon++; the latter two on noise.")
  private String method = Method.MAGNITUDE.id();

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description = "What networks are judged by: self (default) or outputs.")
  private String loss = Loss.SELF.id();

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "Calibration samples of noise (default: 108).")
  private int calibration = 108;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Refinement steps; what the method takes if unset.")
  private @Nullable Integer steps;

  @Option(
      names = "--search",
      paramLabel = "N",
      description = "Projections of the support search; what the method takes if unset.")
  private @Nullable Integer search;

  @Option(names = "--memory", paramLabel = "GIB", description = "GiB that a run is planned for.")
  private @Nullable Long memory;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws IOException, OrtException {
    System.out.println(
        "| network | opset | nodes | weights | MACs | of these fixed | import s | parity | prune s | MACs kept | parity after | held out | GiB |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    try (var workers = new Workers(threads)) {
      for (JsonNode entry : new ObjectMapper().readTree(folder.resolve("suite.json").toFile())) {
        String name = entry.get("name").textValue();
        Path file = folder.resolve(name + ".onnx");
        if ((only == null || only.equals(name)) && Files.exists(file)) {
          System.out.println(row(name, file, entry, workers));
        }
      }
    }
    return 0;
  }

  private String row(String name, Path file, JsonNode entry, Workers workers)
      throws IOException, OrtException {
    var samples = new NoiseSamples(entry, entry.get("fixedBatch").booleanValue() ? 1 : SAMPLES);
    long start = System.nanoTime();
    Network network = Networks.read(file);
    double importSeconds = secondsSince(start);
    Layers layers = Layers.of(network);
    double parity = parity(network, file, samples, workers);
    start = System.nanoTime();
    PrunedNetwork pruned = pruned(network, entry);
    double pruneSeconds = secondsSince(start);
    Path results = Files.createTempDirectory("pruned");
    Path written = results.resolve("pruned.onnx");
    try {
      Networks.write(pruned.network(), written);
      Network read = Networks.read(written);
      double after = parity(read, written, samples, workers);
      Report.Accuracy validation = pruned.report().validation();
      return "| %s | %d | %,d | %,d | %,d | %,d | %.2f | %.1e | %.2f | %.4f %% | %.1e | %s | %.1f |"
          .formatted(
              name,
              network.opset(),
              network.nodes().size(),
              layers.all().stream().mapToLong(layer -> layer.weights()).sum(),
              layers.totalMacs(),
              layers.totalMacs() - layers.prunableMacs(),
              importSeconds,
              parity,
              pruneSeconds,
              keptPercent(read, pruned),
              after,
              validation == null
                  ? ""
                  : "%.2f %% %s"
                      .formatted(
                          validation.finalAccuracy(),
                          Objects.requireNonNull(pruned.report().measure()).id()),
              pruned.report().peakMemoryBytes() / (double) (1L << 30));
    } finally {
      delete(results);
    }
  }

  private PrunedNetwork pruned(Network network, JsonNode entry) throws IOException {
    Method used = Method.of(method);
    BudgetRequest budget =
        Layers.of(network).isCounted() ? BudgetRequest.macs(SHARE) : BudgetRequest.nnz(SHARE);
    PruningOptions.Builder options = PruningOptions.builder().method(used).threads(threads);
    if (used == Method.MAGNITUDE) {
      return Falcon.prune(network, budget).options(options.build()).run();
    }
    Path arrays = Files.createTempDirectory("noise");
    try {
      int count = Math.ceilDiv(calibration * HELD_OUT, HELD_OUT - 1);
      Dataset data = new NoiseSamples(entry, count).written(arrays);
      options.loss(Loss.of(loss)).memoryBytes(memory == null ? null : memory << 30);
      Pruning pruning = Falcon.prune(network, data, budget).options(options.build());
      if (steps != null || search != null) {
        ReconstructionMethod.Settings settings = ReconstructionMethod.defaults(used);
        settings = steps == null ? settings : settings.withSteps(steps);
        settings = search == null ? settings : settings.withSearchSteps(search);
        pruning.method(new ReconstructionMethod(settings, MaskProjection.EXACT));
      }
      PrunedNetwork pruned = pruning.run();
      System.err.println(
          entry.get("name").textValue()
              + ": "
              + pruned.report().seconds().entrySet().stream()
                  .map(phase -> "%s %.1f s".formatted(phase.getKey(), phase.getValue()))
                  .collect(Collectors.joining(", ")));
      pruned.report().warnings().forEach(System.err::println);
      pruned
          .report()
          .stages()
          .forEach(stage -> stage.notes().forEach(note -> System.err.println(note.text())));
      return pruned;
    } finally {
      delete(arrays);
    }
  }

  private static void delete(Path folder) throws IOException {
    List<Path> files;
    try (var entries = Files.list(folder)) {
      files = entries.toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(folder);
  }

  /// Returns the share in percent of the prunable MACs (of the weights, where MACs are not known)
  /// that the written file keeps, counted from its weights.
  ///
  /// @throws IllegalStateException if the share is above the budget
  private static double keptPercent(Network written, PrunedNetwork pruned) {
    long nnz = 0;
    long macs = 0;
    for (Layer layer : Layers.of(written).prunable()) {
      long kept = 0;
      for (float weight : written.tensor(layer.tensor()).toFloats()) {
        kept += weight != 0 ? 1 : 0;
      }
      nnz += kept;
      macs += kept * (pruned.plan().isCounted() ? layer.macsPerWeight() : 0);
    }
    if (nnz > pruned.plan().budget().maxNnz() || macs > pruned.plan().budget().maxMacs()) {
      throw new IllegalStateException(
          "the written file has %d weights and %d MACs, the budget is %s"
              .formatted(nnz, macs, pruned.plan().budget()));
    }
    return pruned.plan().isCounted()
        ? 100.0 * macs / pruned.plan().costs().totalMacs()
        : 100.0 * nnz / pruned.plan().costs().weightCount();
  }

  /// Returns the greatest difference of the outputs, relative to the greatest output.
  private static double parity(Network network, Path file, NoiseSamples samples, Workers workers)
      throws OrtException {
    float[] wanted = samples.onnxRuntime(file);
    Logits found = Evaluation.logits(network, samples, workers);
    double greatest = 0;
    double difference = 0;
    for (int i = 0; i < wanted.length; i++) {
      greatest = Math.max(greatest, Math.abs(wanted[i]));
      double value = found.value(i / found.classes(), i % found.classes());
      difference = Math.max(difference, Math.abs(value - wanted[i]));
    }
    return difference / greatest;
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
