package falcon.prune;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.torch.SampleBatch;
import falcon.torch.SampleSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// One network of `models/narrow`, with samples of noise for it.
///
/// @param name of the file, without its ending
/// @param isFixedBatch whether it takes one example at a time
/// @param isHalf whether it is computed in float16
/// @param macs multiply-accumulates with weights that PyTorch counts
/// @param activationMacs the same between activations
/// @param inputs in the network's order
record SuiteNetwork(
    String name,
    boolean isFixedBatch,
    boolean isHalf,
    long macs,
    long activationMacs,
    List<Input> inputs) {
  private static final Path FOLDER = Path.of("../models/narrow");

  /// @param shape of one example
  /// @param ids one more than the greatest whole number, 0 for floating-point numbers
  record Input(String name, List<Long> shape, int ids) {}

  /// All of them, as `suite.json` tells.
  static List<SuiteNetwork> all() {
    try {
      var all = new ArrayList<SuiteNetwork>();
      for (JsonNode row : new ObjectMapper().readTree(FOLDER.resolve("suite.json").toFile())) {
        var inputs = new ArrayList<Input>();
        for (JsonNode input : row.get("inputs")) {
          var shape = new ArrayList<Long>();
          input.get("shape").forEach(size -> shape.add(size.longValue()));
          inputs.add(new Input(input.get("name").textValue(), shape, input.get("ids").intValue()));
        }
        all.add(
            new SuiteNetwork(
                row.get("name").textValue(),
                row.get("fixedBatch").booleanValue(),
                row.get("float16").booleanValue(),
                row.get("macs").longValue(),
                row.get("activationMacs").longValue(),
                inputs));
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path file() {
    return FOLDER.resolve(name + ".onnx");
  }

  boolean takesImages() {
    return inputs.getFirst().ids() == 0;
  }

  /// Samples of noise, the same ones each time.
  SampleSource samples(int count) {
    return new Noise(inputs.getFirst().shape(), count);
  }

  /// What ONNX Runtime makes of the samples, one after the other: the first outputs, `[samples, …]`.
  float[] onnxRuntime(Path file, SampleSource samples) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    var outputs = new ArrayList<float[]>();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(file.toString(), options)) {
        for (int i = 0; i < samples.size(); i++) {
          Map<String, OnnxTensor> values = values(environment, samples.batch(i, i + 1));
          try (OrtSession.Result result = session.run(values)) {
            outputs.add(((OnnxTensor) result.get(0)).getFloatBuffer().array());
          } finally {
            values.values().forEach(OnnxTensor::close);
          }
        }
      }
    }
    var all = FloatBuffer.allocate(outputs.stream().mapToInt(output -> output.length).sum());
    outputs.forEach(all::put);
    return all.array();
  }

  private Map<String, OnnxTensor> values(OrtEnvironment environment, SampleBatch batch)
      throws OrtException {
    var values = new LinkedHashMap<String, OnnxTensor>();
    Input input = inputs.getFirst();
    long[] shape = new long[input.shape().size() + 1];
    shape[0] = 1;
    for (int i = 1; i < shape.length; i++) {
      shape[i] = input.shape().get(i - 1);
    }
    values.put(
        input.name(),
        OnnxTensor.createTensor(environment, FloatBuffer.wrap(batch.values()), shape));
    return values;
  }

  @Override
  public String toString() {
    return name;
  }

  private record Noise(List<Long> shape, int size) implements SampleSource {
    @Override
    public SampleBatch batch(int from, int to) {
      int each = Math.toIntExact(falcon.model.Tensor.elements(shape));
      var values = new float[(to - from) * each];
      for (int i = from; i < to; i++) {
        var random = new SplittableRandom(1000 + i);
        for (int j = 0; j < each; j++) {
          values[(i - from) * each + j] = (float) random.nextGaussian();
        }
      }
      return new SampleBatch(shape, values, new int[to - from]);
    }
  }
}
