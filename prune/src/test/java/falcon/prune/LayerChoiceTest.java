package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.layer.LayerSelection;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Method;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LayerChoiceTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(names = {"MAGNITUDE", "FALCON"})
  void whatIsExcludedComesBackToTheBit(Method method) {
    Network network = SmallProblem.network();
    PrunedNetwork pruned =
        pruning(network, BudgetRequest.macs(0.3))
            .options(
                options(method)
                    .selection(LayerSelection.of(List.of(), List.of("layer2.*", "fc.weight")))
                    .build())
            .run();
    assertThat(pruned.plan().untouched()).hasSize(8);
    for (String tensor : pruned.plan().untouched()) {
      assertThat(pruned.network().tensor(tensor)).as(tensor).isEqualTo(network.tensor(tensor));
    }
    assertThat(pruned.plan().layers())
        .extracting(PruningPlan.PrunableLayer::name)
        .contains("layer1.0.conv1.weight")
        .doesNotContain("layer2.0.conv1.weight", "fc.weight");
    assertThat(pruned.report().macs().percent()).isBetween(29.0, 30.0);
  }

  @Test
  void everyLayerKeepsItsFloor() {
    PrunedNetwork pruned =
        pruning(SmallProblem.network(), BudgetRequest.macs(0.05))
            .options(
                options(Method.MAGNITUDE)
                    .floors(List.of(KeepFloor.parse("3%"), KeepFloor.parse("fc.*=170")))
                    .build())
            .run();
    for (Report.LayerReport layer : pruned.report().layers()) {
      assertThat(layer.kept())
          .as(layer.name())
          .isGreaterThanOrEqualTo(
              layer.name().equals("fc.weight") ? 170 : (long) Math.ceil(0.03 * layer.weights()));
    }
  }

  @Test
  void floorsAboveTheBudgetAreRefused() {
    assertThatThrownBy(() ->
            pruning(SmallProblem.network(), BudgetRequest.macs(0.05))
                .options(options(Method.MAGNITUDE).floors(List.of(KeepFloor.parse("6%"))).build())
                .plan())
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("‹min keep› asks for")
        .hasMessageContaining("Ask for less there, or for a larger budget.");
  }

  @Test
  void patternsThatMatchNothingAreRefusedWithNearNames() {
    Pruning pruning = pruning(SmallProblem.network(), BudgetRequest.macs(0.3));
    assertThatThrownBy(() ->
            pruning
                .options(
                    options(Method.MAGNITUDE)
                        .selection(LayerSelection.of(List.of("fc.wieght"), List.of()))
                        .build())
                .plan())
        .hasMessageContaining("‹include› 'fc.wieght' matches no weights.")
        .hasMessageContaining("Near names: fc.weight");
    assertThatThrownBy(() ->
            pruning
                .options(
                    options(Method.MAGNITUDE).floors(List.of(KeepFloor.parse("fd.*=3%"))).build())
                .plan())
        .hasMessageContaining("‹min keep› 'fd.*' matches no weights.");
  }

  @Test
  void macsOfANetworkWithAnUnknownOperatorAreRefusedWithItsName() {
    Network network =
        Graphs.network("unknown", 1, 8, 8)
            .node(new Node("odd", "Fancy", "com.example", List.of("x"), List.of("f"), Map.of()))
            .node(Graphs.node("MatMul", "y", "f", "w"))
            .initializer("w", Tensor.ofFloats(List.of(2L, 3L), 1, 2, 3, 4, 5, 6))
            .output(Graphs.output("y"))
            .build();
    assertThatThrownBy(() -> pruning(network, BudgetRequest.macs(0.3)).plan())
        .isInstanceOf(PruningException.class)
        .hasMessageContaining(
            "The MACs of layer 'w' are not known: Fancy node 'odd' (domain com.example)")
        .hasMessageContaining("‹nnz› 30%");
    PruningPlan plan =
        pruning(network, BudgetRequest.nnz(0.5)).options(options(Method.MAGNITUDE).build()).plan();
    assertThat(plan.isCounted()).isFalse();
    assertThat(plan.budget().maxNnz()).isEqualTo(3);
    PrunedNetwork pruned = Falcon.prune(network, BudgetRequest.nnz(0.5)).run();
    assertThat(pruned.network().tensor("w").toFloats()).containsExactly(0, 0, 0, 4, 5, 6);
    assertThat(pruned.summary()).contains("not known", "accuracy: not told, there was no data");
  }

  @Test
  void withoutDataOnlyTheWeightsCanDecide() {
    assertThatThrownBy(() ->
            Falcon.prune(SmallProblem.network(), BudgetRequest.macs(0.3))
                .options(options(Method.FALCON).build())
                .plan())
        .hasMessageContaining("‹method› falcon needs samples: give ‹data› DIR");
  }

  private Pruning pruning(Network network, BudgetRequest budget) {
    Dataset data = SmallProblem.dataset(folder);
    return Falcon.prune(network, data, budget);
  }

  private static PruningOptions.Builder options(Method method) {
    return PruningOptions.builder().method(method).threads(1);
  }
}
