package falcon.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import falcon.prune.Falcon;
import falcon.prune.Pruning;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.torch.kernel.Workers;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The table of `docs/results/ablation.md`: the effect of each part of the method, on held-out
/// training images. The test split is not read.
@Command(
    name = "ablation",
    description = "What each part of the method is worth on ResNet20.",
    mixinStandardHelpOptions = true)
final class AblationTable implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL", description = "ResNet20 checkpoint.")
  private Path model = Path.of("");

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "CIFAR-10.")
  private Path data = Path.of("");

  @Option(
      names = "--macs",
      split = ",",
      paramLabel = "P",
      description = "Budgets; 30%,20%,10% if unset.")
  private List<String> macs = List.of("30%", "20%", "10%");

  @Option(names = "--only", paramLabel = "GROUP", description = "Only rows whose group starts so.")
  private @Nullable String only;

  @Option(names = "--seeds", paramLabel = "N", description = "Seeds 1 to N; 1 if unset.")
  private int seeds = 1;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  private AblationTable() {}

  @Override
  public Integer call() throws Exception {
    Network dense = Networks.read(model, Architecture.RESNET20);
    Dataset dataset = Datasets.open(data);
    System.out.println(
        "| group | what | MACs | error | agreement | validation | weights kept | processor seconds |\n|---|---|---|---|---|---|---|---|");
    Stream.of(AblationVariants.singleStage(), AblationVariants.severalStages())
        .flatMap(List::stream)
        .filter(variant -> only == null || variant.group().startsWith(only))
        .forEach(variant -> macs.forEach(share -> print(variant, share, dense, dataset)));
    return 0;
  }

  private void print(AblationVariants.Variant variant, String share, Network dense, Dataset data) {
    double[] sums = new double[5];
    for (int seed = 1; seed <= seeds; seed++) {
      double[] row = measure(variant, share, seed, dense, data);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += row[i] / seeds;
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %.3f | %.2f | %.2f | %.2f %% | %.1f |%n",
        variant.group(),
        variant.what(),
        share,
        sums[0],
        sums[1],
        sums[2],
        sums[3],
        sums[4]);
  }

  private double[] measure(
      AblationVariants.Variant variant, String share, long seed, Network dense, Dataset data) {
    PruningOptions.Builder options =
        PruningOptions.builder()
            .seed(seed)
            .threads(threads)
            .batchNorm(variant.batchNorm())
            .method(variant.stages() == 1 ? Method.FALCON : Method.FALCON_PLUS_PLUS);
    if (variant.stages() > 1) {
      options.stages(variant.stages());
    }
    variant.adjust().accept(options);
    double macsShare = Double.parseDouble(share.replace("%", "")) / 100;
    NnzRule nnz =
        variant.nnzPerMacs() == 0
            ? new NnzRule.Free()
            : new NnzRule.Limit(new Amount.Share(Math.min(1, variant.nnzPerMacs() * macsShare)));
    Amount limit = new Amount.Share(variant.isMacsFree() ? 1 : macsShare);
    Pruning pruning =
        Falcon.prune(dense, data, new BudgetRequest(limit, nnz))
            .options(options.build())
            .test(false);
    if (variant.method() != null) {
      pruning.method(variant.method());
    }
    long start = processorNanoseconds();
    PrunedNetwork pruned = pruning.run();
    double seconds = (processorNanoseconds() - start) / 1e9;
    try (var workers = new Workers(threads)) {
      OutputError error =
          OutputError.of(
              dense,
              pruned.network(),
              data.trainImages(),
              Preprocessing.defaultsOf(data.layout()),
              workers);
      return new double[] {
        error.meanSquare(),
        error.agreement(),
        Objects.requireNonNull(pruned.report().validation()).finalAccuracy(),
        100.0 * pruned.mask().keptCount() / pruned.mask().weightCount(),
        seconds
      };
    }
  }

  /// Returns the processor time of all threads, which other work on the machine hardly changes.
  private static long processorNanoseconds() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
