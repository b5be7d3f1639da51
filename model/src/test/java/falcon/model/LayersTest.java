package falcon.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.zoo.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
  void unknownOperatorsAreNamedWithNodeAndDomain() {
    Network network =
        network(new Node("n", "Fancy", "com.example", List.of("x"), List.of("y"), Map.of()), 1, 8)
            .build();
    assertThatThrownBy(() -> Layers.of(network))
        .isInstanceOf(UnusableNodeException.class)
        .hasMessageStartingWith(
            "Fancy node 'n' (domain com.example): the shapes that this operator makes are not"
                + " known");
  }

  @Test
  void channelsThatDoNotFitAreNamedWithTheShapes() {
    Network network =
        network(node("Conv", List.of("x", "w"), "y"), 1, 4, 9, 9)
            .initializer("w", zeros(6, 3, 3, 3))
            .build();
    assertThatThrownBy(() -> Layers.of(network))
        .isInstanceOf(UnusableNodeException.class)
        .hasMessageStartingWith(
            "Conv node that makes 'y' (domain ai.onnx): weights and channels do not fit, with"
                + " group 1; its inputs have the shapes [[1, 4, 9, 9], [6, 3, 3, 3]]");
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

  private static Tensor zeros(long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    return Tensor.ofFloats(sizes, new float[Math.toIntExact(Tensor.elements(sizes))]);
  }
}
