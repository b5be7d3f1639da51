package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Graph;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainableTest {
  @Test
  void runningStatisticsAndWhatNoNodeReadsAreNot() {
    Network withSpare =
        new Graph(1, 3, 4, 4)
            .noise("spare", 2)
            .convolution("c", "x", new long[] {2, 3, 3, 3})
            .batchNormalization("n", "c", 2)
            .classifier("y", "n", 2, 2)
            .network("y");
    assertThat(Trainable.of(withSpare)).containsExactly("c.w", "n.scale", "n.shift", "y.w", "y.b");
  }

  @Test
  void scalarsAndOperandsThatAreNoWeightsAreNot() {
    Network network =
        new Graph(1, 4)
            .noise("epsilon", 1)
            .noise("exponent", 4)
            .noise("scale", 4)
            .noise("w", 4, 3)
            .node("Add", "a", List.of("x", "epsilon"))
            .node("Pow", "p", List.of("a", "exponent"))
            .node("Mul", "s", List.of("p", "scale"))
            .node("MatMul", "y", List.of("s", "w"))
            .network("y");
    assertThat(Trainable.of(network)).containsExactly("scale", "w");
  }

  @Test
  void masksAreNotButWeightsBehindATranspositionAre() {
    Network network =
        new Graph(1, 4)
            .noise("w", 4, 4)
            .noise("mask", 4)
            .node("Transpose", "wt", List.of("w"))
            .node("MatMul", "a", List.of("x", "wt"))
            .node("Add", "y", List.of("a", "mask"))
            .network("y");
    assertThat(Trainable.of(network)).containsExactly("w", "mask");
    Tensor mask = Tensor.ofFloats(List.of(4L), 0, 0, Float.NEGATIVE_INFINITY, 0);
    assertThat(Trainable.of(network.withTensors(Map.of("mask", mask)))).containsExactly("w");
  }
}
