package falcon.spark;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.WorkPlace;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.run.OutputFolder;
import falcon.prune.run.RunDescription;
import falcon.prune.run.RunDirectory;
import falcon.prune.storage.InputPlaces;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One run of a pruner: what is asked for, as text and numbers that can be sent.
///
/// @param macs as `--macs`
/// @param nnz as `--nnz`
/// @param method as `--method`
/// @param samples number of calibration samples, null for the method's own
/// @param steps number of refinement steps of a stage, null for the method's own
/// @param seed master seed
record PruneTask(
    String macs,
    String nnz,
    String method,
    @Nullable Integer samples,
    @Nullable Integer steps,
    long seed)
    implements Serializable {
  /// Runs, and returns the files of the run directory that are a result.
  ///
  /// @param modelFile the network's file, where it can be read here
  LinkedHashMap<String, byte[]> run(
      Path modelFile, Network network, DrawnRows rows, int threads, WorkPlace place) {
    Path scratch;
    try {
      scratch = Files.createTempDirectory("falcon-spark");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      return run(modelFile, network, rows.open(scratch.resolve("data")), scratch, threads, place);
    } finally {
      remove(scratch);
    }
  }

  private LinkedHashMap<String, byte[]> run(
      Path modelFile, Network network, Dataset data, Path scratch, int threads, WorkPlace place) {
    PruningOptions options = options(threads);
    Pruning pruning =
        Falcon.prune(network, data, new BudgetRequest(Amount.parse(macs), NnzRule.parse(nnz)))
            .options(options)
            .place(place);
    RunDescription description =
        RunDescription.builder(pruning.network(), pruning.plan(), options)
            .command("falcon.spark.FalconPruner " + modelFile.getFileName())
            .report(false)
            .build();
    Path folder = scratch.resolve("run");
    var output = new OutputFolder(folder, InputPlaces.of(List.of(), data), false);
    try (RunDirectory directory =
        RunDirectory.open(output, description, RunDirectory.Existing.REFUSE)) {
      PrunedNetwork pruned = pruning.stages(directory.stages()).run();
      directory.write(pruned);
    }
    var files = new LinkedHashMap<String, byte[]>();
    for (String name : List.of("model.onnx", "mask.safetensors", "result.json")) {
      files.put(name, read(folder.resolve(name)));
    }
    return files;
  }

  private PruningOptions options(int threads) {
    return PruningOptions.builder()
        .method(Method.of(method))
        .samples(samples)
        .steps(steps)
        .seed(seed)
        .threads(threads)
        .build();
  }

  /// Reads the network of a result.
  static Network network(byte[] onnx) {
    try {
      Path file = Files.createTempFile("falcon-spark", ".onnx");
      try {
        Files.write(file, onnx);
        return Networks.read(file);
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
