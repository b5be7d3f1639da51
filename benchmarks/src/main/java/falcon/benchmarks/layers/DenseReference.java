package falcon.benchmarks.layers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.onnx.OnnxFile;
import falcon.runtime.kernel.Axis;
import falcon.runtime.kernel.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/// A dense layer in ONNX Runtime, in one of three forms of which the fastest counts.
///
/// A layer alone is brought into ONNX Runtime's blocked layout and back each time, which in a
/// network happens at its ends. So eight layers that read the same input and whose outputs are
/// summed up (the sum is fused into each) are measured, too, and divided by eight.
final class DenseReference implements AutoCloseable {
  private final OrtSession session;
  private final OnnxTensor input;
  private final OnnxTensor output;
  private final FloatBuffer result;
  private final int layers;

  /// A form of the graph.
  ///
  /// @param layers layers whose outputs are summed up
  /// @param level optimisations; [OptLevel#ALL_OPT] includes blocked layouts
  record Form(int layers, OptLevel level) {}

  /// The forms that are tried.
  static final List<Form> FORMS =
      List.of(
          new Form(1, OptLevel.ALL_OPT),
          new Form(8, OptLevel.ALL_OPT),
          new Form(8, OptLevel.EXTENDED_OPT));

  DenseReference(LayerSpec layer, float[] weights, Form form, int threads)
      throws OrtException, IOException {
    layers = form.layers();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Path file = Files.createTempFile("layer", ".onnx");
    try (var options = new OrtSession.SessionOptions()) {
      OnnxFile.write(network(layer, weights, layers), file);
      options.setIntraOpNumThreads(threads);
      options.setOptimizationLevel(form.level());
      session = environment.createSession(file.toString(), options);
    } finally {
      Files.deleteIfExists(file);
    }
    float[] values = input(layer);
    FloatBuffer buffer = direct(values.length);
    buffer.put(0, values);
    input = OnnxTensor.createTensor(environment, buffer, sizes(layer, false));
    long[] outputs = sizes(layer, true);
    result = direct((int) product(outputs));
    output = OnnxTensor.createTensor(environment, result, outputs);
  }

  private static FloatBuffer direct(int count) {
    return ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /// Returns the input, the same for each call: row-major, tokens by features for linear layers.
  static float[] input(LayerSpec layer) {
    var random = new SplittableRandom(7);
    float[] values = new float[(int) product(sizes(layer, false))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    return values;
  }

  private static long product(long[] sizes) {
    long product = 1;
    for (long size : sizes) {
      product *= size;
    }
    return product;
  }

  private static long[] sizes(LayerSpec layer, boolean isOutput) {
    Extent extent =
        isOutput ? layer.shape().output(layer.images()) : layer.shape().input(layer.images());
    return layer.isLinear()
        ? new long[] {extent.width(), extent.channels()}
        : new long[] {extent.images(), extent.channels(), extent.height(), extent.width()};
  }

  private static Network network(LayerSpec layer, float[] weights, int layers) {
    Network.Builder builder =
        Network.builder("layer")
            .opset("", 17)
            .input(value("x", sizes(layer, false)))
            .output(value("y", sizes(layer, true)));
    String sum = "";
    for (int i = 0; i < layers; i++) {
      String made = layers == 1 ? "y" : "made" + i;
      builder.initializer("w" + i, tensor(layer, weights));
      builder.node(node(layer, i, made));
      if (i > 0) {
        String next = i == layers - 1 ? "y" : "sum" + i;
        builder.node(new Node("", "Add", "", List.of(made, sum), List.of(next), Map.of()));
        sum = next;
      } else {
        sum = made;
      }
    }
    return builder.build();
  }

  private static ValueInfo value(String name, long[] sizes) {
    List<Dimension> dimensions = new ArrayList<>();
    for (long size : sizes) {
      dimensions.add(new Dimension.Fixed(size));
    }
    return new ValueInfo(name, DataType.FLOAT32, dimensions);
  }

  private static Tensor tensor(LayerSpec layer, float[] weights) {
    long inputs = layer.shape().inputs() / layer.shape().groups();
    long outputs = layer.shape().outputs();
    if (!layer.isLinear()) {
      return Tensor.ofFloats(
          List.of(
              outputs,
              inputs,
              (long) layer.shape().rows().window().size(),
              (long) layer.shape().columns().window().size()),
          weights);
    }
    float[] transposed = new float[weights.length];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        transposed[(int) (i * outputs + o)] = weights[(int) (o * inputs + i)];
      }
    }
    return Tensor.ofFloats(List.of(inputs, outputs), transposed);
  }

  private static Node node(LayerSpec layer, int index, String made) {
    List<String> inputs = List.of("x", "w" + index);
    if (layer.isLinear()) {
      return new Node("", "MatMul", "", inputs, List.of(made), Map.of());
    }
    Axis rows = layer.shape().rows();
    Axis columns = layer.shape().columns();
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    attributes.put("group", new Attribute.IntegerValue(layer.shape().groups()));
    attributes.put("strides", list(rows.window().stride(), columns.window().stride()));
    attributes.put(
        "pads",
        list(
            rows.window().before(),
            columns.window().before(),
            rows.window().after(),
            columns.window().after()));
    return new Node("", "Conv", "", inputs, List.of(made), attributes);
  }

  private static Attribute list(long... values) {
    return new Attribute.IntegerList(Arrays.stream(values).boxed().toList());
  }

  /// Returns the number of layers of a call.
  int layers() {
    return layers;
  }

  /// Runs the layers once.
  void run() {
    try {
      session.run(Map.of("x", input), Set.of(), Map.of("y", output)).close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
    }
  }

  /// Returns the outputs of the last run, a sum of all layers.
  float[] outputs() {
    float[] outputs = new float[result.capacity()];
    result.get(0, outputs);
    return outputs;
  }

  @Override
  public void close() throws OrtException {
    output.close();
    input.close();
    session.close();
  }
}
