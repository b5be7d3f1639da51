package falcon.model.grid;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import falcon.model.DataType;
import falcon.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Executes ONNX files by ONNX Runtime.
public final class OnnxRuntime {
  private OnnxRuntime() {}

  /// @return all outputs
  public static List<Tensor> run(Path file, Map<String, Tensor> inputs) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    var values = new LinkedHashMap<String, OnnxTensor>();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.addConfigEntry("session.disable_quant_qdq", "1"); // products of float32, as written
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      try (OrtSession session = environment.createSession(file.toString(), options)) {
        for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
          values.put(input.getKey(), value(environment, input.getValue()));
        }
        try (OrtSession.Result result = session.run(values)) {
          var outputs = new ArrayList<Tensor>();
          for (Map.Entry<String, OnnxValue> output : result) {
            outputs.add(tensor((OnnxTensor) output.getValue()));
          }
          return outputs;
        }
      }
    } finally {
      values.values().forEach(OnnxTensor::close);
    }
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
          throw new IllegalArgumentException(type + " is not known to ONNX Runtime for Java");
    };
  }

  private static Tensor tensor(OnnxTensor output) {
    List<Long> shape = Arrays.stream(output.getInfo().getShape()).boxed().toList();
    ByteBuffer bytes = output.getByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    var array = new byte[bytes.remaining()];
    bytes.get(array);
    return Tensor.ofBytes(type(output.getInfo().type), shape, array);
  }

  private static DataType type(OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> DataType.FLOAT32;
      case DOUBLE -> DataType.FLOAT64;
      case FLOAT16 -> DataType.FLOAT16;
      case BFLOAT16 -> DataType.BFLOAT16;
      case INT8 -> DataType.INT8;
      case UINT8 -> DataType.UINT8;
      case INT16 -> DataType.INT16;
      case INT32 -> DataType.INT32;
      case INT64 -> DataType.INT64;
      case BOOL -> DataType.BOOL;
      case STRING, UNKNOWN -> throw new IllegalArgumentException("an output is " + type);
    };
  }
}
