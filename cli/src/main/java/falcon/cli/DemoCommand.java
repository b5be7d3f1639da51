package falcon.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.option.OutputOptions;
import falcon.cli.option.ThreadOptions;
import falcon.cli.output.Console;
import falcon.cli.output.ConsoleProgress;
import falcon.cli.output.JsonText;
import falcon.cli.output.Table;
import falcon.cli.process.ExitCode;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layers;
import falcon.prune.Evaluator;
import falcon.prune.Falcon;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prunes the shipped network by every method.
@Command(
    name = "demo",
    description =
        "Prunes the network that comes along by every method and compares them; about 3 minutes.")
final class DemoCommand implements Callable<Integer> {
  private static final double MACS_SHARE = 0.20;
  private static final String NETWORK = "resnet20_fmnist.safetensors";
  private static final String DATA = "fashion-mnist";

  private final Console console;
  private final Interruption interruption;

  @Mixin private final ThreadOptions threads = new ThreadOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  DemoCommand(Console console, Interruption interruption) {
    this.console = console;
    this.interruption = interruption;
  }

  @Override
  public Integer call() {
    interruption.advise(() -> "The demo writes nothing; start it again at any time.");
    Path folder = Path.of(System.getProperty("falcon.home", ".")).resolve("demo");
    Path file = folder.resolve(NETWORK);
    Network network = Networks.read(file);
    Dataset data = Datasets.open(folder.resolve(DATA));
    Preprocessing told = Preprocessing.fromMetadata(file, network.metadata());
    Preprocessing preprocessing = told == null ? Preprocessing.defaultsOf(data.layout()) : told;
    var evaluator = new Evaluator(data, preprocessing, threads.count());
    Layers layers = Layers.of(network);

    var table =
        new Table("method", ">test accuracy", ">weights kept", ">MACs kept", ">share", ">seconds");
    ObjectNode json = JsonText.document();
    ArrayNode rows = json.putArray("methods");
    Double ratio = null;
    try (var progress = ConsoleProgress.start(console, output.volume())) {
      progress.note(
          "ResNet20 on Fashion-MNIST (28×28, grey), pruned to %.0f %% of its %,d MACs"
              .formatted(100 * MACS_SHARE, layers.prunableMacs()));
      double dense = evaluator.evaluate(network, Evaluator.Part.TEST, progress).accuracy();
      row(table, rows, "dense", dense, layers.prunableWeights(), layers.prunableMacs(), layers, 0);
      for (Method method : List.of(Method.MAGNITUDE, Method.FALCON, Method.FALCON_PLUS_PLUS)) {
        progress.note(method.id());
        long begin = System.nanoTime();
        PrunedNetwork pruned =
            Falcon.prune(network, data, BudgetRequest.macs(MACS_SHARE))
                .options(PruningOptions.builder().method(method).threads(threads.count()).build())
                .preprocessing(preprocessing)
                .progress(progress)
                .test(false)
                .run();
        double seconds = (System.nanoTime() - begin) / 1e9;
        double accuracy =
            evaluator.evaluate(pruned.network(), Evaluator.Part.TEST, progress).accuracy();
        row(
            table,
            rows,
            method.id(),
            accuracy,
            pruned.mask().keptCount(),
            pruned.mask().macs(pruned.plan().costs()),
            layers,
            seconds);
        if (method == Method.FALCON_PLUS_PLUS) {
          progress.note("speed");
          ratio = DemoSpeed.ratio(pruned.network(), network);
          json.put("speed", ratio);
        }
      }
    }
    console.result(output.isJson() ? JsonText.of(json) : table + speed(ratio) + NEXT);
    return ExitCode.DONE;
  }

  private static void row(
      Table table,
      ArrayNode rows,
      String method,
      double accuracy,
      long nnz,
      long macs,
      Layers layers,
      double seconds) {
    table.row(
        method,
        "%.2f %%".formatted(accuracy),
        "%,d".formatted(nnz),
        "%,d".formatted(macs),
        "%.2f %%".formatted(100.0 * macs / layers.prunableMacs()),
        seconds == 0 ? "–" : "%.1f".formatted(seconds));
    rows.addObject()
        .put("method", method)
        .put("accuracy", accuracy)
        .put("nnz", nnz)
        .put("macs", macs)
        .put("seconds", seconds);
  }

  private static String speed(@Nullable Double ratio) {
    return ratio == null
        ? ""
        : "%n%nfalcon++ on one thread, image by image: %.2f times as fast in falcon.runtime as the dense network in ONNX Runtime."
            .formatted(ratio);
  }

  private static final String NEXT =
      """


      All 10,000 test images, no retraining. What next, with your own network:
        ./falcon inspect  net.onnx
        ./falcon prune    net.onnx --data DIR --macs 30% --out runs/r30
        ./falcon prune    --help
        ./falcon bench    runs/r30
      Zeros alone make most other runtimes no faster; README.md says which ones use them.\
      """;
}
