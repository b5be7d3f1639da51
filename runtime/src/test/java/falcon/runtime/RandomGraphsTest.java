package falcon.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.grid.Comparison;
import falcon.model.grid.OnnxRuntime;
import falcon.model.onnx.OnnxFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Random small networks with random zeros against ONNX Runtime: everything that is joined, folded,
/// viewed, or shares memory with something else.
class RandomGraphsTest {
  private static final int GRAPHS = 60;

  @TempDir Path folder;

  static LongStream seeds() {
    return LongStream.range(0, GRAPHS);
  }

  @ParameterizedTest(name = "seed={0}")
  @MethodSource("seeds")
  void outputsEqualThoseOfOnnxRuntime(long seed) throws OrtException {
    var graph = new RandomGraph(seed);
    Network network = graph.network();
    Path file = folder.resolve("random.onnx");
    OnnxFile.write(network, file);
    Map<String, Tensor> inputs = Map.of("x", graph.input());
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    Map<String, Tensor> one;
    try (var runtime = FalconRuntime.of(network, RuntimeOptions.defaults())) {
      one = runtime.run(inputs);
      assertThat(runtime.run(inputs)).as("%s again", graph).isEqualTo(one);
    }
    double greatest = 0;
    for (Tensor tensor : expected) {
      for (double number : Comparison.numbers(tensor)) {
        greatest = Math.max(greatest, Math.abs(number));
      }
    }
    String difference =
        Comparison.difference(List.copyOf(one.values()), expected, 1e-4, 1e-4 * greatest);
    assertThat(difference).as("%s", graph).isEmpty();
    for (KernelChoice kernels : KernelChoice.values()) {
      RuntimeOptions options = RuntimeOptions.defaults().withKernels(kernels);
      try (var runtime = FalconRuntime.of(network, options)) {
        List<Tensor> other = List.copyOf(runtime.run(inputs).values());
        assertThat(Comparison.difference(other, expected, 1e-4, 1e-4 * greatest))
            .as("%s by %s", graph, kernels)
            .isEmpty();
      }
    }
    try (var runtime = FalconRuntime.of(network, RuntimeOptions.defaults().withThreads(3))) {
      assertThat(runtime.run(inputs)).as("%s on 3 threads", graph).isEqualTo(one);
    }
  }

  /// A network of convolutions, sums, activations, pools, concatenations and products.
  private static final class RandomGraph {
    private static final List<String> ACTIVATIONS =
        List.of("Relu", "Sigmoid", "HardSwish", "Tanh", "LeakyRelu", "Identity");

    private final long seed;
    private final SplittableRandom random;
    private final Network.Builder builder = Network.builder("random").opset("", 17);
    private final List<String> operators = new ArrayList<>();
    private final Map<String, long[]> values = new LinkedHashMap<>(); // images of one size
    private final long[] input;
    private int count;

    RandomGraph(long seed) {
      this.seed = seed;
      random = new SplittableRandom(seed);
      long batch = seed % 4 == 3 ? 17 : 1 + random.nextInt(3);
      input =
          new long[] {batch, 1 + random.nextInt(5), 3 + random.nextInt(7), 3 + random.nextInt(7)};
    }

    Tensor input() {
      return noise(new SplittableRandom(seed + 1), 0, input);
    }

    private static Tensor noise(SplittableRandom random, double zeros, long... shape) {
      List<Long> sizes = Arrays.stream(shape).boxed().toList();
      var floats = new float[(int) Tensor.elements(sizes)];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = random.nextDouble() < zeros ? 0 : (float) random.nextGaussian();
      }
      return Tensor.ofFloats(sizes, floats);
    }

    Network network() {
      var dimensions = new ArrayList<Dimension>();
      for (long size : input) {
        dimensions.add(new Dimension.Fixed(size));
      }
      builder.input(new ValueInfo("x", DataType.FLOAT32, dimensions));
      values.put("x", input);
      int nodes = 4 + random.nextInt(14);
      for (int i = 0; i < nodes; i++) {
        grow();
      }
      List<String> names = List.copyOf(values.keySet());
      var outputs = new ArrayList<>(List.of(names.getLast()));
      if (names.size() > 3) {
        String early = names.get(1 + random.nextInt(names.size() - 2));
        if (!outputs.contains(early)) {
          outputs.add(early);
        }
      }
      head(names.getLast());
      outputs.add("logits");
      outputs.forEach(name -> builder.output(new ValueInfo(name, DataType.FLOAT32, null)));
      return builder.build();
    }

    private String any() {
      List<String> names = List.copyOf(values.keySet());
      int back = random.nextInt(Math.min(3, names.size()));
      return names.get(names.size() - 1 - back);
    }

    private long[] shape(String value) {
      return Objects.requireNonNull(values.get(value));
    }

