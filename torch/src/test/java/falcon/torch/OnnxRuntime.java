package falcon.torch;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import falcon.model.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// What ONNX Runtime makes of an ONNX file with one input and one output.
final class OnnxRuntime {
  private OnnxRuntime() {}

  /// @return the file's first output
  static Tensor run(Path file, String input, SampleBatch batch) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = new long[batch.sampleShape().size() + 1];
    shape[0] = batch.size();
    for (int i = 1; i < shape.length; i++) {
      shape[i] = batch.sampleShape().get(i - 1);
    }
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(file.toString(), options);
          OnnxTensor values =
              OnnxTensor.createTensor(environment, FloatBuffer.wrap(batch.values()), shape);
          OrtSession.Result result = session.run(Map.of(input, values))) {
        var output = (OnnxTensor) result.get(0);
        return Tensor.ofFloats(
            Arrays.stream(output.getInfo().getShape()).boxed().toList(),
            output.getFloatBuffer().array());
      }
    }
  }
}
