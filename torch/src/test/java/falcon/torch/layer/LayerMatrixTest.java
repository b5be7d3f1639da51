package falcon.torch.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.LayerKinds;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.operator.RecurrentValues;
import falcon.torch.reconstruction.LayerNeighbourhood;
import falcon.torch.reconstruction.Reconstruction;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("native")
@Tag("kernels")
class LayerMatrixTest {
  private static final int SAMPLES = 3;

  static Stream<LayerKinds> kinds() {
    return LayerKinds.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void rowsTimesWeightsAndTheBiasAreTheOutputs(LayerKinds kind) {
    var samples = new NoiseSamples(kind.sampleShape(), SAMPLES, 4, 3);
    try (var workers = new Workers(1);
        var loaded = new LoadedNetwork(kind.network(), Precision.FLOAT64)) {
      assertThat(workers.threads()).isOne();
      for (String name : kind.tensors()) {
        LayerMatrix layer = LayerMatrix.of(loaded.program(), name);
        float[] weights = kind.network().tensor(name).toFloats();
        for (LayerMatrix.Use use : layer.uses()) {
          try (var execution = loaded.start(samples.batch(0, SAMPLES))) {
            execution.watch(use.input());
            var output = execution.compute(use.output());
            var input = execution.compute(use.input());
            for (Grid grid : List.of(Grid.ALL, new Grid(2, List.of(1, 0, 1)))) {
              assertOutputs(
                  use.geometry().order(),
                  use.geometry().rows(input, grid),
                  use.geometry().outputs(output, grid),
                  weights,
                  bias(kind.network(), use));
            }
          }
        }
      }
    }
  }

  private static float[] bias(Network network, LayerMatrix.Use use) {
    String name = LayerNeighbourhood.biasOperand(use);
    if (name == null) {
      return new float[use.geometry().order().groups() * use.geometry().order().outputs()];
    }
    float[] bias = network.tensor(name).toFloats();
    for (int i = 0; i < bias.length; i++) {
      bias[i] *= use.node().real("beta", 1);
    }
    return bias;
  }

  private static void assertOutputs(
      WeightOrder order,
      org.bytedeco.pytorch.Tensor rows,
      org.bytedeco.pytorch.Tensor outputs,
      float[] weights,
      float[] bias) {
    int k = order.rowLength();
    int o = order.outputs();
    int n = Math.toIntExact(rows.size(1));
    assertThat(rows.shape()).containsExactly(order.groups(), n, k);
    assertThat(outputs.shape()).containsExactly(order.groups(), n, o);
    assertThat(n).isPositive();
    double[] x = Torch.doubles(rows);
    double[] y = Torch.doubles(outputs);
    for (int group = 0; group < order.groups(); group++) {
      float[] matrix = order.matrix(weights, group);
      for (int row = 0; row < n; row++) {
        for (int c = 0; c < o; c++) {
          double sum = bias[group * o + c];
          for (int i = 0; i < k; i++) {
            sum += x[(group * n + row) * k + i] * matrix[c * k + i];
          }
          assertThat(y[(group * n + row) * o + c])
              .as("group %d, row %d, output %d", group, row, c)
              .isCloseTo(sum, within(1e-10 * Math.max(1, Math.abs(sum))));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void weightsUsedBehindThemselvesFeedBack(LayerKinds kind) {
    boolean isRecurrent =
        kind.network().nodes().stream().anyMatch(RecurrentValues::has)
            || kind.toString().startsWith("tied");
    assertThat(Reconstruction.feedsBack(kind.network(), kind.tensors())).isEqualTo(isRecurrent);
    assertThat(Reconstruction.feedsBack(kind.network(), List.of())).isFalse();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void indexesOfRowsAreThoseOfSingleWeights(LayerKinds kind) {
    var program = new GraphProgram(kind.network());
    for (String name : kind.tensors()) {
      WeightOrder order = LayerMatrix.of(program, name).uses().getFirst().geometry().order();
      int[] indexes = order.indexes(0, order.groups() * order.outputs());
      for (int i = 0; i < indexes.length; i++) {
        int group = i / order.groupSize();
        assertThat(indexes[i]).isEqualTo(order.index(group, i % order.groupSize()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyWeightHasOnePlace(LayerKinds kind) {
    var program = new GraphProgram(kind.network());
    for (String name : kind.tensors()) {
      for (LayerMatrix.Use use : LayerMatrix.of(program, name).uses()) {
        var seen = new int[kind.network().tensor(name).size()];
        WeightOrder order = use.geometry().order();
        for (int group = 0; group < order.groups(); group++) {
          for (int i = 0; i < order.groupSize(); i++) {
            seen[order.index(group, i)]++;
          }
        }
        assertThat(Arrays.stream(seen).allMatch(count -> count == 1)).isTrue();
      }
    }
  }

  @Test
  void usesThroughAnIdentityStandInGraphOrder() {
    Network network =
        new Graph(1, 4)
            .noise("w", 4, 4)
            .node("Identity", "same", List.of("w"))
            .node("Gemm", "first", List.of("x", "same"))
            .node("Relu", "r", List.of("first"))
            .node("Gemm", "second", List.of("r", "w"))
            .node("Gemm", "third", List.of("second", "same"))
            .network("third");
    assertThat(LayerMatrix.of(new GraphProgram(network), "w").uses())
        .extracting(LayerMatrix.Use::output)
        .containsExactly("first", "second", "third");
  }

  @Test
  void weightsThatAreReadOtherwiseTooAreRefused() {
    Network network =
        new Graph(1, 4)
            .noise("w", 4, 4)
            .node("MatMul", "a", List.of("x", "w"))
            .node("Add", "y", List.of("a", "w"))
            .network("y");
    assertThatThrownBy(() -> LayerMatrix.of(new GraphProgram(network), "w"))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessage("tensor 'w' is not the weights of layers alone: Add node 'y' reads it, too");
    assertThat(LayerMatrix.solvable(new GraphProgram(network), "w")).isNull();
  }

  @Test
  void aGridLooksAtOtherPositionsInEveryChunk() {
    List<Long> sizes = List.of(32L, 32L);
    assertThat(Grid.of(sizes, 16, 0).step()).isEqualTo(8);
    assertThat(Grid.of(sizes, 16, 0).offsets()).isNotEqualTo(Grid.of(sizes, 16, 1).offsets());
    assertThat(Grid.of(List.of(100L), 16, 3).step()).isEqualTo(7);
    assertThat(Grid.of(List.of(5L, 5L, 5L), 1000, 0)).isEqualTo(new Grid(1, List.of(0, 0, 0)));
  }
}
