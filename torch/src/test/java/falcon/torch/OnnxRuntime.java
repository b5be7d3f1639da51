package falcon.torch;

import ai.onnxruntime.OrtException;
import falcon.model.Tensor;
import falcon.torch.sample.SampleBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Executes ONNX files on samples by ONNX Runtime.
public final class OnnxRuntime {
  private OnnxRuntime() {}

  /// @return the first output of a file with one input
  public static Tensor run(Path file, String input, SampleBatch batch) throws OrtException {
    var shape = new ArrayList<Long>();
    shape.add((long) batch.size());
    shape.addAll(batch.sampleShape());
    return run(file, Map.of(input, Tensor.ofFloats(shape, batch.values()))).getFirst();
  }

  /// @return all outputs
  public static List<Tensor> run(Path file, Map<String, Tensor> inputs) throws OrtException {
    return falcon.model.grid.OnnxRuntime.run(file, inputs);
  }
}
