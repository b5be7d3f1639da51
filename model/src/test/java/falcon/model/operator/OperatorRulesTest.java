package falcon.model.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperatorRulesTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "Conv, 0 1, 1, false",
    "ConvTranspose, 0 1, 1, false",
    "Gemm, 0 1, 0 1, false",
    "MatMul, 0 1, 0 1, false",
    "LSTM, 0 1 2, 1 2, false",
    "GRU, 0 1 2, 1 2, false",
    "RNN, 0 1 2, 1 2, false",
    "Gather, '', 0, true",
    "Einsum, 0 1, '', false",
    "Attention, 0 1 2, '', false",
    "ConvInteger, 0 1, '', false",
    "MatMulInteger, 0 1, '', false",
    "QLinearConv, 0 3, '', false",
    "QLinearMatMul, 0 3, '', false"
  })
  void whatIsMultipliedAndWhichOperandsAreWeights(
      String opType, String factors, String weights, boolean isLookup) {
    Node node = node(opType, "");
    Product product = Objects.requireNonNull(OperatorRules.product(node));
    assertThat(product.factors(node)).isEqualTo(numbers(factors));
    assertThat(product.weights()).isEqualTo(numbers(weights));
    assertThat(product.isLookup()).isEqualTo(isLookup);
  }

  @Test
  void otherOperatorsMultiplyNothing() {
    assertThat(OperatorRules.product(node("Relu", ""))).isNull();
    assertThat(OperatorRules.product(node("Conv", "com.example"))).isNull();
  }

  @Test
  void anOperatorWithoutShapesIsRefused() {
    for (Node node : List.of(node("Fancy", ""), node("Relu", "com.example"), node("Unique", ""))) {
      assertThatThrownBy(() -> OperatorRules.results(new Operands(node, List.of())))
          .isInstanceOf(UnusableNodeException.class)
          .hasMessageContaining(node.opType())
          .hasMessageContaining("the shapes that this operator makes are not known");
    }
  }

  private static List<Integer> numbers(String text) {
    return text.isEmpty()
        ? List.of()
        : Arrays.stream(text.split(" ", -1)).map(Integer::valueOf).toList();
  }

  private static Node node(String opType, String domain) {
    return new Node("n", opType, domain, List.of("a", "b"), List.of("y"), Map.of());
  }
}
