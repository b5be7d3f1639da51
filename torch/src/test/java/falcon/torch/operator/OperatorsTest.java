package falcon.torch.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Node;
import falcon.model.grid.GridCase;
import falcon.model.grid.GridCases;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import falcon.torch.Forward;
import falcon.torch.Precision;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.NativeLibraries;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
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
    untried.removeAll(GridCases.byOperator().keySet());
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
            "DequantizeLinear",
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
            "QuantizeLinear",
            "Relu",
            "Sigmoid",
            "Sub",
            "Tanh");
  }

  @Test
  @Tag("native")
  void windowsFarOutsideOfAnImageAreRefusedBeforeMemoryIsAskedFor() {
    NativeLibraries.ensureLoaded();
    GridCase far =
        new GridCase("Col2Im", 18)
            .floats(1, 1, 2)
            .longs(4)
            .longs(1)
            .list("pads", 0, Integer.MAX_VALUE)
            .list("strides", Integer.MAX_VALUE);
    assertThatThrownBy(() -> Forward.run(far.network(), far.inputs(), Precision.FLOAT32))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("with its padding the image has 2.15e+09 elements");
  }

  private static Node node(String opType) {
    return new Node("n", opType, "", List.of("x"), List.of("y"), Map.of());
  }
}
