package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import falcon.torch.Graph;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphProgramTest {
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
    assertThat(program.ancestors(c2).stream()).containsExactly(0, 1, 2, c2);
    assertThat(program.dependsOn("sum", c2)).isTrue();
    assertThat(program.dependsOn("r1", c2)).isFalse();
    assertThat(program.dependsOn("x", c2)).isFalse();
  }

  @Test
  void outputIsTheFirstThatIsNotOfIntegers() {
    Network network =
        Network.builder("two")
            .input(new ValueInfo("x", DataType.FLOAT32, null))
            .node(new Node("", "ArgMax", "", List.of("x"), List.of("class"), Map.of()))
            .node(new Node("", "Relu", "", List.of("x"), List.of("scores"), Map.of()))
            .output(new ValueInfo("class", DataType.INT64, null))
            .output(new ValueInfo("scores", DataType.FLOAT32, null))
            .build();
    assertThat(new GraphProgram(network).output()).isEqualTo("scores");
  }
}
