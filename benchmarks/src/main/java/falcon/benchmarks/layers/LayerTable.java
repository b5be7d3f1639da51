package falcon.benchmarks.layers;

import falcon.runtime.kernel.LayerChoice;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The table of layers of `docs/results/runtime.md`: sparse layers in `falcon.runtime` against the
/// dense layer in ONNX Runtime, one thread each, in turns in one process.
///
/// Times are processor time of the calling thread, so that other processes disturb less.
@Command(
    name = "layers",
    description = "Speed of single sparse layers against ONNX Runtime's dense ones.",
    mixinStandardHelpOptions = true)
public final class LayerTable implements Callable<Integer> {
  private static final double TOLERANCE = 1e-4;
  private static final double NANOS = 1e9;

  @Option(names = "--only", paramLabel = "TEXT", description = "Layers whose name contains it.")
  private String only = "";

  @Option(
      names = "--densities",
      split = ",",
      paramLabel = "P",
      description = "Percent of weights kept (default: 100,50,30,20,10,5).")
  private List<Double> densities = List.of(100.0, 50.0, 30.0, 20.0, 10.0, 5.0);

  @Option(names = "--rounds", paramLabel = "N", description = "Of each in turn (default: 15).")
  private int rounds = 15;

  @Option(names = "--choice", paramLabel = "KERNEL", description = "AUTO (default), SCATTERED, …")
  private LayerChoice choice = LayerChoice.AUTO;

  @Option(names = "--warm-up", paramLabel = "S", description = "Seconds of each (default: 1).")
  private double warmUpSeconds = 1;

  @Option(names = "--round", paramLabel = "S", description = "Seconds of a round (default: 0.01).")
  private double roundSeconds = 0.01;

  private double peak;

  /// One of the ways to compute a layer.
  private static final class Way {
    private final Runnable work;
    private final double share;
    private final List<Double> seconds = new ArrayList<>();
    private int calls = 1;

    /// @param share layers of a call
    Way(Runnable work, double share) {
      this.work = work;
      this.share = share;
    }

    private void time() {
      long start = processorNanos();
      for (int i = 0; i < calls; i++) {
        work.run();
      }
      seconds.add((processorNanos() - start) / NANOS / calls / share);
    }

    private void warmUp(double warmUpSeconds, double roundSeconds) {
      long start = processorNanos();
      int runs = 0;
      while (runs < 3 || processorNanos() - start < warmUpSeconds * NANOS) {
        work.run();
        runs++;
      }
      double each = (processorNanos() - start) / NANOS / runs;
      calls = (int) Math.max(1, roundSeconds / each);
    }

    private double median() {
      return quantile(0.5);
    }

    private double quantile(double share) {
      double[] sorted = seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return sorted[(int) Math.round(share * (sorted.length - 1))];
    }
  }

  private static long processorNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  @Override
  public Integer call() throws Exception {
    peak = PeakRate.measure();
    System.out.printf(
        Locale.ROOT,
        "%s, Java %s, one thread, peak %.1f G multiply-accumulates/s, medians of %d rounds"
            + " (quartiles)%n%n",
        System.getProperty("os.arch"),
        Runtime.version(),
        peak / NANOS,
        rounds);
    for (boolean isBlocks : new boolean[] {false, true}) {
      System.out.print(header(isBlocks));
      for (LayerSpec layer : LayerSpec.all()) {
        if (layer.name().contains(only) && (!isBlocks || layer.shape().groups() == 1)) {
          System.out.println(row(layer, isBlocks));
        }
      }
      System.out.println();
    }
    return 0;
  }

  private String header(boolean isBlocks) {
    var text = new StringBuilder(isBlocks ? "| blocks of four " : "| scattered ");
    text.append("| ONNX Runtime, dense: ms (of peak) ");
    densities.forEach(d -> text.append(String.format(Locale.ROOT, "| %.0f %% ", d)));
    return text.append("|\n|---|---")
        .append("|---".repeat(densities.size()))
        .append("|\n")
        .toString();
  }

  private String row(LayerSpec layer, boolean isBlocks) throws Exception {
    List<Way> dense = new ArrayList<>();
    List<Way> sparse = new ArrayList<>();
    List<SparseLayer> layers = new ArrayList<>();
    List<DenseReference> references = new ArrayList<>();
    try {
      float[] full = layer.weights(1, isBlocks);
      for (DenseReference.Form form : DenseReference.FORMS) {
        var reference = new DenseReference(layer, full, form, 1);
        references.add(reference);
        dense.add(new Way(reference::run, reference.layers()));
      }
      for (double density : densities) {
        var weights = layer.weights(density / 100, isBlocks);
        var one = new SparseLayer(layer, weights, choice);
        layers.add(one);
        sparse.add(new Way(one::run, 1));
        check(layer, weights, one);
      }
      List<Way> all = new ArrayList<>(dense);
      all.addAll(sparse);
      for (Way way : all) {
        way.warmUp(warmUpSeconds, roundSeconds);
      }
      for (int i = 0; i < rounds; i++) {
        all.forEach(Way::time);
      }
      return row(layer, dense, sparse, layers);
    } finally {
      layers.forEach(SparseLayer::close);
      for (DenseReference reference : references) {
        reference.close();
      }
    }
  }

  private static void check(LayerSpec layer, float[] weights, SparseLayer sparse) throws Exception {
    sparse.run();
    float[] computed = sparse.outputs(layer);
    try (var reference = new DenseReference(layer, weights, DenseReference.FORMS.getFirst(), 1)) {
      reference.run();
      float[] expected = reference.outputs();
      for (int i = 0; i < expected.length; i++) {
        if (!(Math.abs(computed[i] - expected[i])
            <= TOLERANCE * Math.max(1, Math.abs(expected[i])))) {
          throw new IllegalStateException(
              "%s: output %d is %s, ONNX Runtime's %s"
                  .formatted(layer.name(), i, computed[i], expected[i]));
        }
      }
    }
  }

  private String row(LayerSpec layer, List<Way> dense, List<Way> sparse, List<SparseLayer> layers) {
    double macs = (double) layer.shape().macs() * layer.images();
    Way best = dense.getFirst();
    for (Way way : dense) {
      best = way.median() < best.median() ? way : best;
    }
    var text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "| %s | %.4f (%.0f %%) ",
            layer.name(),
            1e3 * best.median(),
            100 * macs / best.median() / peak));
    for (int i = 0; i < sparse.size(); i++) {
      Way way = sparse.get(i);
      double rate = layers.get(i).report().macs() / way.median() / peak;
      text.append(
          String.format(
              Locale.ROOT,
              "| %.2f (%.2f–%.2f), %.0f %% %s%d ",
              best.median() / way.median(),
              best.median() / way.quantile(0.75),
              best.median() / way.quantile(0.25),
              100 * rate,
              layers.get(i).report().choice().name().charAt(0),
              layers.get(i).report().bits()));
    }
    return text.append("|").toString();
  }
}
