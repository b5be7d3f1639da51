package falcon.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.shape.ShapeInference;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightUsesTest {
  @Test
  void tiedWeightsAreFoundThroughTransposeAndIdentity() {
    Network network =
        network()
            .node(node("Gather", "e", "w", "x"))
            .node(node("Identity", "same", "w"))
            .node(node("Transpose", "t", "same"))
            .node(node("MatMul", "y", "e", "t"))
            .build();
    WeightUses found = WeightUses.of(network, "w");
    assertThat(found.uses())
        .extracting(use -> use.node().opType(), WeightUse::operand, WeightUse::isTransposed)
        .containsExactly(tuple("Gather", 0, false), tuple("MatMul", 1, true));
    assertThat(found.others()).isEmpty();
  }

  @Test
  void readerThatDoesNotMultiplyIsNamed() {
    Network network =
        network().node(node("MatMul", "y", "x", "w")).node(node("Add", "z", "w", "w")).build();
    WeightUses found = WeightUses.of(network, "w");
    assertThat(found.uses()).hasSize(1);
    assertThat(found.others()).extracting(Node::opType).containsExactly("Add");
  }

  @Test
  void exampleShapesFixOpenAxesAndNothingElse() {
    Network network =
        Network.builder("open")
            .input(
                new ValueInfo(
                    "x",
                    DataType.INT64,
                    List.of(new Dimension.Symbolic("n"), new Dimension.Symbolic("t"))))
            .node(node("Identity", "y", "x"))
            .output(new ValueInfo("y", DataType.INT64, null))
            .build();
    Network fixed = network.withExampleShapes(Map.of("x", List.of(7L)));
    assertThat(ShapeInference.inputShapes(fixed, 3)).isEqualTo(Map.of("x", List.of(3L, 7L)));
    assertThatThrownBy(() -> fixed.withExampleShapes(Map.of("x", List.of(8L))))
        .hasMessage("input 'x INT64[n, 7]' does not take examples of shape [8]");
    assertThatThrownBy(() -> network.withExampleShapes(Map.of("z", List.of(8L))))
        .hasMessage("there is no input 'z'; the inputs are [x INT64[n, t]]");
  }

  private static Node node(String opType, String output, String... inputs) {
    return new Node("", opType, "", List.of(inputs), List.of(output), Map.of());
  }

  private static Network.Builder network() {
    return Network.builder("tied")
        .input(new ValueInfo("x", DataType.INT64, null))
        .initializer("w", Tensor.ofFloats(List.of(2L, 2L), new float[4]))
        .output(new ValueInfo("y", DataType.FLOAT32, null));
  }
}
