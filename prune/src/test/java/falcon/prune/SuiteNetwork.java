package falcon.prune;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// One network of `models/narrow`, with samples of noise for it.
///
/// @param name of the file, without its ending
/// @param isFixedBatch whether it takes one example at a time
/// @param isHalf whether it is computed in float16
/// @param macs multiply-accumulates with weights that PyTorch counts
/// @param activationMacs the same between activations
/// @param inputs in the network's order
public record SuiteNetwork(
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
  public static List<SuiteNetwork> all() {
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

  public Path file() {
    return FOLDER.resolve(name + ".onnx");
  }

  /// Samples of noise, the same ones each time.
  SampleSource samples(int count) {
    return new Noise(inputs, count);
  }

  /// Samples of noise as data, an array for each input.
  ///
  /// @param folder that they are written to
  public Dataset data(Path folder, int count) throws IOException {
    SampleBatch all = samples(count).batch(0, count);
    for (int i = 0; i < inputs.size(); i++) {
      InputArray array = all.inputs().get(i);
      var shape = new ArrayList<>(inputs.get(i).shape());
      shape.addFirst((long) count);
      boolean isReal = inputs.get(i).ids() == 0;
      int elements = isReal ? array.floats().length : array.longs().length;
      var bytes = ByteBuffer.allocate(elements * (isReal ? Float.BYTES : Long.BYTES));
      bytes.order(ByteOrder.LITTLE_ENDIAN);
      if (isReal) {
        bytes.asFloatBuffer().put(array.floats());
      } else {
        bytes.asLongBuffer().put(array.longs());
      }
      Files.write(
          folder.resolve(inputs.get(i).name() + ".npy"),
          NpyBytes.of(isReal ? "<f4" : "<i8", shape, bytes.array()));
    }
    return Datasets.open(folder);
  }

  /// What ONNX Runtime makes of the samples, one after the other: the first outputs,
  /// `[samples, …]`.
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
    for (int i = 0; i < inputs.size(); i++) {
      InputArray array = batch.inputs().get(i);
      long[] shape =
          LongStream.concat(
                  LongStream.of(1), inputs.get(i).shape().stream().mapToLong(Long::longValue))
              .toArray();
      values.put(
          inputs.get(i).name(),
          inputs.get(i).ids() > 0
              ? OnnxTensor.createTensor(environment, LongBuffer.wrap(array.longs()), shape)
              : OnnxTensor.createTensor(environment, FloatBuffer.wrap(array.floats()), shape));
    }
    return values;
  }

  @Override
  public String toString() {
    return name;
  }

  /// Sample i is drawn from a seed of its own; a mask begins with 1.
  private record Noise(List<Input> inputs, int size) implements SampleSource {
    @Override
    public SampleBatch batch(int from, int to) {
      var arrays = new ArrayList<InputArray>();
      for (Input input : inputs) {
        int each = Math.toIntExact(Tensor.elements(input.shape()));
        var floats = new float[(to - from) * each];
        var ids = new long[floats.length];
        for (int i = from; i < to; i++) {
          var random = new SplittableRandom(1000 + i);
          for (int j = 0; j < each; j++) {
            int at = (i - from) * each + j;
            if (input.ids() == 0) {
              floats[at] = (float) random.nextGaussian();
            } else {
              ids[at] = input.name().equals("mask") && j == 0 ? 1 : random.nextInt(input.ids());
            }
          }
        }
        arrays.add(
            input.ids() == 0
                ? InputArray.ofFloats(input.shape(), floats)
                : InputArray.ofLongs(DataType.INT64, input.shape(), ids));
      }
      return new SampleBatch(arrays, new int[to - from]);
    }
  }
}
