package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.onnx.OnnxFile;
import falcon.model.zoo.Architecture;
import falcon.torch.Graph.Option;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.sample.SampleBatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares Falcon's forward pass with ONNX Runtime on the exported file.
@Tag("native")
@Tag("kernels")
class ForwardTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  /// A network, named for messages, and the shape of a sample.
  record Case(String name, Network network, List<Long> sampleShape) {
    @Override
    public String toString() {
      return name;
    }
  }

  @Test
  void resNet20OfRandomWeightsEqualsOnnxRuntime() throws OrtException {
    Network network = Graph.disturbed(Architecture.RESNET20.initial(3, 32, 32, 10, 7), 0.3, 11);
    assertEqual(new Case("resnet20", network, List.of(3L, 32L, 32L)));
  }

  @Test
  void resNet20OfTheCheckpointEqualsOnnxRuntime() throws OrtException {
    Path checkpoint = SharedData.path("checkpoints/resnet20_cifar10.pth.tar");
    Network network = Networks.read(checkpoint, Architecture.RESNET20);
    assertEqual(new Case("checkpoint", network, List.of(3L, 32L, 32L)));
  }

  @Test
  void denseNetEqualsOnnxRuntime() throws OrtException {
    Network network = OnnxFile.read(SharedData.path("models/densenetbc_k12_cifar10.onnx"));
    assertEqual(new Case("densenet", network, List.of(3L, 32L, 32L)));
  }

  @Test
  void visionTransformerWithOpenBatchEqualsOnnxRuntime() throws OrtException {
    Network network = OnnxFile.read(SharedData.path("models/vit_d128_l6_cifar10.onnx"));
    assertEqual(new Case("vit", network, List.of(3L, 32L, 32L)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operators")
  void operatorEqualsOnnxRuntime(Case graph) throws OrtException {
    assertEqual(graph);
  }

  static List<Case> operators() {
    return List.of(
        conv("pads on all sides", Option.integers("pads", 1, 1, 1, 1)),
        conv("pads that differ", Option.integers("pads", 2, 0, 1, 1)),
        conv("strides", Option.integers("strides", 2, 3)),
        conv("dilations", Option.integers("dilations", 2, 1), Option.integers("pads", 2, 0, 1, 0)),
        conv("without padding", Option.text("auto_pad", "VALID")),
        one(
            "grouped convolution with bias",
            new Graph(1, 4, 9, 7).noise("w", 6, 2, 3, 3).noise("b", 6),
            "Conv",
            List.of("x", "w", "b"),
            Option.integer("group", 2)),
        one(
            "depthwise convolution",
            new Graph(1, 4, 9, 7).noise("w", 4, 1, 3, 3),
            "Conv",
            List.of("x", "w"),
            Option.integer("group", 4),
            Option.integers("strides", 2, 2)),
        one(
            "convolution of one axis",
            new Graph(1, 4, 9).noise("w", 6, 4, 3),
            "Conv",
            List.of("x", "w"),
            Option.integers("pads", 2, 0)),
        new Case(
            "BatchNormalization",
            new Graph(1, 4, 5, 3).batchNormalization("y", "x", 4).network("y"),
            List.of(4L, 5L, 3L)),
        one(
            "BatchNormalization with epsilon",
            new Graph(1, 4, 5, 3).aroundOne("s", 4).noise("b", 4).noise("m", 4).aroundOne("v", 4),
            "BatchNormalization",
            List.of("x", "s", "b", "m", "v"),
            Option.real("epsilon", 0.3)),
        one("Relu", new Graph(1, 4, 5), "Relu", List.of("x")),
        one("Sigmoid", new Graph(1, 4, 5), "Sigmoid", List.of("x")),
        one("Tanh", new Graph(1, 4, 5), "Tanh", List.of("x")),
        one("Identity", new Graph(1, 4, 5), "Identity", List.of("x")),
        one("Dropout", new Graph(1, 4, 5), "Dropout", List.of("x")),
        one("Add, spread", new Graph(1, 4, 5).noise("a", 4, 1), "Add", List.of("x", "a")),
        one("Sub, spread", new Graph(1, 4, 5).noise("a", 5), "Sub", List.of("a", "x")),
        one("Mul, spread", new Graph(1, 4, 5).noise("a", 2, 1, 1, 5), "Mul", List.of("x", "a")),
        one("Div, spread", new Graph(1, 4, 5).aroundOne("a", 4, 1), "Div", List.of("x", "a")),
        one("MatMul", new Graph(1, 4).noise("w", 4, 5), "MatMul", List.of("x", "w")),
        one("MatMul, stacked", new Graph(1, 6, 4).noise("w", 4, 5), "MatMul", List.of("x", "w")),
        gemm("transB", new Graph(1, 4).noise("w", 5, 4).noise("b", 5), Option.integer("transB", 1)),
        gemm("neither", new Graph(1, 4).noise("w", 4, 5).noise("b", 1, 5)),
        gemm(
            "transA",
            new Graph(1, 4).noise("w", 3, 5).noise("b", 4, 1),
            Option.integer("transA", 1)),
        gemm(
            "alpha and beta",
            new Graph(1, 4).noise("w", 4, 5).noise("b", 5),
            Option.real("alpha", 0.5),
            Option.real("beta", -2)),
        one(
            "Gemm without bias",
            new Graph(1, 4).noise("w", 4, 5),
            "Gemm",
            List.of("x", "w"),
            Option.real("alpha", 3)),
        pool("MaxPool"),
        pool("MaxPool", Option.integers("pads", 1, 1, 1, 1)),
        pool("MaxPool", Option.integers("pads", 1, 0, 0, 1)),
        pool("MaxPool", Option.integers("dilations", 2, 2)),
        pool("MaxPool", Option.integer("ceil_mode", 1)),
        pool("MaxPool", Option.integer("ceil_mode", 1), Option.integers("pads", 1, 1, 1, 1)),
        pool("AveragePool"),
        pool("AveragePool", Option.integers("pads", 1, 1, 1, 1)),
        pool(
            "AveragePool",
            Option.integers("pads", 1, 1, 1, 1),
            Option.integer("count_include_pad", 1)),
        pool("AveragePool", Option.integer("ceil_mode", 1)),
        pool("AveragePool", Option.integer("ceil_mode", 1), Option.integers("pads", 1, 1, 1, 1)),
        pool(
            "AveragePool",
            Option.integer("ceil_mode", 1),
            Option.integers("pads", 1, 1, 1, 1),
            Option.integer("count_include_pad", 1)),
        one("GlobalAveragePool", new Graph(1, 4, 5, 3), "GlobalAveragePool", List.of("x")),
        one("Flatten", new Graph(1, 4, 5, 3), "Flatten", List.of("x")),
        one("Flatten 0", new Graph(1, 4, 5), "Flatten", List.of("x"), Option.integer("axis", 0)),
        one("Flatten 2", new Graph(1, 4, 5, 3), "Flatten", List.of("x"), Option.integer("axis", 2)),
        one("Flatten -1", new Graph(1, 4, 5), "Flatten", List.of("x"), Option.integer("axis", -1)),
        one("Reshape", new Graph(1, 4, 6).longs("s", 0, -1, 3), "Reshape", List.of("x", "s")),
        one("Transpose", new Graph(1, 4, 5), "Transpose", List.of("x")),
        one(
            "Transpose by order",
            new Graph(1, 4, 5),
            "Transpose",
            List.of("x"),
            Option.integers("perm", 1, 0, 2)),
        one("Concat 1", new Graph(1, 4, 5), "Concat", List.of("x", "x"), Option.integer("axis", 1)),
        one("Concat -1", new Graph(1, 4), "Concat", List.of("x", "x"), Option.integer("axis", -1)),
        one("Pad", new Graph(1, 4, 5).longs("p", 0, 1, 2, 1, 0, -1), "Pad", List.of("x", "p")),
        one(
            "Pad with a value",
            new Graph(1, 4, 5).longs("p", 0, 1, 2, 0, 0, 1).noise("v"),
            "Pad",
            List.of("x", "p", "v")),
        one("Softmax", new Graph(1, 4, 5), "Softmax", List.of("x")),
        one("Softmax 1", new Graph(1, 4, 5), "Softmax", List.of("x"), Option.integer("axis", 1)),
        one("Softmax before opset 13", new Graph(1, 4, 5).opset(11), "Softmax", List.of("x")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("valuesReadTwice")
  void valueThatIsReadTwiceIsNotOverwritten(Case graph) throws OrtException {
    assertEqual(graph);
  }

  static List<Case> valuesReadTwice() {
    return List.of(
        twice(
            "Relu and Add of one value",
            c -> c.node("Relu", "r", List.of("c")).node("Add", "y", List.of("c", "r"))),
        twice("Add of a value to itself", c -> c.node("Add", "y", List.of("c", "c"))),
        twice(
            "Relu of a value that has a view",
            c ->
                c.node("Identity", "v", List.of("c"))
                    .node("Relu", "r", List.of("c"))
                    .node("Add", "y", List.of("v", "r"))),
        twice(
            "Relu of a value with a flat view",
            c ->
                c.node("Flatten", "v", List.of("c"))
                    .node("Relu", "r", List.of("c"))
                    .node("Flatten", "f", List.of("r"))
                    .node("Concat", "y", List.of("v", "f"), Option.integer("axis", 1))),
        twice(
            "Relu of a view",
            c ->
                c.node("Dropout", "v", List.of("c"))
                    .node("Relu", "r", List.of("v"))
                    .node("Add", "y", List.of("c", "r"))),
        twice(
            "Add to a value that is read later",
            c ->
                c.node("Relu", "r", List.of("x"))
                    .node("Add", "s", List.of("c", "r"))
                    .node("Mul", "y", List.of("s", "c"))));
  }

  @Test
  void constantsAreNotOverwritten() throws OrtException {
    Network network =
        new Graph(3, 4, 5)
            .noise("w", 4, 5)
            .node("Relu", "r", List.of("w"))
            .node("Add", "s", List.of("w", "x"))
            .node("Add", "y", List.of("s", "r"))
            .network("y");
    assertEqual(new Case("constant", network, List.of(4L, 5L)));
  }

  @Test
  void operatorsOfOtherSetsAreRefusedByName() {
    Case graph = one("Bernoulli", new Graph(1, 4), "Bernoulli", List.of("x"));
    assertRefused(graph, "Bernoulli node 'y' cannot be executed: the operator is not known here.");
  }

  private interface Reader {
    Graph read(Graph convolution);
  }

  private static Case twice(String name, Reader reader) {
    Graph graph =
        new Graph(1, 4, 5, 3)
            .convolution("c", "x", new long[] {4, 4, 3, 3}, Option.integers("pads", 1, 1, 1, 1));
    return new Case(name, reader.read(graph).network("y"), List.of(4L, 5L, 3L));
  }

  private static Case conv(String name, Option... options) {
    return one(
        "convolution, " + name,
        new Graph(1, 4, 9, 7).noise("w", 6, 4, 3, 2),
        "Conv",
        List.of("x", "w"),
        options);
  }

  private static Case gemm(String name, Graph graph, Option... options) {
    return one("Gemm, " + name, graph, "Gemm", List.of("x", "w", "b"), options);
  }

  private static Case pool(String opType, Option... options) {
    var all = new Option[options.length + 2];
    all[0] = Option.integers("kernel_shape", 3, 2);
    all[1] = Option.integers("strides", 2, 2);
    System.arraycopy(options, 0, all, 2, options.length);
    return one(
        opType + " " + Arrays.toString(options), new Graph(1, 4, 8, 8), opType, List.of("x"), all);
  }

  private static Case one(
      String name, Graph graph, String opType, List<String> inputs, Option... options) {
    Network network = graph.node(opType, "y", inputs, options).network("y");
    return new Case(name, network, graph.sampleShape());
  }

  private void assertEqual(Case graph) throws OrtException {
    Path file = folder.resolve("network.onnx");
    OnnxFile.write(graph.network(), file);
    Tensor own = forward(graph);
    Tensor theirs = OnnxRuntime.run(file, graph.network().inputs().getFirst().name(), batch(graph));
    assertThat(own.shape()).as("%s", graph).isEqualTo(theirs.shape());
    float[] expected = theirs.toFloats();
    float[] actual = own.toFloats();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i])
          .as("%s, element %d of %s", graph, i, own.shape())
          .isCloseTo(expected[i], within(TOLERANCE));
    }
  }

  @Test
  void float64ConstantsKeepAllTheirDigits() {
    NativeLibraries.ensureLoaded();
    double third = 1.0 / 3;
    var bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(third).array();
    Network network =
        Network.builder("constant")
            .initializer("third", Tensor.ofBytes(DataType.FLOAT64, List.of(1L), bytes))
            .build();
    try (var doubles = new LoadedNetwork(network, Precision.FLOAT64);
        var floats = new LoadedNetwork(network, Precision.FLOAT32)) {
      assertThat(Torch.doubles(doubles.parameters().get("third"))).containsExactly(third);
      assertThat(Torch.doubles(floats.parameters().get("third"))).containsExactly((float) third);
    }
  }

  private static void assertRefused(Case graph, String message) {
    assertThatThrownBy(() -> forward(graph))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessage(message);
  }

  private static SampleBatch batch(Case graph) {
    return new NoiseSamples(graph.sampleShape(), 3, 2, 5).batch(0, 3);
  }

  private static Tensor forward(Case graph) {
    NativeLibraries.ensureLoaded();
    try (var loaded = new LoadedNetwork(graph.network(), Precision.FLOAT32);
        var execution = loaded.start(batch(graph))) {
      var output = execution.runToEnd();
      return Tensor.ofFloats(Arrays.stream(output.shape()).boxed().toList(), Torch.floats(output));
    }
  }
}
