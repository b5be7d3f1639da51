package falcon.benchmarks;

import falcon.benchmarks.solver.Timing;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.zoo.Architecture;
import falcon.torch.Precision;
import falcon.torch.gradient.BackwardPass;
import falcon.torch.gradient.PerSampleGradients;
import falcon.torch.gradient.PerSampleGradients.RowKind;
import falcon.torch.kernel.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The time of per-sample gradients against a plain forward and backward pass of the same samples
/// by the same weights, in turns.
///
/// A call of [PerSampleGradients] loads the network and finds the rows of each sample, which is
/// counted; the plain pass is loaded beforehand.
@Command(
    name = "gradients",
    description =
        "Time of the gradients of single samples, and of a plain forward and backward pass.",
    mixinStandardHelpOptions = true)
final class GradientsTable implements Callable<Integer> {
  private static final RowKind KIND = new RowKind.OutputSigns(1);

  /// Greatest number of samples of the plain pass that a thread runs together: of 64, 32 and 16, 16
  /// costs least on ResNet20 (the results of a batch stay in the cache).
  private static final int MOST_TOGETHER = 16;

  @Parameters(
      paramLabel = "MODEL",
      description = "ONNX file of one float input, or a checkpoint of ResNet20.")
  private Path model = Path.of("model.onnx");

  @Option(names = "--batch", paramLabel = "N", description = "Samples (default: 32).")
  private int batch = 32;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--repetitions", paramLabel = "N", description = "Of each (default: 9).")
  private int repetitions = 9;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean isJson;

  @Override
  public Integer call() throws Exception {
    Network network = Networks.read(model, Architecture.RESNET20);
    List<String> tensors = Layers.of(network).prunable().stream().map(Layer::tensor).toList();
    ImageNoise samples = ImageNoise.of(network, batch);
    int partSize = Math.min(MOST_TOGETHER, Math.ceilDiv(batch, threads));
    try (var workers = new Workers(threads);
        var plain = new BackwardPass(network, tensors, Precision.FLOAT32, workers, partSize)) {
      var rows = new PerSampleGradients(network, tensors, Precision.FLOAT32, workers);
      double difference = difference(plain, rows, samples, tensors.size());
      var single = new double[repetitions];
      var together = new double[repetitions];
      for (int i = 0; i < repetitions; i++) {
        single[i] = Timing.of(0, 1, () -> rows.compute(samples, KIND, (_, _, _) -> {})).median();
        together[i] = Timing.of(0, 1, () -> plain.run(samples, KIND, (_, _) -> {})).median();
      }
      var turns =
          new InTurns(
              model,
              batch,
              threads,
              new InTurns.Way("single samples", "perSample", single),
              new InTurns.Way("forward and backward", "plain", together),
              "sums",
              difference);
      System.out.println(isJson ? turns.json() : turns.text());
    }
    return 0;
  }

  /// Returns the largest difference between a gradient and the sum of the samples' gradients, as a
  /// share of the tensor's largest gradient.
  private static double difference(
      BackwardPass plain, PerSampleGradients rows, ImageNoise samples, int tensors) {
    var sums = new ArrayList<float[]>();
    plain.run(samples, KIND, (_, gradient) -> sums.add(gradient.toArray(ValueLayout.JAVA_FLOAT)));
    var left = new double[tensors][];
    for (int l = 0; l < tensors; l++) {
      left[l] = new double[sums.get(l).length];
    }
    rows.compute(samples, KIND, (layer, _, segment) -> add(left[layer], segment));
    double difference = 0;
    for (int l = 0; l < tensors; l++) {
      double greatest = 0;
      double apart = 0;
      for (int i = 0; i < left[l].length; i++) {
        greatest = Math.max(greatest, Math.abs(sums.get(l)[i]));
        apart = Math.max(apart, Math.abs(left[l][i] - sums.get(l)[i]));
      }
      difference = Math.max(difference, greatest == 0 ? apart : apart / greatest);
    }
    return difference;
  }

  private static void add(double[] sum, MemorySegment rows) {
    synchronized (sum) {
      long values = rows.byteSize() / Float.BYTES;
      for (long i = 0; i < values; i++) {
        sum[(int) (i % sum.length)] += rows.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      }
    }
  }
}
