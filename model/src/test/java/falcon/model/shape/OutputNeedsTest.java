package falcon.model.shape;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.layer.Layer;
import falcon.model.layer.Layers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What the output that counts does not need hinders nothing.
class OutputNeedsTest {
  @Test
  void nodesBehindAnUnknownOperatorAreLeftOutAndOtherOutputsStay() {
    Network network =
        builder()
            .node(node("MatMul", "", "a", "x", "w"))
            .node(node("Relu", "", "y", "a"))
            .node(node("Strange", "my.ops", "s", "a"))
            .node(node("MatMul", "", "t", "s", "v"))
            .node(node("Tanh", "", "other", "a"))
            .output(value("y"))
            .output(value("t"))
            .output(value("other"))
            .build();
    Network reduced = reduced(network);
    assertThat(reduced.nodes()).extracting(Node::opType).containsExactly("MatMul", "Relu", "Tanh");
    assertThat(reduced.outputs()).extracting(ValueInfo::name).containsExactly("y", "other");
    Layers layers = Layers.of(network);
    assertThat(layers.prunable()).extracting(Layer::tensor).containsExactly("w");
    assertThat(layers.all().get(1).notPrunableReason())
        .isEqualTo(
            "it lies behind Strange node that makes 's' (domain my.ops), which cannot be run and"
                + " which output 'y' does not need");
    assertThat(layers.isCounted()).isTrue();
    assertThat(layers.obstacles()).isEmpty();
    assertThat(layers.leftOut()).hasSize(1);
  }

  @Test
  void weightsThatAreAlsoUsedBehindItArePruned() {
    Network network =
        builder()
            .node(node("MatMul", "", "y", "x", "w"))
            .node(node("Strange", "my.ops", "s", "y"))
            .node(node("MatMul", "", "t", "s", "w"))
            .output(value("y"))
            .output(value("t"))
            .build();
    Layers layers = Layers.of(network);
    assertThat(layers.prunable()).extracting(Layer::tensor).containsExactly("w");
    assertThat(layers.prunableMacs()).isEqualTo(16);
  }

  @Test
  void unknownOperatorThatTheOutputNeedsStays() {
    Network network =
        builder()
            .node(node("Strange", "my.ops", "s", "x"))
            .node(node("MatMul", "", "y", "s", "w"))
            .output(value("y"))
            .build();
    assertThat(reduced(network)).isSameAs(network);
    assertThat(Layers.of(network).obstacles()).hasSize(1);
  }

  @Test
  void outputMayBeAValueInside() {
    Network network =
        builder()
            .node(node("MatMul", "", "a", "x", "w"))
            .node(node("Strange", "my.ops", "y", "a"))
            .output(value("y"))
            .build()
            .withMetadata(Map.of(MainOutput.METADATA, "a"));
    assertThat(reduced(network).outputs()).extracting(ValueInfo::name).containsExactly("a");
  }

  @Test
  void scoresCountInPlaceOfDictionariesOfThem() {
    Network network =
        builder()
            .node(node("MatMul", "", "scores", "x", "w"))
            .node(node("ArgMax", "", "label", "scores"))
            .node(node("ZipMap", "ai.onnx.ml", "probabilities", "scores"))
            .output(new ValueInfo("label", DataType.INT64, null))
            .output(new ValueInfo("probabilities", null, null))
            .build();
    assertThat(MainOutput.of(network).name()).isEqualTo("scores");
    assertThat(reduced(network).outputs())
        .extracting(ValueInfo::name)
        .containsExactly("label", "scores");
  }

  @Test
  void outputsThatNobodyReadsNeedNoShape() {
    Network.Builder builder = builder();
    for (String name : List.of("scale", "shift", "mean", "variance")) {
      builder.initializer(name, Tensor.ofFloats(List.of(4L), 1, 1, 1, 1));
    }
    Network network =
        builder
            .node(
                new Node(
                    "",
                    "BatchNormalization",
                    "",
                    List.of("x", "scale", "shift", "mean", "variance"),
                    List.of("b", "b/mean", "b/variance", "b/saved", "b/savedToo"),
                    Map.of("momentum", new Attribute.FloatValue(0.9f))))
            .node(node("MatMul", "", "y", "b", "w"))
            .output(value("y"))
            .build();
    Layers layers = Layers.of(network);
    assertThat(layers.obstacles()).isEmpty();
    assertThat(layers.prunableMacs()).isEqualTo(16);
    assertThat(new ShapeCheck(1000).unknownNodes(network, Map.of("x", List.of(2L, 4L))).isEmpty())
        .isTrue();
  }

  private static Network reduced(Network network) {
    return OutputNeeds.of(network, FollowedShapes.of(network, Map.of())).reduced();
  }

  private static Network.Builder builder() {
    List<Dimension> sizes = List.of(new Dimension.Symbolic("n"), new Dimension.Fixed(4));
    return Network.builder("n")
        .opset("", 9)
        .input(new ValueInfo("x", DataType.FLOAT32, sizes))
        .initializer("w", Tensor.ofFloats(List.of(4L, 4L), new float[16]))
        .initializer("v", Tensor.ofFloats(List.of(4L, 4L), new float[16]));
  }

  private static ValueInfo value(String name) {
    return new ValueInfo(name, DataType.FLOAT32, null);
  }

  private static Node node(String opType, String domain, String output, String... inputs) {
    return new Node("", opType, domain, List.of(inputs), List.of(output), Map.of());
  }
}
