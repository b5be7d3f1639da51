package falcon.benchmarks;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.NamedArrays;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.data.Seeds;
import falcon.data.Split;
import falcon.data.SplitReader;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import falcon.prune.Falcon;
import falcon.prune.evaluation.Judge;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The rows of one network in the tables of `docs/results/few-samples.md`: each method on a few
/// training samples, judged on other training samples. The test split is not read.
@Command(
    name = "few-samples",
    description = "How well each method prunes a network on few training samples.",
    mixinStandardHelpOptions = true)
final class FewSamplesTable implements Callable<Integer> {
  private static final String LABEL = "few samples";

  @Parameters(index = "0", paramLabel = "MODEL", description = "Network, or ResNet20 checkpoint.")
  private Path model = Path.of("");

  @Option(names = "--data", required = true, paramLabel = "PATH", description = "Its samples.")
  private Path data = Path.of("");

  @Option(names = "--mean", split = ",", paramLabel = "X", description = "As of falcon prune.")
  private @Nullable List<Double> mean;

  @Option(names = "--deviation", split = ",", paramLabel = "X", description = "Likewise.")
  private @Nullable List<Double> deviation;

  @Option(names = "--loss", paramLabel = "NAME", description = "labels, self, outputs or auto.")
  private String loss = "auto";

  @Option(
      names = "--samples",
      split = ",",
      paramLabel = "N",
      description = "Training samples in all, held-out ones included; 16,32,64,128,512 if unset.")
  private List<Integer> counts = List.of(16, 32, 64, 128, 512);

  @Option(names = "--macs", split = ",", paramLabel = "P", description = "50%,30% if unset.")
  private List<String> macs = List.of("50%", "30%");

  @Option(
      names = "--methods",
      split = ",",
      paramLabel = "NAME",
      description = "magnitude,falcon if unset; the first is what others are compared with.")
  private List<String> methods = List.of("magnitude", "falcon");

  @Option(names = "--seeds", paramLabel = "N", description = "Seeds 1 to N; 1 if unset.")
  private int seeds = 1;

  @Option(names = "--judged", paramLabel = "N", description = "Other samples; 1000 if unset.")
  private int judged = 1000;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  private FewSamplesTable() {}

  @Override
  public Integer call() throws Exception {
    Network dense = Networks.read(model, isNetwork() ? null : Architecture.RESNET20);
    Dataset all = Datasets.open(data);
    System.out.println(
        "| samples | MACs | seed | method | fidelity, others | accuracy or agreement, others | held"
            + " out says | of | interval | against the first |\n"
            + "|---|---|---|---|---|---|---|---|---|---|");
    for (int count : counts) {
      for (int seed = 1; seed <= seeds; seed++) {
        Dataset part = part(all, count, seed);
        for (String share : macs) {
          print(dense, part, count, share, seed);
        }
      }
    }
    return 0;
  }

  private boolean isNetwork() {
    return model.toString().endsWith(".onnx");
  }

  /// Returns a data set whose training split has `count` samples, and whose test split has other
  /// samples of the training split.
  private Dataset part(Dataset all, int count, long seed) {
    Samples train = all.train();
    int[] order = shuffled(train.count(), Seeds.of(seed, LABEL, 0));
    Samples few = select(train, Arrays.copyOfRange(order, judged, judged + count));
    Samples others = select(train, Arrays.copyOf(order, judged));
    var reader =
        new SplitReader() {
          @Override
          public boolean has(Split split) {
            return true;
          }

          @Override
          public Samples read(Split split) {
            return split == Split.TRAIN ? few : others;
          }

          @Override
          public List<Path> files() {
            return all.files();
          }
        };
    Dataset.ImageShape shape =
        train instanceof Images images
            ? new Dataset.ImageShape(images.channels(), images.height(), images.width())
            : null;
    Integer classes = all.isLabelled() ? all.classes() : null;
    return new Dataset(all.directory(), all.layout(), reader, shape, classes);
  }

  private static Samples select(Samples samples, int... indexes) {
    return switch (samples) {
      case Images images -> images.select(indexes);
      case NamedArrays arrays -> arrays.select(indexes);
    };
  }

  private static int[] shuffled(int count, SplittableRandom random) {
    var order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private void print(Network dense, Dataset part, int count, String share, long seed) {
    NetworkWithData match = NetworkWithData.of(dense, part, preprocessing(part), loss());
    SampleSource others = match.plain(part.test());
    Judged first = null;
    for (String method : methods) {
      PrunedNetwork pruned = prune(dense, part, method, share, seed);
      Judged here;
      try (var workers = new Workers(threads)) {
        here =
            new Judged(
                SampleLosses.outputErrors(match.network(), pruned.network(), others, workers),
                match.measure() == Measure.FIDELITY
                    ? null
                    : new Judge(match.measure(), match.network(), others, workers)
                        .of(pruned.network()));
      }
      Report.HeldOut heldOut = Objects.requireNonNull(pruned.report().heldOut());
      System.out.printf(
          Locale.ROOT,
          "| %d | %s | %d | %s | %.2f | %s | %.2f | %d | %s | %s |%n",
          count,
          share,
          seed,
          method,
          here.errors.percent(),
          here.measured == null ? "–" : "%.2f".formatted(here.measured.percent()),
          Objects.requireNonNull(pruned.report().validation()).finalAccuracy(),
          heldOut.samples(),
          heldOut.low() == null || heldOut.high() == null
              ? "–"
              : "%.1f … %.1f".formatted(heldOut.low(), heldOut.high()),
          first == null ? "" : here.against(first));
      first = first == null ? here : first;
    }
  }

  private PrunedNetwork prune(Network dense, Dataset part, String method, String share, long seed) {
    var limit = new Amount.Share(Double.parseDouble(share.replace("%", "")) / 100);
    PruningOptions options =
        PruningOptions.builder()
            .method(
                Arrays.stream(Method.values())
                    .filter(named -> named.id().equals(method))
                    .findFirst()
                    .orElseThrow())
            .loss(loss())
            .seed(seed)
            .threads(threads)
            .build();
    return Falcon.prune(dense, part, new BudgetRequest(limit, new NnzRule.Auto()))
        .options(options)
        .preprocessing(preprocessing(part))
        .test(false)
        .run();
  }

  private Loss loss() {
    return Loss.valueOf(loss.toUpperCase(Locale.ROOT));
  }

  /// Returns null for the default of network and data.
  private @Nullable Preprocessing preprocessing(Dataset part) {
    if (mean == null || deviation == null) {
      return null;
    }
    Preprocessing usual = Preprocessing.defaultsOf(part.layout(), part.channels());
    return Preprocessing.of(mean, deviation, usual.border(), usual.isFlipped());
  }

  /// A pruned network on the other samples.
  ///
  /// @param measured null where the errors are what it is judged by
  private record Judged(SampleLosses errors, @Nullable SampleLosses measured) {
    /// Returns in which way this is better or worse than another one, beyond chance.
    String against(Judged other) {
      String byErrors = verdict(errors, other.errors);
      return measured == null || other.measured == null
          ? byErrors
          : byErrors + ", " + verdict(measured, other.measured);
    }

    private static String verdict(SampleLosses here, SampleLosses other) {
      return here.isWorseThan(other) ? "worse" : other.isWorseThan(here) ? "better" : "same";
    }
  }
}
