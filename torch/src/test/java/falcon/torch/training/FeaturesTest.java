package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.torch.Graph;
import falcon.torch.execution.GraphProgram;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FeaturesTest {
  @Test
  void valuesInsideAResidualBlockAreNone() {
    assertThat(features(Graph.residual(1), "c1.w", "c2.w", "logits.w"))
        .containsExactly("r1", "logits.flat");
  }

  @Test
  void everyLayersInputOfAPlainGraphIsOneButTheNetworksOwn() {
    Network plain =
        new Graph(1, 3, 4, 4)
            .convolution("c", "x", new long[] {2, 3, 3, 3})
            .node("Relu", "r", List.of("c"))
            .convolution("d", "r", new long[] {2, 2, 1, 1})
            .classifier("y", "d", 2, 2)
            .network("y");
    assertThat(features(plain, "c.w", "d.w", "y.w")).containsExactly("r", "y.flat");
  }

  @Test
  void aMaskThatIsReadToTheEndDoesNotStandInTheWay() {
    Network masked =
        Network.builder("masked")
            .input(new ValueInfo("x", DataType.FLOAT32, null))
            .input(new ValueInfo("mask", DataType.INT64, null))
            .initializer("w", Tensor.ofFloats(List.of(1L, 1L), 1))
            .initializer("v", Tensor.ofFloats(List.of(1L, 1L), 1))
            .node(node("Cast", "m", "mask"))
            .node(node("MatMul", "a", "x", "w"))
            .node(node("Add", "b", "a", "m"))
            .node(node("MatMul", "c", "b", "v"))
            .node(node("Add", "y", "c", "m"))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    assertThat(features(masked, "w", "v")).containsExactly("b");
  }

  @Test
  void aNetworkWithoutCutsHasInputsOfLayersOnItsLongestPath() {
    var graph = new Graph(1, 2).noise("w", 2, 2).noise("w0", 2, 2).noise("w1", 2, 2);
    graph
        .node("MatMul", "side", List.of("x", "w"))
        .node("MatMul", "a", List.of("x", "w0"))
        .node("Relu", "r", List.of("a"))
        .node("MatMul", "b", List.of("r", "w1"))
        .node("Add", "y", List.of("b", "side"));
    assertThat(features(graph.network("y"), "w", "w0", "w1")).containsExactly("r");
  }

  @Test
  void aRecurrentLayersInputIsWhatItsNodeReads() {
    Network network =
        Network.builder("recurrent")
            .input(new ValueInfo("x", DataType.FLOAT32, null))
            .initializer("w", Tensor.ofFloats(List.of(1L, 1L, 1L), 1))
            .initializer("r", Tensor.ofFloats(List.of(1L, 1L, 1L), 1))
            .node(node("Relu", "a", "x"))
            .node(node("RNN", "y", "a", "w", "r"))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    assertThat(features(network, "w", "r")).containsExactly("a");
  }

  @Test
  void channelsLieAlongWhatALayerSumsOver() {
    Network network =
        new Graph(1, 3, 4, 4)
            .node("Relu", "image", List.of("x"))
            .convolution("c", "image", new long[] {2, 3, 3, 3})
            .node("GlobalAveragePool", "mean", List.of("c"))
            .node("Flatten", "rows", List.of("mean"))
            .noise("right", 2, 2)
            .node("MatMul", "a", List.of("rows", "right"))
            .node("Transpose", "columns", List.of("a"))
            .noise("left", 2, 2)
            .node("MatMul", "b", List.of("left", "columns"))
            .noise("gemm", 2, 2)
            .node("Gemm", "y", List.of("b", "gemm"), Graph.Option.integer("transA", 1))
            .network("y");
    assertThat(Features.of(new GraphProgram(network), List.of("c.w", "right", "left", "gemm")))
        .containsExactly(
            entry("image", -3), entry("rows", -1), entry("columns", -2), entry("b", -2));
  }

  private static Node node(String opType, String output, String... inputs) {
    return new Node(output, opType, "", List.of(inputs), List.of(output), Map.of());
  }

  private static List<String> features(Network network, String... tensors) {
    return List.copyOf(Features.of(new GraphProgram(network), List.of(tensors)).keySet());
  }
}
