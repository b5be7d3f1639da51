package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Failure;
import falcon.prune.options.Method;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Weights so large or so small that float32 does not hold their squares.
@Tag("native")
class ExtremeWeightsTest {
  private static final String LAYER = "fc.weight";
  private static final Network NETWORK = SmallProblem.network();

  @TempDir static Path folder;
  private static Dataset data;

  @BeforeAll
  static void writeData() {
    data = SmallProblem.dataset(folder);
  }

  @ParameterizedTest
  @ValueSource(ints = {-130, -100, 70, 100, 120})
  void magnitudeKeepsTheSameWeightsInAnyUnit(int exponent) {
    Network scaled = scaled(NETWORK, exponent);
    Network back = scaled(scaled, -exponent);
    assertThat(kept(byWeights(scaled))).isEqualTo(kept(byWeights(back)));
  }

  @ParameterizedTest
  @CsvSource({
    "MAGNITUDE, 1e25",
    "FALCON, 1e20",
    "FALCON, 1e25",
    "FALCON, 1e-30",
    "FALCON, 1e-40",
    "FALCON_PLUS_PLUS, 1e25",
    "FALCON_PLUS_PLUS, 1e-40"
  })
  void aLayerOfAnotherUnitIsPrunedLikeOthers(Method method, float unit) {
    PrunedNetwork pruned = pruned(lastLayerTimes(unit), method);
    assertThat(pruned.report().macs().used()).isLessThanOrEqualTo(pruned.plan().budget().maxMacs());
    for (float weight : pruned.network().tensor(LAYER).toFloats()) {
      assertThat(weight).isFinite();
    }
    if (unit > 1) { // Magnitude's weights, which may be taken, leave out a layer of a small unit.
      assertThat(pruned.report().layers().getLast().kept()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void oneHugeWeightStays(Method method) {
    float[] weights = NETWORK.tensor(LAYER).toFloats();
    weights[5] = 1e25f;
    PrunedNetwork pruned =
        pruned(
            NETWORK.withTensors(Map.of(LAYER, NETWORK.tensor(LAYER).withFloats(weights))), method);
    assertThat(pruned.network().tensor(LAYER).toFloats()[5]).isGreaterThan(1e20f);
  }

  @Test
  void outputsThatOverflowNameTheNode() {
    float[] weights = NETWORK.tensor(LAYER).toFloats();
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % 2 == 0 ? 3e38f : -3e38f;
    }
    Network network = NETWORK.withTensors(Map.of(LAYER, NETWORK.tensor(LAYER).withFloats(weights)));
    assertThatThrownBy(() -> pruned(network, Method.FALCON))
        .satisfies(e -> assertThat(Failure.of(e).kind()).isEqualTo(PruningException.Kind.INPUT))
        .hasMessageContaining("fc");
  }

  private static Network lastLayerTimes(float unit) {
    float[] weights = NETWORK.tensor(LAYER).toFloats();
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= unit;
    }
    return NETWORK.withTensors(Map.of(LAYER, NETWORK.tensor(LAYER).withFloats(weights)));
  }

  private static Network scaled(Network network, int exponent) {
    Map<String, Tensor> changed = new LinkedHashMap<>();
    for (var layer : falcon.model.layer.Layers.of(network).prunable()) {
      float[] values = network.tensor(layer.tensor()).toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.scalb(values[i], exponent);
      }
      changed.put(layer.tensor(), network.tensor(layer.tensor()).withFloats(values));
    }
    return network.withTensors(changed);
  }

  private static PrunedNetwork byWeights(Network network) {
    return Falcon.prune(network, BudgetRequest.macs(0.3))
        .options(PruningOptions.builder().method(Method.MAGNITUDE).threads(1).build())
        .run();
  }

  private static PrunedNetwork pruned(Network network, Method method) {
    PruningOptions.Builder options = PruningOptions.builder().method(method).threads(2);
    Pruning pruning =
        Falcon.prune(network, data, BudgetRequest.macs(0.4))
            .options(method == Method.MAGNITUDE ? options.build() : options.samples(64).build());
    return (method == Method.MAGNITUDE
            ? pruning
            : pruning.method(
                new ReconstructionMethod(
                    ReconstructionMethod.defaults(method).withSteps(2), MaskProjection.EXACT)))
        .run();
  }

  private static Map<String, List<Boolean>> kept(PrunedNetwork pruned) {
    var kept = new HashMap<String, List<Boolean>>();
    for (PruningPlan.PrunableLayer layer : pruned.plan().layers()) {
      var isKept = new java.util.ArrayList<Boolean>();
      for (float weight : pruned.network().tensor(layer.name()).toFloats()) {
        isKept.add(weight != 0);
      }
      kept.put(layer.name(), isKept);
    }
    return kept;
  }
}
