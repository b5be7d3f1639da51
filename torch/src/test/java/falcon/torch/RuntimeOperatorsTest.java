package falcon.torch;

import static falcon.torch.Protos.constant;
import static falcon.torch.Protos.node;
import static falcon.torch.Protos.noise;
import static falcon.torch.Protos.number;
import static falcon.torch.Protos.numbers;
import static falcon.torch.Protos.real;
import static falcon.torch.Protos.reals;
import static falcon.torch.Protos.text;
import static falcon.torch.Protos.value;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import falcon.model.onnx.proto.GraphProto;
import falcon.model.onnx.proto.NodeProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// ONNX Runtime's own operators, which optimised files have, yield its numbers; their weights are
/// layers.
@Tag("native")
class RuntimeOperatorsTest {
  private static final String MICROSOFT = "com.microsoft";

  private final SplittableRandom random = new SplittableRandom(16);
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final GraphProto.Builder graph = GraphProto.newBuilder();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Relu",
        "Tanh",
        "Sigmoid",
        "LeakyRelu 0.3",
        "Clip -0.5 0.7",
        "HardSigmoid 0.3 0.4"
      })
  void fusedConvolutions(String activation) throws IOException, OrtException {
    input("x", 2, 3, 6, 5);
    weights("w", 4, 3, 3, 3);
    weights("b", 4);
    NodeProto.Builder node =
        node(MICROSOFT, "FusedConv", "y", "x", "w", "b")
            .addAttribute(numbers("pads", 1, 1, 1, 1))
            .addAttribute(numbers("strides", 2, 1));
    String[] words = activation.split(" ", -1);
    if (!activation.isEmpty()) {
      node.addAttribute(text("activation", words[0]));
    }
    if (words.length > 1) {
      var params = new double[words.length - 1];
      for (int i = 1; i < words.length; i++) {
        params[i - 1] = Double.parseDouble(words[i]);
      }
      node.addAttribute(reals("activation_params", params));
    }
    assertLayers(run(node, 17), "w");
  }

  @ParameterizedTest
  @ValueSource(longs = {9, 17})
  void fusedConvolutionWithSum(long opset) throws IOException, OrtException {
    input("x", 2, 4, 6, 5);
    input("z", 2, 6, 6, 5);
    weights("w", 6, 2, 1, 1);
    NodeProto.Builder node =
        node(MICROSOFT, "FusedConv", "y", "x", "w", "", "z")
            .addAttribute(number("group", 2))
            .addAttribute(text("activation", "Relu"));
    assertLayers(run(node, opset), "w");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Relu",
        "LeakyRelu alpha=0.3",
        "Elu alpha=0.5",
        "Softplus",
        "Softsign",
        "Sigmoid",
        "Tanh",
        "ThresholdedRelu alpha=0.5",
        "HardSigmoid alpha=0.3 beta=0.4"
      })
  void fusedProducts(String activation) throws IOException, OrtException {
    input("x", 3, 5);
    weights("w", 4, 5);
    weights("b", 4);
    String[] words = activation.split(" ", -1);
    NodeProto.Builder node =
        node(MICROSOFT, "FusedGemm", "y", "x", "w", "b")
            .addAttribute(number("transB", 1))
            .addAttribute(real("alpha", 0.5))
            .addAttribute(text("activation", words[0]));
    for (int i = 1; i < words.length; i++) {
      String[] pair = words[i].split("=", -1);
      node.addAttribute(real("activation_" + pair[0], Double.parseDouble(pair[1])));
    }
    assertLayers(run(node, 17), "w");
  }

  @ParameterizedTest
  @CsvSource({
    "0,0,0,0", "0,1,0,0", "1,0,0,0", "1,1,0,0", "0,0,1,0", "0,0,0,1", "1,0,1,0", "0,1,0,1",
    "1,1,1,1"
  })
  void fusedMatrixProductsOfActivations(int transA, int transB, int batchA, int batchB)
      throws IOException, OrtException {
    input("a", turned(new long[] {2, 3, 4, 5}, transA, batchA));
    input("b", turned(new long[] {2, 3, 5, 6}, transB, batchB));
    NodeProto.Builder node = matrices(transA, transB, batchA, batchB, "a", "b");
    run(node, 17);
    // the same where the file does not say how many axes the operands have
    graph.clearNode();
    graph.addNode(node("", "Identity", "c", "a"));
    graph.addNode(node("", "Identity", "d", "b"));
    run(matrices(transA, transB, batchA, batchB, "c", "d"), 17);
  }

  private static NodeProto.Builder matrices(
      int transA, int transB, int batchA, int batchB, String a, String b) {
    return node(MICROSOFT, "FusedMatMul", "y", a, b)
        .addAttribute(real("alpha", 0.25))
        .addAttribute(number("transA", transA))
        .addAttribute(number("transB", transB))
        .addAttribute(number("transBatchA", batchA))
        .addAttribute(number("transBatchB", batchB));
  }

  /// The shape that a product of these flags takes for an operand of that shape.
  private static long[] turned(long[] shape, int swaps, int moves) {
    long[] s = shape.clone();
    if (swaps == 1) {
      s = new long[] {s[0], s[1], s[3], s[2]};
    }
    return moves == 1 ? new long[] {s[2], s[0], s[1], s[3]} : s;
  }

  @Test
  void fusedMatrixProductWithWeights() throws IOException, OrtException {
    input("x", 2, 3, 5);
    weights("w", 4, 5);
    NodeProto.Builder node =
        node(MICROSOFT, "FusedMatMul", "y", "x", "w")
            .addAttribute(number("transB", 1))
            .addAttribute(real("alpha", 0.5));
    assertLayers(run(node, 17), "w");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Gelu", "FastGelu", "QuickGelu"})
  void gelus(String name) throws IOException, OrtException {
    input("x", 3, 40);
    NodeProto.Builder node = node(MICROSOFT, name, "y", "x");
    run(name.equals("QuickGelu") ? node.addAttribute(real("alpha", 1.3)) : node, 17);
  }

  @ParameterizedTest
  @ValueSource(strings = {"BiasGelu", "FastGelu"})
  void gelusWithBias(String name) throws IOException, OrtException {
    input("x", 3, 40);
    weights("b", 40);
    run(node(MICROSOFT, name, "y", "x", "b"), 17);
  }

  @ParameterizedTest
  @ValueSource(strings = {"LayerNormalization", "SimplifiedLayerNormalization"})
  void normalisations(String name) throws IOException, OrtException {
    input("x", 3, 4, 8);
    weights("s", 8);
    NodeProto.Builder node = node("", name, "y", "x", "s").addAttribute(real("epsilon", 0.1));
    run(node.addAttribute(number("axis", -1)), 17);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sumsThatAreNormalised(boolean hasBias) throws IOException, OrtException {
    input("x", 3, 4, 8);
    input("skip", 3, 4, 8);
    weights("gamma", 8);
    weights("beta", 8);
    weights("bias", 8);
    NodeProto.Builder node =
        node(MICROSOFT, "SkipLayerNormalization", "y", "x", "skip", "gamma", "beta")
            .addOutput("")
            .addOutput("")
            .addOutput("sum");
    graph.addOutput(value("sum", 1));
    run(hasBias ? node.addInput("bias") : node, 17);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void sumsThatAreNormalisedWithoutMean(boolean hasBias) throws IOException, OrtException {
    input("x", 3, 4, 8);
    input("skip", 3, 4, 8);
    weights("gamma", 8);
    weights("bias", 8);
    NodeProto.Builder node =
        node(MICROSOFT, "SkipSimplifiedLayerNormalization", "y", "x", "skip", "gamma")
            .addOutput("")
            .addOutput("")
            .addOutput("sum");
    graph.addOutput(value("sum", 1));
    run(hasBias ? node.addInput("bias") : node, 17);
  }

  @ParameterizedTest
  @CsvSource({"0,0,", "1,0,", "0,2,", "1,2,", "0,1,", "0,3,", "0,0,0.3"})
  void attention(int isCausal, int maskAxes, Double scale) throws IOException, OrtException {
    input("x", 2, 4, 6);
    weights("w", 6, 24);
    weights("b", 24);
    NodeProto.Builder node =
        node(MICROSOFT, "Attention", "y", "x", "w", "b", mask(maskAxes))
            .addAttribute(number("num_heads", 2))
            .addAttribute(number("unidirectional", isCausal));
    if (scale != null) {
      node.addAttribute(real("scale", scale));
    }
    assertLayers(run(node, 17), "w");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 1})
  void attentionOfSeparateHeads(int maskAxes) throws IOException, OrtException {
    input("q", 2, 4, 8);
    input("k", 2, 4, 8);
    input("v", 2, 4, 8);
    weights("b", 24);
    NodeProto.Builder node =
        node(MICROSOFT, "MultiHeadAttention", "y", "q", "k", "v", "b", mask(maskAxes))
            .addAttribute(number("num_heads", 2));
    run(node, 17);
  }

  /// Adds a mask for two samples of four keys.
  private String mask(int axes) {
    long[][] shapes = {{}, {2}, {2, 4}, {2, 4, 4}};
    if (axes == 0) {
      return "";
    }
    long[] shape = shapes[axes];
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    var bytes = new byte[(int) (4 * count)];
    for (int i = 0; i < count; i++) {
      bytes[4 * i] = (byte) (axes == 1 ? 2 + i : i % 3 == 1 ? 0 : 1);
    }
    inputs.put(
        "mask", Tensor.ofBytes(DataType.INT32, Arrays.stream(shape).boxed().toList(), bytes));
    graph.addInput(value("mask", 6, shape));
    return "mask";
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void embeddings(boolean hasMask) throws IOException, OrtException {
    ids("words", 2, 4, 9);
    ids("segments", 2, 4, 2);
    weights("wordTable", 9, 8);
    weights("positionTable", 6, 8);
    weights("segmentTable", 2, 8);
    weights("gamma", 8);
    weights("beta", 8);
    NodeProto.Builder node =
        node(
                MICROSOFT,
                "EmbedLayerNormalization",
                "y",
                "words",
                "segments",
                "wordTable",
                "positionTable",
                "segmentTable",
                "gamma",
                "beta")
            .addOutput("counts");
    if (hasMask) {
      node.addInput(mask(2));
    }
    graph.addOutput(value("counts", 6));
    run(node, 17);
  }

  private void ids(String name, long rows, long columns, int range) {
    var bytes = new byte[(int) (4 * rows * columns)];
    for (int i = 0; i < bytes.length; i += 4) {
      bytes[i] = (byte) random.nextInt(range);
    }
    inputs.put(name, Tensor.ofBytes(DataType.INT32, List.of(rows, columns), bytes));
    graph.addInput(value(name, 6, rows, columns));
  }

  private void input(String name, long... shape) {
    inputs.put(name, noise(random, shape));
    graph.addInput(value(name, 1, shape));
  }

  private void weights(String name, long... shape) {
    graph.addInitializer(constant(name, noise(random, shape)));
  }

  private Network run(NodeProto.Builder node, long opset) throws IOException, OrtException {
    graph.addNode(node);
    if (graph.getOutputList().stream().noneMatch(output -> output.getName().equals("y"))) {
      graph.addOutput(0, value("y", 1));
    }
    return Protos.assertEqualsOnnxRuntime(
        Protos.model(graph, opset), folder.resolve("model.onnx"), inputs);
  }

  private static void assertLayers(Network network, String... tensors) {
    assertThat(Layers.of(network).prunable()).extracting(Layer::tensor).containsExactly(tensors);
    assertThat(Layers.of(network).isCounted()).isTrue();
  }
}
