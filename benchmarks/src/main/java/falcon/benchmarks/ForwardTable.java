package falcon.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import falcon.benchmarks.solver.Timing;
import falcon.model.Network;
import falcon.model.onnx.OnnxFile;
import falcon.torch.execution.ForwardPass;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The time of a forward pass on libtorch against ONNX Runtime: the same batch, in turns, on the
/// same threads.
@Command(
    name = "forward",
    description = "Time of a forward pass on libtorch, and on ONNX Runtime.",
    mixinStandardHelpOptions = true)
final class ForwardTable implements Callable<Integer> {
  private static final long PAUSE_NANOS = 200_000_000;

  @Parameters(paramLabel = "MODEL", description = "ONNX file of one float input and one output.")
  private Path model = Path.of("model.onnx");

  @Option(names = "--batch", paramLabel = "N", description = "Samples (default: 8).")
  private int batch = 8;

  @Option(names = "--threads", paramLabel = "N", description = "Threads; all processors if unset.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--repetitions", paramLabel = "N", description = "Of each (default: 15).")
  private int repetitions = 15;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean isJson;

  @Override
  public Integer call() throws Exception {
    Network network = OnnxFile.read(model);
    String input = network.inputs().getFirst().name();
    SampleBatch samples = ImageNoise.of(network, batch).batch(0, batch);
    float[] values = samples.values();
    List<Long> shape =
        Stream.concat(Stream.of((long) batch), samples.sampleShape().stream()).toList();
    try (var workers = new Workers(threads);
        var own = new ForwardPass(network, workers, Math.ceilDiv(batch, threads));
        var options = options();
        OrtSession session =
            OrtEnvironment.getEnvironment().createSession(model.toString(), options)) {
      double difference = difference(own.run(samples), outputs(session, input, values, shape));
      var libtorch = new double[repetitions];
      var runtime = new double[repetitions];
      for (int i = 0; i < repetitions; i++) {
        libtorch[i] = Timing.of(0, 1, ForwardTable::pause, () -> own.run(samples)).median();
        runtime[i] =
            Timing.of(0, 1, ForwardTable::pause, () -> outputs(session, input, values, shape))
                .median();
      }
      var turns =
          new InTurns(
              model,
              batch,
              threads,
              new InTurns.Way("libtorch", "libtorch", libtorch),
              new InTurns.Way("ONNX Runtime", "onnxRuntime", runtime),
              "outputs",
              difference);
      System.out.println(isJson ? turns.json() : turns.text());
    }
    return 0;
  }

  /// Waits until the other's threads have stopped spinning for more work.
  private static void pause() {
    LockSupport.parkNanos(PAUSE_NANOS);
  }

  private OrtSession.SessionOptions options() throws OrtException {
    var options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    return options;
  }

  private static float[] outputs(
      OrtSession session, String input, float[] values, List<Long> shape) {
    long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(
                OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), sizes);
        OrtSession.Result result = session.run(Map.of(input, tensor))) {
      return ((OnnxTensor) result.get(0)).getFloatBuffer().array();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
    }
  }

  /// Returns the largest difference as a share of the largest number.
  private static double difference(float[] own, float[] theirs) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < theirs.length; i++) {
      largest = Math.max(largest, Math.abs(theirs[i]));
      difference = Math.max(difference, Math.abs(own[i] - theirs[i]));
    }
    return difference / largest;
  }
}
