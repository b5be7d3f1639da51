package falcon.model.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final Path SOURCE = Path.of("weights.pth");
  private final Network initial = Architecture.RESNET20.initial(1, 28, 28, 10, 42);
  private final StateDict state = Architecture.toState(initial);

  @Test
  void stateDictAndBackIsTheSameNetwork() {
    Network again = Architecture.RESNET20.fromState(state, SOURCE);
    assertThat(again.nodes()).isEqualTo(initial.nodes());
    assertThat(again.initializers()).isEqualTo(initial.initializers());
    assertThat(again.inputs()).isEqualTo(initial.inputs());
    assertThat(again.outputs()).isEqualTo(initial.outputs());
    assertThat(again.metadata()).isEqualTo(initial.metadata());
  }

  @Test
  void stateDictOfTheCheckpointHas22ConvolutionsAndTheNamesOfPyTorch() {
    assertThat(state.tensors()).hasSize(107);
    assertThat(state.tensors().keySet())
        .startsWith("conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean")
        .contains("layer2.0.downsample.0.weight", "layer3.0.downsample.1.running_var")
        .endsWith("fc.weight", "fc.bias");
    assertThat(state.metadata())
        .containsEntry(Network.ARCHITECTURE, "resnet20")
        .containsEntry(Network.INPUT_SHAPE, "1,28,28");
  }

  @Test
  void prefixAndBatchCountersAreDroppedAndTypesWidened() {
    var renamed = new LinkedHashMap<String, Tensor>();
    state.tensors().forEach((name, tensor) -> renamed.put("module." + name, tensor));
    renamed.put("module.bn1.num_batches_tracked", Tensor.ofLongs(List.of(), 5));
    renamed.put("module.fc.bias", Tensor.ofBytes(DataType.FLOAT64, List.of(10L), new byte[80]));
    Network network = Architecture.RESNET20.fromState(new StateDict(renamed, Map.of()), SOURCE);
    assertThat(network.initializers().keySet()).isEqualTo(initial.initializers().keySet());
    assertThat(network.tensor("fc.bias")).isEqualTo(Tensor.ofFloats(List.of(10L), new float[10]));
    assertThat(network.inputs()).hasToString("[input FLOAT32[batch, 1, 32, 32]]");
  }

  @Test
  void allTensorsThatDoNotFitAreNamedAtOnce() {
    var changed = new LinkedHashMap<>(state.tensors());
    changed.remove("bn1.bias");
    changed.remove("fc.bias");
    changed.put("layer1.0.conv1.weight", Tensor.ofFloats(List.of(2L), 1, 2));
    changed.put("layer4.0.conv1.weight", Tensor.ofFloats(List.of(1L), 1));
    changed.put("bn1.weight", Tensor.ofLongs(List.of(16L), new long[16]));
    assertThatThrownBy(
            () -> Architecture.RESNET20.fromState(new StateDict(changed, Map.of()), SOURCE))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            weights.pth: 5 tensors do not fit architecture resnet20:
              type: bn1.weight is INT64, not FLOAT32
              missing: bn1.bias [16]
              shape: layer1.0.conv1.weight is [2], not [16, 16, 3, 3]
              missing: fc.bias [10]
              extra: layer4.0.conv1.weight [1]
            Name the architecture that this file was saved from, or save its state dict again.\
            """);
  }

  @Test
  void aWrongInputShapeIsNamed() {
    for (String text : List.of("", "3,28,28", "1,28", "1,28,x", "1,0,28", "1,28,999999999")) {
      var state = new StateDict(this.state.tensors(), Map.of(Network.INPUT_SHAPE, text));
      assertThatThrownBy(() -> Architecture.RESNET20.fromState(state, SOURCE))
          .isInstanceOf(MalformedModelException.class)
          .hasMessage(
              """
              weights.pth: metadata 'falcon.inputShape' is '%s'
              Give channels, height and width, such as '1,32,32'; conv1.weight reads 1 \
              channels.\
              """,
              text);
    }
  }

  @Test
  void metadataOfFalconTravelsAlong() {
    var metadata = Map.of("falcon.mean", "0.5", "format", "pt", Network.INPUT_SHAPE, "1,28,28");
    Network network =
        Architecture.RESNET20.fromState(new StateDict(state.tensors(), metadata), SOURCE);
    assertThat(network.metadata()).containsEntry("falcon.mean", "0.5").doesNotContainKey("format");
    assertThat(Architecture.toState(network).metadata()).containsEntry("falcon.mean", "0.5");
  }

  @Test
  void initialConvolutionsHaveTheDeviationOfKaimingFanOut() {
    float[] weights = initial.tensor("layer3.1.conv2.weight").toFloats();
    double squares = 0;
    for (float weight : weights) {
      squares += (double) weight * weight;
    }
    assertThat(Math.sqrt(squares / weights.length))
        .isCloseTo(Math.sqrt(2.0 / (64 * 9)), within(5e-4));
    assertThat(initial.tensor("bn1.weight").toFloats()).containsOnly(1);
    assertThat(initial.tensor("bn1.running_mean").toFloats()).containsOnly(0);
  }

  @Test
  void theSeedAloneDecidesTheWeights() {
    assertThat(Architecture.RESNET20.initial(1, 28, 28, 10, 42).initializers())
        .isEqualTo(initial.initializers());
    assertThat(Architecture.RESNET20.initial(1, 28, 28, 10, 43).initializers())
        .isNotEqualTo(initial.initializers());
  }
}
