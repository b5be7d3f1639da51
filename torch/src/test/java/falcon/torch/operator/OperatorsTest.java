package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Node;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OperatorsTest {
  @Test
  void shapesOfEveryOperatorThatIsComputedAreKnown() {
    assertThat(Operators.names())
        .isNotEmpty()
        .allSatisfy(name -> {
          OperatorRule rule = Objects.requireNonNull(OperatorRules.of(node(name)), name);
          assertThat(rule.shapes()).as(name).isNotNull();
        });
  }

  @Test
  void everyOperatorThatIsComputedIsTriedAgainstOnnxRuntime() {
    Set<String> untried = new TreeSet<>(Operators.names());
    untried.removeAll(OperatorGrid.byOperator().keySet());
    assertThat(untried).as("RecurrentTest tries these").containsExactly("GRU", "LSTM", "RNN");
  }

  @Test
  void onlyWhatMakesAFreshTensorMayBeWrittenOver() {
    var fresh = new TreeSet<String>();
    for (String name : Operators.names()) {
      if (Operators.of(node(name)).isFresh()) {
        fresh.add(name);
      }
    }
    assertThat(fresh)
        .containsExactly(
            "Add",
            "BatchNormalization",
            "Conv",
            "Div",
            "Erf",
            "Gemm",
            "GroupNormalization",
            "HardSigmoid",
            "HardSwish",
            "InstanceNormalization",
            "LayerNormalization",
            "MatMul",
            "Mul",
            "Relu",
            "Sigmoid",
            "Sub",
            "Tanh");
  }

  private static Node node(String opType) {
    return new Node("n", opType, "", List.of("x"), List.of("y"), Map.of());
  }
}
