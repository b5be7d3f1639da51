package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphProgramTest {
  @Test
  void valuesInsideAResidualBlockAreNoCuts() {
    var program = new GraphProgram(Graph.residual(1));
    assertThat(program.cutValues())
        .containsExactly("c1", "n1", "r1", "sum", "r2", "logits.mean", "logits.flat", "logits");
  }

  @Test
  void everyValueOfAPlainGraphIsACut() {
    Network plain =
        new Graph(1, 3, 4, 4)
            .convolution("c", "x", new long[] {2, 3, 3, 3})
            .node("Relu", "r", List.of("c"))
            .classifier("y", "r", 2, 2)
            .network("y");
    assertThat(new GraphProgram(plain).cutValues())
        .containsExactly("c", "r", "y.mean", "y.flat", "y");
  }

  @Test
  void noValueIsACutWhileTheInputIsStillRead() {
    Network skipping =
        new Graph(1, 4)
            .node("Relu", "a", List.of("x"))
            .node("Relu", "b", List.of("a"))
            .node("Add", "y", List.of("b", "x"))
            .network("y");
    assertThat(new GraphProgram(skipping).cutValues()).containsExactly("y");
  }

  @Test
  void usesCountEveryReadingAndTheOutput() {
    Network network =
        new Graph(1, 4)
            .node("Add", "a", List.of("x", "x"))
            .node("Relu", "b", List.of("a"))
            .network("a");
    var program = new GraphProgram(network);
    assertThat(program.uses("x")).isEqualTo(2);
    assertThat(program.uses("a")).isEqualTo(2);
    assertThat(program.uses("b")).isZero();
  }

  @Test
  void ancestorsAreWhatAValueDependsOn() {
    var program = new GraphProgram(Graph.residual(1));
    int c2 = program.producerOf("c2");
    assertThat(program.ancestors(c2)).containsExactly(0, 1, 2, c2);
    assertThat(program.dependsOn("sum", c2)).isTrue();
    assertThat(program.dependsOn("r1", c2)).isFalse();
    assertThat(program.dependsOn("x", c2)).isFalse();
  }

  @Test
  void noValueIsACutWhileAnotherInputIsStillRead() {
    Network network =
        Network.builder("two")
            .input(new ValueInfo("a", DataType.FLOAT32, null))
            .input(new ValueInfo("b", DataType.FLOAT32, null))
            .node(new Node("", "Relu", "", List.of("a"), List.of("r"), Map.of()))
            .node(new Node("", "Add", "", List.of("r", "b"), List.of("s"), Map.of()))
            .node(new Node("", "Relu", "", List.of("s"), List.of("y"), Map.of()))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    var program = new GraphProgram(network);
    assertThat(program.inputs()).containsExactly("a", "b");
    assertThat(program.cutValues()).containsExactly("s", "y");
  }
}