    private void grow() {
      String from = any();
      long[] shape = shape(from);
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> convolution(from, shape);
        case 3 -> normalization(from, shape);
        case 4 -> {
          String opType = ACTIVATIONS.get(random.nextInt(ACTIVATIONS.size()));
          add(opType, List.of(from), shape, Map.of());
        }
        case 5 -> sum(from, shape);
        case 6 -> concatenation(from, shape);
        case 7 -> gate(from, shape);
        default -> pool(from, shape);
      }
    }

    private String add(
        String opType, List<String> inputs, long[] shape, Map<String, Attribute> attributes) {
      String name = "v" + count++;
      builder.node(new Node(name, opType, "", inputs, List.of(name), attributes));
      values.put(name, shape);
      operators.add(opType + inputs + Arrays.toString(shape));
      return name;
    }

    private String constant(double zeros, long... shape) {
      String name = "c" + count++;
      builder.initializer(name, noise(random, zeros, shape));
      return name;
    }

    private static Attribute list(long... numbers) {
      return new Attribute.IntegerList(Arrays.stream(numbers).boxed().toList());
    }

    private void convolution(String from, long[] shape) {
      long kernel = random.nextBoolean() ? 1 : 3;
      boolean isDepthwise = random.nextInt(4) == 0;
      long channels = isDepthwise ? shape[1] : 1 + random.nextInt(20);
      long stride = random.nextInt(4) == 0 ? 2 : 1;
      long pad = kernel / 2;
      long height = (shape[2] + 2 * pad - kernel) / stride + 1;
      long width = (shape[3] + 2 * pad - kernel) / stride + 1;
      double zeros = random.nextInt(5) * 0.24;
      var inputs = new ArrayList<>(List.of(from));
      inputs.add(constant(zeros, channels, isDepthwise ? 1 : shape[1], kernel, kernel));
      if (random.nextBoolean()) {
        inputs.add(constant(0, channels));
      }
      add(
          "Conv",
          inputs,
          new long[] {shape[0], channels, height, width},
          Map.of(
              "kernel_shape",
              list(kernel, kernel),
              "strides",
              list(stride, stride),
              "pads",
              list(pad, pad, pad, pad),
              "group",
              new Attribute.IntegerValue(isDepthwise ? channels : 1)));
    }

    private void normalization(String from, long[] shape) {
      String variance = "c" + count++;
      var positive = new float[(int) shape[1]];
      for (int i = 0; i < positive.length; i++) {
        positive[i] = (float) (0.5 + random.nextDouble());
      }
      builder.initializer(variance, Tensor.ofFloats(List.of(shape[1]), positive));
      List<String> inputs =
          List.of(
              from, constant(0, shape[1]), constant(0, shape[1]), constant(0, shape[1]), variance);
      add("BatchNormalization", inputs, shape, Map.of());
    }

    private void sum(String from, long[] shape) {
      for (Map.Entry<String, long[]> other : values.entrySet()) {
        if (!other.getKey().equals(from) && Arrays.equals(other.getValue(), shape)) {
          List<String> inputs =
              random.nextBoolean() ? List.of(from, other.getKey()) : List.of(other.getKey(), from);
          add("Add", inputs, shape, Map.of());
          return;
        }
      }
      add("Mul", List.of(from, constant(0, shape[1], 1, 1)), shape, Map.of());
    }

    private void concatenation(String from, long[] shape) {
      long[] result = shape.clone();
      result[1] *= 2;
      if (result[1] <= 40) {
        add("Concat", List.of(from, from), result, Map.of("axis", new Attribute.IntegerValue(1)));
      }
    }

    private void gate(String from, long[] shape) {
      String gate = add("Sigmoid", List.of(from), shape, Map.of());
      add("Mul", List.of(from, gate), shape, Map.of());
    }

    private void pool(String from, long[] shape) {
      if (shape[2] < 2 || shape[3] < 2) {
        return;
      }
      long[] result = {shape[0], shape[1], shape[2] - 1, shape[3] - 1};
      add(
          random.nextBoolean() ? "MaxPool" : "AveragePool",
          List.of(from),
          result,
          Map.of("kernel_shape", list(2, 2)));
    }

    private void head(String from) {
      long channels = shape(from)[1];
      builder.node(
          new Node("pool", "GlobalAveragePool", "", List.of(from), List.of("pooled"), Map.of()));
      builder.node(
          new Node("flat", "Flatten", "", List.of("pooled"), List.of("features"), Map.of()));
      builder.node(
          new Node(
              "head",
              "Gemm",
              "",
              List.of("features", constant(0.5, 4, channels), constant(0, 4)),
              List.of("logits"),
              Map.of("transB", new Attribute.IntegerValue(1))));
    }

    @Override
    public String toString() {
      return "seed %d, input %s: %s".formatted(seed, Arrays.toString(input), operators);
    }
  }
}
