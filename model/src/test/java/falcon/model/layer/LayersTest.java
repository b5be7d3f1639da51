package falcon.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.zoo.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LayersTest {
  @Test
  void resNet20CostsWhatThePaperCounts() {
    Layers layers = Layers.of(Architecture.RESNET20.initial(3, 32, 32, 10, 1));
    assertThat(layers.prunable()).hasSize(20);
    assertThat(layers.prunableWeights()).isEqualTo(268_336);
    assertThat(layers.prunableMacs()).isEqualTo(40_551_040);
    assertThat(layers.totalMacs()).isEqualTo(40_551_040 + 2 * 131_072);
    assertThat(layers.all()).hasSize(22);
    assertThat(layers.all())
        .filteredOn(layer -> !layer.isPrunable())
        .extracting(Layer::tensor)
        .containsExactly("layer2.0.downsample.0.weight", "layer3.0.downsample.0.weight");
    assertThat(layers.prunable())
        .extracting(Layer::macsPerWeight)
        .startsWith(1024L, 1024L)
        .endsWith(64L, 1L);
  }

  @Test
  void everyOutputPositionOfAConvolutionCostsOnce() {
    Network network =
        network(
                new Node(
                    "c",
                    "Conv",
                    "",
                    List.of("x", "w"),
                    List.of("y"),
                    Map.of(
                        "group",
                        new Attribute.IntegerValue(2),
                        "strides",
                        new Attribute.IntegerList(List.of(2L, 1L)))),
                1,
                4,
                9,
                7)
            .initializer("w", zeros(6, 2, 3, 3))
            .build();
    Layer layer = Layers.of(network).all().getFirst();
    assertThat(layer.macsPerWeight()).isEqualTo(4 * 5);
    assertThat(layer.weights()).isEqualTo(108);
    assertThat(layer.macs()).isEqualTo(2160);
  }

  @Test
  void everyTokenOfAMatrixProductCostsOnceAndExamplesDoNotCount() {
    Network.Builder builder =
        network(node("MatMul", List.of("x", "w"), "y"), 5, 7, 8).initializer("w", zeros(8, 3));
    assertThat(Layers.of(builder.build()).all())
        .extracting(Layer::macsPerWeight)
        .containsExactly(7L);
  }

  @Test
  void sharedWeightsAreOneLayerAndCostForEachUse() {
    Network network =
        network(node("MatMul", List.of("x", "w"), "h"), 1, 8)
            .node(node("MatMul", List.of("h", "w"), "y"))
            .initializer("w", zeros(8, 8))
            .build();
    List<Layer> layers = Layers.of(network).all();
    assertThat(layers).hasSize(1);
    assertThat(layers.getFirst().nodes()).hasSize(2);
    assertThat(layers.getFirst().macsPerWeight()).isEqualTo(2);
  }

  @Test
  void weightsThatAnotherOperatorReadsAreNotPrunable() {
    Network network =
        network(node("MatMul", List.of("x", "w"), "h"), 1, 8)
            .node(node("Add", List.of("h", "w"), "y"))
            .initializer("w", zeros(8, 8))
            .build();
    assertThat(Layers.of(network).all().getFirst().notPrunableReason())
        .isEqualTo("Add node that makes 'y' reads it, too");
  }

  @Test
  void metadataKeepsLayersDense() {
    Network network =
        network(node("MatMul", List.of("x", "w"), "y"), 1, 8)
            .initializer("w", zeros(8, 8))
            .metadata(Network.NOT_PRUNABLE, "other, w")
            .build();
    assertThat(Layers.of(network).prunable()).isEmpty();
    assertThat(Layers.of(network).all().getFirst().notPrunableReason())
        .isEqualTo("the architecture keeps it dense");
  }

  @Test
  void whatLiesBehindAnUnknownOperatorIsNotCountedAndTheOperatorIsNamed() {
    Network network =
        network(node("MatMul", List.of("x", "w"), "h"), 1, 8)
            .node(new Node("n", "Fancy", "com.example", List.of("h"), List.of("f"), Map.of()))
            .node(node("MatMul", List.of("f", "v"), "y"))
            .initializer("w", zeros(8, 4))
            .initializer("v", zeros(4, 2))
            .build();
    Layers layers = Layers.of(network);
    assertThat(layers.isCounted()).isFalse();
    assertThat(layers.prunableWeights()).isEqualTo(40);
    assertThat(layers.totalMacs()).isEqualTo(32);
    assertThat(layers.all().get(1).isPrunable()).isTrue();
    assertThat(layers.all().get(1).uncountedReason())
        .isEqualTo(
            "Fancy node 'n' (domain com.example): the shapes that this operator makes are not known");
    assertThat(layers.obstacles()).hasSize(1);
    assertThat(layers.obstacles().getFirst().node()).isEqualTo(network.nodes().get(1));
  }

  @Test
  void inputOfOpenSizeLeavesLayersUncounted() {
    Network network =
        Network.builder("open")
            .input(
                new ValueInfo(
                    "x",
                    DataType.FLOAT32,
                    List.of(
                        new Dimension.Symbolic("n"),
                        new Dimension.Symbolic("t"),
                        new Dimension.Fixed(8))))
            .node(node("MatMul", List.of("x", "w"), "y"))
            .initializer("w", zeros(8, 4))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    Layer open = Layers.of(network).all().getFirst();
    assertThat(open.uncountedReason())
        .isEqualTo(
            "input 'x FLOAT32[n, t, 8]' leaves more than its first axis open; give it a shape (‹input shape›)");
    Network fixed = network.withExampleShapes(Map.of("x", List.of(6L, 8L)));
    assertThat(Layers.of(fixed).all().getFirst().macsPerWeight()).isEqualTo(6);
  }

  @Test
  void channelsThatDoNotFitAreNamedWithTheShapes() {
    Network network =
        network(node("Conv", List.of("x", "w"), "y"), 1, 4, 9, 9)
            .initializer("w", zeros(6, 3, 3, 3))
            .build();
    assertThat(Layers.of(network).obstacles().getFirst().toString())
        .isEqualTo(
            "Conv node that makes 'y' (domain ai.onnx): weights and channels do not fit, with"
                + " group 1; its inputs have the shapes [[1, 4, 9, 9], [6, 3, 3, 3]]");
  }

  @Test
  void everyInputPositionOfATransposedConvolutionCostsOnce() {
    Network network =
        network(
                new Node(
                    "",
                    "ConvTranspose",
                    "",
                    List.of("x", "w"),
                    List.of("y"),
                    Map.of("strides", new Attribute.IntegerList(List.of(2L, 2L)))),
                1,
                4,
                5,
                7)
            .initializer("w", zeros(4, 6, 3, 3))
            .build();
    assertThat(Layers.of(network).all().getFirst().macsPerWeight()).isEqualTo(5 * 7);
  }

  @Test
  void recurrentWeightsCostOnceInEachStep() {
    Network network =
        network(
                new Node(
                    "",
                    "LSTM",
                    "",
                    List.of("x", "w", "r", "b"),
                    List.of("y"),
                    Map.of(
                        "direction",
                        new Attribute.StringValue("bidirectional"),
                        "hidden_size",
                        new Attribute.IntegerValue(3))),
                11,
                1,
                5)
            .initializer("w", zeros(2, 12, 5))
            .initializer("r", zeros(2, 12, 3))
            .initializer("b", zeros(2, 24))
            .build();
    Layers layers = Layers.of(network, Map.of("x", List.of(11L, 1L, 5L)));
    assertThat(layers.all()).extracting(Layer::tensor).containsExactly("w", "r");
    // the first axis of a recurrent layer counts steps; here it is the network's axis of examples
    assertThat(layers.all()).extracting(Layer::macsPerWeight).containsExactly(1L, 1L);
  }

  @Test
  void productsOfActivationsAreInTheTotalAndNotPrunable() {
    Network network =
        network(node("MatMul", List.of("x", "w"), "q"), 1, 6, 8)
            .node(node("Transpose", List.of("q"), "k", "perm", 0, 2, 1))
            .node(node("MatMul", List.of("q", "k"), "s"))
            .node(node("Softmax", List.of("s"), "a"))
            .node(node("MatMul", List.of("a", "q"), "y"))
            .initializer("w", zeros(8, 4))
            .build();
    Layers layers = Layers.of(network);
    assertThat(layers.denseProducts())
        .extracting(DenseProduct::macs)
        .containsExactly(6L * 6 * 4, 6L * 6 * 4);
    assertThat(layers.denseProducts())
        .extracting(DenseProduct::reason)
        .containsOnly("product of activations");
    assertThat(layers.layerMacs()).isEqualTo(6 * 8 * 4);
    assertThat(layers.totalMacs()).isEqualTo(6 * 8 * 4 + 2 * 6 * 6 * 4);
  }

  @Test
  void einsumCostsTheProductOfItsLabels() {
    Network network =
        network(
                new Node(
                    "",
                    "Einsum",
                    "",
                    List.of("x", "w"),
                    List.of("y"),
                    Map.of("equation", new Attribute.StringValue("...tc, cd -> ...td"))),
                1,
                3,
                6,
                8)
            .initializer("w", zeros(8, 4))
            .build();
    Layer layer = Layers.of(network).all().getFirst();
    assertThat(layer.macs()).isEqualTo(3 * 6 * 8 * 4);
    assertThat(layer.isPrunable()).isTrue();
  }

  @Test
  void einsumWhoseWeightsHaveTheirAxesInAnotherOrderIsADenseProduct() {
    Network network =
        network(
                new Node(
                    "",
                    "Einsum",
                    "",
                    List.of("x", "w"),
                    List.of("y"),
                    Map.of("equation", new Attribute.StringValue("bhd,dhe->bhe"))),
                1,
                3,
                6)
            .initializer("w", zeros(6, 3, 5))
            .build();
    DenseProduct product = Layers.of(network).denseProducts().getFirst();
    assertThat(product.macs()).isEqualTo(3 * 6 * 5);
    assertThat(product.reason()).isEqualTo("no weights of Einsum nodes are pruned ('w')");
  }

  @Test
  void tiedEmbeddingIsOneLayerAndPrunedOnlyByName() {
    Network network = tied();
    Layer layer = Layers.of(network).all().getFirst();
    assertThat(layer.opType()).isEqualTo("Gather+MatMul");
    assertThat(layer.macsPerWeight()).isEqualTo(4);
    assertThat(layer.notPrunableReason())
        .isEqualTo("an embedding: pruned only if asked for by name (‹include›)");
    assertThat(Layers.of(network, selection("*", null)).prunable()).hasSize(1);
  }

  @Test
  void weightsThatAreComputedOrQuantisedAreDenseProducts() {
    Network network =
        network(node("Exp", List.of("w"), "v"), 1, 8)
            .node(node("MatMul", List.of("x", "v"), "h"))
            .node(node("DequantizeLinear", List.of("q", "scale", "zero"), "d"))
            .node(node("MatMul", List.of("h", "d"), "y"))
            .initializer("w", zeros(8, 4))
            .initializer("scale", Tensor.ofFloats(List.of(), 2f))
            .initializer("zero", Tensor.ofBytes(DataType.INT8, List.of(), new byte[] {3}))
            .initializer("q", Tensor.ofBytes(DataType.INT8, List.of(4L, 2L), new byte[8]))
            .build();
    Layers layers = Layers.of(network);
    assertThat(layers.all()).isEmpty();
    assertThat(layers.denseProducts())
        .extracting(DenseProduct::reason)
        .containsExactly(
            "its weights are computed, by Exp node that makes 'v'",
            "quantised with the zero point 3; only weights that are quantised symmetrically, with"
                + " 0, are pruned");
    assertThat(layers.totalMacs()).isEqualTo(8 * 4 + 4 * 2);
  }

  @Test
  void weightsBehindStepsThatOthersReadAreDenseProducts() {
    Node cast =
        new Node(
            "",
            "Cast",
            "",
            List.of("w"),
            List.of("v"),
            Map.of("to", new Attribute.IntegerValue(1)));
    Network read =
        network(cast, 1, 8)
            .node(node("MatMul", List.of("x", "v"), "y"))
            .node(node("ReduceSum", List.of("v"), "s"))
            .initializer("w", zeros(8, 4))
            .build();
    assertThat(Layers.of(read).denseProducts().getFirst().reason())
        .isEqualTo("ReduceSum node that makes 's' reads 'v', too");
    Network twice =
        network(cast, 1, 8)
            .node(node("MatMul", List.of("x", "v"), "y"))
            .node(node("Mul", List.of("v", "half"), "u"))
            .node(node("MatMul", List.of("x", "u"), "z"))
            .initializer("w", zeros(8, 4))
            .initializer("half", Tensor.ofFloats(List.of(), 0.5f))
            .build();
    assertThat(Layers.of(twice).denseProducts())
        .extracting(DenseProduct::reason)
        .containsOnly("'w' is used in several ways");
  }

  @Test
  void weightsMultipliedByThemselvesAreADenseProduct() {
    Network network =
        network(node("Mul", List.of("w", "w"), "v"), 1, 8)
            .node(node("MatMul", List.of("x", "v"), "y"))
            .initializer("w", zeros(8, 4))
            .build();
    assertThat(Layers.of(network).all()).isEmpty();
    assertThat(Layers.of(network).denseProducts().getFirst().reason())
        .isEqualTo("its weights are computed, by Mul node that makes 'v'");
  }

  @Test
  void theCosinesOfATransformArePrunedOnlyByName() {
    var values = new float[32 * 64];
    for (int i = 0; i < values.length; i++) {
      int frequency = i / 64;
      values[i] = (float) Math.cos(Math.PI * frequency * (i % 64) / 32);
    }
    Network network =
        network(node("MatMul", List.of("x", "w"), "y"), 1, 32)
            .initializer("w", Tensor.ofFloats(List.of(32L, 64L), values))
            .build();
    assertThat(Layers.of(network).all().getFirst().notPrunableReason())
        .isEqualTo(
            "the sinusoids of a transform, not learnt: pruned only if asked for by name"
                + " (‹include›)");
    assertThat(Layers.of(network, selection("w", null)).prunable()).hasSize(1);
  }

  @Test
  void weightsThatLeaveTheNetworkTurnedOverAreNotPrunable() {
    Network network =
        network(node("MatMul", List.of("x", "w"), "y"), 1, 8)
            .node(node("Transpose", List.of("w"), "t"))
            .output(new ValueInfo("t", DataType.FLOAT32, null))
            .initializer("w", zeros(8, 8))
            .build();
    assertThat(Layers.of(network).all().getFirst().notPrunableReason())
        .isEqualTo("it is an output of the network");
  }

  @Test
  void attentionCostsItsTwoProducts() {
    Network network =
        network(node("Attention", List.of("x", "x", "x"), "y"), 1, 4, 5, 8).opset("", 23).build();
    DenseProduct product = Layers.of(network).denseProducts().getFirst();
    assertThat(product.reason()).isEqualTo("product of activations");
    assertThat(product.macs()).isEqualTo(4 * 5 * 5 * (8 + 8));
  }

  @Test
  void weightsThatASubgraphReadsAreNotPrunable() {
    var body =
        new Attribute.Subgraph(
            "If.0/then_branch/",
            List.of(node("Identity", List.of("w"), "inner")),
            List.of(),
            List.of("inner"),
            Map.of(),
            Map.of());
    Network network =
        network(node("MatMul", List.of("x", "w"), "y"), 1, 8)
            .node(
                new Node(
                    "choice",
                    "If",
                    "",
                    List.of("x"),
                    List.of("z"),
                    Map.of("then_branch", new Attribute.GraphValue(body))))
            .initializer("w", zeros(8, 8))
            .build();
    assertThat(Layers.of(network).all().getFirst().notPrunableReason())
        .isEqualTo("it is read inside the subgraph of If node 'choice'");
  }

  @Test
  void patternsChooseWhatIsPruned() {
    Network network =
        network(node("MatMul", List.of("x", "block.0.w"), "h"), 1, 8)
            .node(node("MatMul", List.of("h", "block.1.w"), "i"))
            .node(node("MatMul", List.of("i", "head.w"), "y"))
            .initializer("block.0.w", zeros(8, 8))
            .initializer("block.1.w", zeros(8, 8))
            .initializer("head.w", zeros(8, 8))
            .build();
    assertThat(Layers.of(network, selection("block.*", null)).prunable())
        .extracting(Layer::tensor)
        .containsExactly("block.0.w", "block.1.w");
    Layers layers = Layers.of(network, selection(null, "block.?.w"));
    assertThat(layers.prunable()).extracting(Layer::tensor).containsExactly("head.w");
    assertThat(layers.all().getFirst().notPrunableReason()).isEqualTo("excluded by 'block.?.w'");
    assertThat(layers.adaptable()).hasSize(1);
    assertThatThrownBy(() -> Layers.of(network, selection("blok.1", null)))
        .hasMessage(
            "‹include› 'blok.1' matches no weights.%nNear names: block.1.w, block.0.w, head.w. 'inspect' lists all; * stands for any text."
                .formatted());
  }

  private static LayerSelection selection(@Nullable String include, @Nullable String exclude) {
    return LayerSelection.of(
        include == null ? List.of() : List.of(include),
        exclude == null ? List.of() : List.of(exclude));
  }

  private static Network tied() {
    return Network.builder("tied")
        .opset("", 17)
        .input(
            new ValueInfo(
                "ids", DataType.INT64, List.of(new Dimension.Fixed(1), new Dimension.Fixed(4))))
        .output(new ValueInfo("y", DataType.FLOAT32, null))
        .node(node("Gather", List.of("words", "ids"), "e"))
        .node(node("Transpose", List.of("words"), "t"))
        .node(node("MatMul", List.of("e", "t"), "y"))
        .initializer("words", zeros(10, 8))
        .build();
  }

  private static Network.Builder network(Node node, long... inputShape) {
    var dimensions = new ArrayList<Dimension>();
    for (long size : inputShape) {
      dimensions.add(new Dimension.Fixed(size));
    }
    return Network.builder("test")
        .opset("", 17)
        .input(new ValueInfo("x", DataType.FLOAT32, dimensions))
        .output(new ValueInfo("y", DataType.FLOAT32, null))
        .node(node);
  }

  private static Node node(String opType, List<String> inputs, String output) {
    return new Node("", opType, "", inputs, List.of(output), Map.of());
  }

  private static Node node(
      String opType, List<String> inputs, String output, String attribute, long... values) {
    return new Node(
        "",
        opType,
        "",
        inputs,
        List.of(output),
        Map.of(attribute, new Attribute.IntegerList(Arrays.stream(values).boxed().toList())));
  }

  private static Tensor zeros(long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    return Tensor.ofFloats(sizes, new float[Math.toIntExact(Tensor.elements(sizes))]);
  }
}
