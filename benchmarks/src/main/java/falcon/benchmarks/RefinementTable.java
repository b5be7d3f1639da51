package falcon.benchmarks;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.data.Dataset;
import falcon.data.Splits;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.Falcon;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.evaluation.Judge;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.method.WeightVector;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.plan.Defaults;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.BatchNormRefresh;
import falcon.torch.training.Objective;
import falcon.torch.training.Optimizer;
import falcon.torch.training.Refinement;
import falcon.torch.training.Training;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The tables of `docs/results/refinement.md`: what more steps do for a classifier that is pruned
/// already, on held-out training samples. The test split is not read.
@Command(
    name = "refinement",
    description = "What more steps on a pruned classifier are worth.",
    mixinStandardHelpOptions = true)
final class RefinementTable implements Callable<Integer> {
  private static final int DISTILLED_BATCH = 64;
  private static final int STATISTICS_SAMPLES = 2_048;
  private static final double JUDGED_TEMPERATURE = 4;

  @Parameters(index = "0", paramLabel = "DENSE", description = "The dense network.")
  private Path dense = Path.of("");

  @Parameters(index = "1", paramLabel = "PRUNED", description = "The same network, pruned.")
  private Path pruned = Path.of("");

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "Its samples.")
  private Path data = Path.of("");

  @Option(
      names = "--refine",
      paramLabel = "STEPS:RATE:FEATURES",
      description = "A row: steps of the refinement, its rate, the weight of its features' term.")
  private List<String> refined = List.of();

  @Option(
      names = "--distil",
      paramLabel = "IMAGES:OPTIMIZER:RATE:TEMPERATURE:FEATURES:START",
      description =
          "A row: images, sgd or adamw, the rate, the temperature (0: squared error of the outputs), the"
              + " weight of the features' term, dense"
              + " or pruned weights to start from.")
  private List<String> distilled = List.of();

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  private RefinementTable() {}

  @Override
  public Integer call() throws Exception {
    Dataset samples = Datasets.open(data);
    try (var workers = new Workers(threads)) {
      var table =
          new Table(Networks.read(dense, null), Networks.read(pruned, null), samples, workers);
      System.out.println("| row | accuracy | KL | error | seconds |\n|---|---|---|---|---|");
      table.print("before", table.pruned, System.nanoTime());
      for (String row : refined) {
        String[] words = words(row, 3);
        long start = System.nanoTime();
        Network after =
            table.refined(
                Integer.parseInt(words[0]),
                Double.parseDouble(words[1]),
                Double.parseDouble(words[2]));
        table.print("refine " + row, after, start);
      }
      for (String row : distilled) {
        long start = System.nanoTime();
        Network after = table.distilled(words(row, 6));
        table.print("distil " + row, after, start);
      }
    }
    return 0;
  }

  private static String[] words(String row, int count) {
    String[] words = row.split(":", -1);
    if (words.length != count) {
      throw new IllegalArgumentException(
          "'%s' has %d parts, wanted are %d".formatted(row, words.length, count));
    }
    return words;
  }

  /// The networks and samples of all rows.
  private static final class Table {
    private final Network dense;
    private final Network pruned;
    private final NetworkWithData match;
    private final CalibrationSamples samples;
    private final SampleSource heldOut;
    private final Workers workers;
    private final Map<String, BitSet> kept;

    /// The dense weights on the pruned network's mask.
    private final Network masked;

    Table(Network dense, Network pruned, Dataset data, Workers workers) {
      this.dense = dense;
      this.pruned = pruned;
      this.match = NetworkWithData.of(dense, data, null, Loss.AUTO);
      this.samples = new CalibrationSamples(match, Splits.of(data.train()), 1);
      this.heldOut = samples.validation();
      this.workers = workers;
      CostTable costs = Falcon.prune(dense, data, BudgetRequest.macs(1.0)).plan().costs();
      Mask mask = WeightVector.nonZero(pruned, costs);
      this.kept = WeightVector.kept(mask, costs);
      this.masked = WeightVector.into(dense, WeightVector.of(dense, costs), mask, costs);
    }

    Network refined(int steps, double rate, double features) {
      List<String> tensors = List.copyOf(kept.keySet());
      return new Refinement(
              dense,
              tensors,
              List.of(),
              new Refinement.Options(Defaults.BATCH, rate, Defaults.OUTPUT_WEIGHT, features),
              BatchNormRefresh.DEFAULT_BYTES,
              workers)
          .refine(
              pruned,
              tensors,
              samples.draw("refinement", 0, steps * Defaults.BATCH),
              true,
              (_, _) -> {});
    }

    Network distilled(String... words) {
      int images = Integer.parseInt(words[0]);
      double temperature = Double.parseDouble(words[3]);
      var options =
          new Training.Options(
              1,
              DISTILLED_BATCH,
              new Training.Rate(Double.parseDouble(words[2]), Training.Decay.COSINE, 0.05),
              new Training.Steps(Optimizer.valueOf(words[1].toUpperCase(Locale.ROOT)), 0.9, 5e-4));
      try (var objective = distance(temperature, Double.parseDouble(words[4]))) {
        Network trained =
            new Training(options, workers)
                .train(
                    words[5].equals("dense") ? masked : pruned,
                    new Training.Scope(kept, Set.of(), BatchNormRefresh.DEFAULT_BYTES),
                    objective,
                    epoch -> samples.draw("retraining", epoch, images),
                    (_, _, _, _) -> {});
        return BatchNormRefresh.refresh(
            trained, samples.draw("BatchNormalization", 0, STATISTICS_SAMPLES), workers);
      }
    }

    private Objective distance(double temperature, double features) {
      return Objective.towards(
          dense,
          temperature == 0 ? Objective.Outputs.NUMBERS : Objective.Outputs.LOGITS,
          new Objective.Parts(1, features, 0, temperature == 0 ? 1 : temperature),
          List.copyOf(kept.keySet()),
          heldOut);
    }

    void print(String row, Network network, long start) {
      double seconds = (System.nanoTime() - start) / 1e9;
      double divergence;
      try (var objective = distance(JUDGED_TEMPERATURE, 0)) {
        divergence = objective.mean(network, heldOut, SampleChunks.DEFAULT_SIZE, workers);
      }
      System.out.printf(
          Locale.ROOT,
          "| %s | %.2f | %.3f | %.2f | %.0f |%n",
          row,
          new Judge(match.measure(), match.network(), heldOut, workers).of(network).percent(),
          divergence,
          100 - SampleLosses.outputErrors(dense, network, heldOut, workers).percent(),
          seconds);
    }
  }
}
