package falcon.torch.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.LayerKinds;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.GraphProgram;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("native")
class WeightOrdersTest {
  static Stream<LayerKinds> kinds() {
    return LayerKinds.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void isThatOfTheProducts(LayerKinds kind) {
    var program = new GraphProgram(kind.network());
    for (String name : kind.tensors()) {
      WeightOrder known = LayerMatrix.of(program, name).order();
      WeightOrder found = WeightOrders.of(kind.network(), name);
      int rows = known.groups() * known.outputs();
      assertThat(found.groups() * found.outputs()).as(name).isEqualTo(rows);
      assertThat(found.indexes(0, rows)).as(name).isEqualTo(known.indexes(0, rows));
      if (!name.equals("w") || !kind.name().contains("bidirectional")) {
        assertThat(found).as(name).isEqualTo(known);
      }
    }
  }

  @Test
  void directionsAreGroups() {
    LayerKinds kind = LayerKinds.named("LSTM bidirectional");
    assertThat(WeightOrders.of(kind.network(), "w").groups()).isEqualTo(2);
    assertThat(WeightOrders.of(kind.network(), "w").outputs()).isEqualTo(16);
    assertThat(WeightOrders.of(kind.network(), "r").groups()).isEqualTo(2);
    assertThat(WeightOrders.of(kind.network(), "r").outputs()).isEqualTo(16);
  }

  /// Operators that cannot be executed are not in the way.
  @Test
  void networkNeedNotBeExecutable() {
    Network network =
        new Graph(3, 5)
            .noise("w", 5, 4)
            .node("MatMul", "m", List.of("x", "w"))
            .node("NoSuchOperator", "y", List.of("m"))
            .network("y");
    assertThat(WeightOrders.of(network, "w")).isEqualTo(WeightOrder.ofMatrices(1, 4, 5, true));
  }

  @Test
  void tableThatIsOnlyLookedUpHasItsFeaturesAsOutputs() {
    Network network =
        new Graph(3, 6)
            .noise("table", 7, 5)
            .node("Gather", "y", List.of("table", "x"))
            .network("y");
    assertThat(WeightOrders.of(network, "table")).isEqualTo(WeightOrder.ofMatrices(7, 5, 1, false));
  }

  @Test
  void tableThatIsAlsoMultipliedHasTheOrderOfTheProduct() {
    Network network =
        new Graph(3, 6)
            .noise("table", 7, 5)
            .node("Gather", "a", List.of("table", "x"))
            .node("Transpose", "turned", List.of("table"))
            .node("MatMul", "y", List.of("a", "turned"))
            .network("y");
    assertThat(WeightOrders.of(network, "table")).isEqualTo(WeightOrder.ofMatrices(1, 7, 5, false));
  }

  @Test
  void tellsWhyThereIsNone() {
    Network network =
        new Graph(3, 5)
            .noise("w", 2, 1, 5, 4)
            .noise("unused", 2, 2)
            .node("MatMul", "y", List.of("x", "w"))
            .network("y");
    assertThatThrownBy(() -> WeightOrders.of(network, "w"))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("shared");
    assertThatThrownBy(() -> WeightOrders.of(network, "unused"))
        .hasMessage("no layer reads tensor 'unused'");
  }
}
