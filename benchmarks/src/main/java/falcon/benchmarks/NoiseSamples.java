package falcon.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// Samples of noise for a network of the model suite; sample i is drawn from a seed of its own.
final class NoiseSamples implements SampleSource {
  private final JsonNode inputs;
  private final int size;

  /// @param entry entry of the network in `suite.json`
  NoiseSamples(JsonNode entry, int size) {
    this.inputs = entry.get("inputs");
    this.size = size;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public SampleBatch batch(int from, int to) {
    var arrays = new ArrayList<InputArray>();
    for (JsonNode input : inputs) {
      List<Long> shape = shape(input);
      int ids = input.get("ids").intValue();
      int each = Math.toIntExact(Tensor.elements(shape));
      var floats = new float[(to - from) * each];
      var longs = new long[floats.length];
      for (int i = 0; i < floats.length; i++) {
        var random = new SplittableRandom(1_000_003L * (from + i / each) + i % each);
        if (ids == 0) {
          floats[i] = (float) random.nextGaussian();
        } else {
          // An example begins with a token, whatever the mask.
          longs[i] = ids == 2 && i % each == 0 ? 1 : random.nextInt(ids);
        }
      }
      arrays.add(
          ids == 0
              ? InputArray.ofFloats(shape, floats)
              : InputArray.ofLongs(DataType.INT64, shape, longs));
    }
    return new SampleBatch(arrays, new int[to - from]);
  }

  /// Writes the samples into a folder, one `.npy` file per input, in the form that `falcon.data`
  /// reads.
  ///
  /// @return the data set of the folder
  Dataset written(Path folder) throws IOException {
    SampleBatch all = batch(0, size);
    for (int j = 0; j < inputs.size(); j++) {
      InputArray array = all.inputs().get(j);
      boolean isReal = array.type() == DataType.FLOAT32;
      String shape =
          array.sampleShape().stream().map(size -> size + ", ").collect(Collectors.joining());
      byte[] header =
          "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %s), }\n"
              .formatted(isReal ? "<f4" : "<i8", size, shape)
              .getBytes(StandardCharsets.US_ASCII);
      int elements = isReal ? array.floats().length : array.longs().length;
      var bytes =
          ByteBuffer.allocate(10 + header.length + elements * (isReal ? Float.BYTES : Long.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
              .putShort((short) header.length)
              .put(header);
      if (isReal) {
        bytes.asFloatBuffer().put(array.floats());
      } else {
        bytes.asLongBuffer().put(array.longs());
      }
      Files.write(folder.resolve(inputs.get(j).get("name").textValue() + ".npy"), bytes.array());
    }
    return Datasets.open(folder);
  }

  /// Returns the outputs of ONNX Runtime for the samples, one after the other, on one thread:
  /// `[samples, …]`.
  float[] onnxRuntime(Path file) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    var outputs = new ArrayList<float[]>();
    try (var options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(file.toString(), options)) {
        for (int i = 0; i < size; i++) {
          var values = new LinkedHashMap<String, OnnxTensor>();
          SampleBatch batch = batch(i, i + 1);
          for (int j = 0; j < inputs.size(); j++) {
            values.put(
                inputs.get(j).get("name").textValue(), value(environment, batch.inputs().get(j)));
          }
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

  private static OnnxTensor value(OrtEnvironment environment, InputArray array)
      throws OrtException {
    long[] shape =
        LongStream.concat(LongStream.of(1), array.sampleShape().stream().mapToLong(Long::longValue))
            .toArray();
    return array.type() == DataType.FLOAT32
        ? OnnxTensor.createTensor(environment, FloatBuffer.wrap(array.floats()), shape)
        : OnnxTensor.createTensor(environment, LongBuffer.wrap(array.longs()), shape);
  }

  private static List<Long> shape(JsonNode input) {
    var shape = new ArrayList<Long>();
    input.get("shape").forEach(size -> shape.add(size.longValue()));
    return shape;
  }
}
