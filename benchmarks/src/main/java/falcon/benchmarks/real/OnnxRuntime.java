package falcon.benchmarks.real;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/// A network in ONNX Runtime, run sample by sample, since many exports fix the number of examples
/// to one.
final class OnnxRuntime implements AutoCloseable {
  private final OrtSession session;

  /// Values of the inputs that are the same for all samples.
  private final Map<String, Constant> constants;

  /// An input's value that is the same for all samples.
  ///
  /// @param shape shape of the value, with the axis of examples
  /// @param isWhole whether the input takes integers (INT64), not FLOAT32
  /// @param value every element
  record Constant(List<Long> shape, boolean isWhole, float value) {}

  OnnxRuntime(Path file, Map<String, Constant> constants) throws OrtException {
    this.constants = constants;
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(Runtime.getRuntime().availableProcessors());
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
    }
  }

  /// Returns the first output of floating-point numbers, one array for each sample.
  List<float[]> outputs(SampleSet samples) throws OrtException {
    var outputs = new ArrayList<float[]>();
    for (int i = 0; i < samples.count(); i++) {
      var values = new LinkedHashMap<String, OnnxTensor>();
      for (Column column : samples.columns()) {
        long[] shape =
            LongStream.concat(LongStream.of(1), LongStream.of(sizes(column.shape()))).toArray();
        // With one input, names do not matter.
        String name =
            samples.columns().size() == 1 && constants.isEmpty()
                ? session.getInputNames().iterator().next()
                : column.name();
        values.put(name, tensor(column.values().get(i), shape, column.isWhole()));
      }
      outputs.add(run(values));
    }
    return outputs;
  }

  /// Returns the first output of floating-point numbers for the network's only input.
  float[] output(float[] input, long... shape) throws OrtException {
    var values = new LinkedHashMap<String, OnnxTensor>();
    values.put(session.getInputNames().iterator().next(), tensor(input, shape, false));
    return run(values);
  }

  private float[] run(Map<String, OnnxTensor> values) throws OrtException {
    for (Map.Entry<String, Constant> constant : constants.entrySet()) {
      long[] shape = sizes(constant.getValue().shape());
      var filled = new float[Math.toIntExact(LongStream.of(shape).reduce(1, (a, b) -> a * b))];
      Arrays.fill(filled, constant.getValue().value());
      values.put(constant.getKey(), tensor(filled, shape, constant.getValue().isWhole()));
    }
    try (OrtSession.Result result = session.run(values)) {
      for (NodeInfo output : session.getOutputInfo().values()) {
        if (output.getInfo() instanceof TensorInfo info && info.type == OnnxJavaType.FLOAT) {
          return ((OnnxTensor) result.get(output.getName()).orElseThrow()).getFloatBuffer().array();
        }
      }
      throw new IllegalStateException("no output of floating-point numbers");
    } finally {
      values.values().forEach(OnnxTensor::close);
    }
  }

  private static long[] sizes(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  private static OnnxTensor tensor(float[] values, long[] shape, boolean isWhole)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    if (!isWhole) {
      return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }
    var longs = new long[values.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = (long) values[i];
    }
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(longs), shape);
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
