package falcon.benchmarks;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.model.Layers;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.BudgetRequest;
import falcon.prune.Falcon;
import falcon.prune.PrunedNetwork;
import falcon.torch.Evaluation;
import falcon.torch.Logits;
import falcon.torch.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The rows of the model suite in `docs/results/models.md`: each network read, compared with ONNX Runtime,
/// pruned to half its MACs by magnitude, written, read and compared again.
@Command(
    name = "models",
    description = "The networks of `models/make.py --full DIR`, all the way through.",
    mixinStandardHelpOptions = true)
final class ModelTable implements Callable<Integer> {
  private static final int SAMPLES = 2;
  private static final double SHARE = 0.5;

  @Parameters(paramLabel = "DIR", description = "Folder with suite.json and the networks.")
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @Option(names = "--only", paramLabel = "NAME", description = "Only the network of that name.")
  private @Nullable String only;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws IOException, OrtException {
    System.out.println(
        "| network | opset | nodes | weights | MACs | of these fixed | import s | parity | prune s | MACs kept | parity after |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
    try (var workers = new Workers(threads)) {
      for (JsonNode entry : new ObjectMapper().readTree(folder.resolve("suite.json").toFile())) {
        String name = entry.get("name").textValue();
        Path file = folder.resolve(name + ".onnx");
        if ((only == null || only.equals(name)) && Files.exists(file)) {
          System.out.println(row(name, file, new NoiseSamples(entry, SAMPLES), workers));
        }
      }
    }
    return 0;
  }

  private String row(String name, Path file, NoiseSamples samples, Workers workers)
      throws IOException, OrtException {
    long start = System.nanoTime();
    Network network = Networks.read(file);
    double importSeconds = secondsSince(start);
    Layers layers = Layers.of(network);
    double parity = parity(network, file, samples, workers);
    start = System.nanoTime();
    PrunedNetwork pruned = Falcon.prune(network, BudgetRequest.macs(SHARE)).run();
    double pruneSeconds = secondsSince(start);
    Path written = Files.createTempFile("pruned", ".onnx");
    try {
      Networks.write(pruned.network(), written);
      double after = parity(Networks.read(written), written, samples, workers);
      return "| %s | %d | %,d | %,d | %,d | %,d | %.2f | %.1e | %.2f | %.4f %% | %.1e |"
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
              pruned.report().macs().percent(),
              after);
    } finally {
      Files.deleteIfExists(written);
    }
  }

  /// Greatest difference of the outputs, relative to the greatest output.
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
