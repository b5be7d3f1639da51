package falcon.cli.speed;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.prune.options.PruningException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A network in ONNX Runtime on the CPU, with its usual optimisations.
final class OnnxRuntimeEngine implements Engine {
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs;

  private OnnxRuntimeEngine(OrtSession session, Map<String, OnnxTensor> inputs) {
    this.session = session;
    this.inputs = inputs;
  }

  /// Loads a network.
  ///
  /// @param file an ONNX file
  /// @param threads threads within an operator
  /// @throws PruningException if ONNX Runtime does not take the network or its inputs
  static OnnxRuntimeEngine load(Path file, Map<String, Tensor> inputs, int threads) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    var values = new LinkedHashMap<String, OnnxTensor>();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
        values.put(input.getKey(), value(environment, input.getValue()));
      }
      return new OnnxRuntimeEngine(environment.createSession(file.toString(), options), values);
    } catch (OrtException e) {
      values.values().forEach(OnnxTensor::close);
      throw refused(e);
    }
  }

  private static PruningException refused(OrtException e) {
    return new PruningException(
        PruningException.Kind.INPUT,
        "ONNX Runtime does not run the network: %s".formatted(e.getMessage()),
        e);
  }

  @Override
  public void run() {
    try (OrtSession.Result _ = session.run(inputs)) {
      return;
    } catch (OrtException e) {
      throw refused(e);
    }
  }

  @Override
  public Map<String, Tensor> outputs() {
    var outputs = new LinkedHashMap<String, Tensor>();
    try (OrtSession.Result result = session.run(inputs)) {
      for (Map.Entry<String, OnnxValue> output : result) {
        if (output.getValue() instanceof OnnxTensor tensor
            && tensor.getInfo().type == OnnxJavaType.FLOAT) {
          outputs.put(output.getKey(), floats(tensor));
        }
      }
      return outputs;
    } catch (OrtException e) {
      throw refused(e);
    }
  }

  private static Tensor floats(OnnxTensor tensor) {
    TensorInfo info = tensor.getInfo();
    var values = new float[Math.toIntExact(info.getNumElements())];
    tensor.getFloatBuffer().get(values);
    return Tensor.ofFloats(Arrays.stream(info.getShape()).boxed().toList(), values);
  }

  private static OnnxTensor value(OrtEnvironment environment, Tensor tensor) throws OrtException {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(tensor.bytes().remaining()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(tensor.bytes()).flip();
    long[] shape = tensor.shape().stream().mapToLong(Long::longValue).toArray();
    return OnnxTensor.createTensor(environment, bytes, shape, type(tensor.type()));
  }

  private static OnnxJavaType type(DataType type) {
    return switch (type) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BFLOAT16 -> OnnxJavaType.BFLOAT16;
      case INT8 -> OnnxJavaType.INT8;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case BOOL -> OnnxJavaType.BOOL;
      case UINT16, UINT32, UINT64 ->
          throw new PruningException(
              PruningException.Kind.INPUT,
              "inputs of type %s cannot be given to ONNX Runtime from Java".formatted(type));
    };
  }

  @Override
  public void close() {
    inputs.values().forEach(OnnxTensor::close);
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
