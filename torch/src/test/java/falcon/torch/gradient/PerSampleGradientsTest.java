package falcon.torch.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.zoo.Architecture;
import falcon.torch.Graph;
import falcon.torch.Graph.Option;
import falcon.torch.LayerKinds;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("native")
@Tag("kernels")
class PerSampleGradientsTest {
  private static final int SAMPLES = 19;
  private static final List<String> RESNET_TENSORS =
      List.of(
          "conv1.weight",
          "layer1.0.conv2.weight",
          "layer2.0.conv1.weight",
          "layer2.0.downsample.0.weight",
          "layer3.2.conv2.weight",
          "fc.weight");

  /// A network that is disturbed so that the softmax is far from saturated: otherwise gradients
  /// vanish and test nothing.
  private static final Network RESNET =
      Graph.disturbed(Architecture.RESNET20.initial(3, 16, 12, 10, 7), 0.3, 11);

  /// Groups, holes in the window, padding on one side, tokens, and weights in either order.
  private static final Network MIXED =
      new Graph(4, 3, 16, 12)
          .convolution(
              "c1",
              "x",
              new long[] {4, 3, 3, 2},
              Option.integers("dilations", 2, 3),
              Option.integers("strides", 2, 1),
              Option.integers("pads", 1, 0, 2, 1))
          .node("Sigmoid", "s1", List.of("c1"))
          .convolution("c2", "s1", new long[] {6, 2, 3, 3}, Option.integer("group", 2))
          .longs("flat", 0, 6, -1)
          .node("Reshape", "channels", List.of("c2", "flat"))
          .node("Transpose", "tokens", List.of("channels"), Option.integers("perm", 0, 2, 1))
          .noise("m.w", 6, 5)
          .node("MatMul", "m", List.of("tokens", "m.w"))
          .node("Tanh", "t", List.of("m"))
          .node("Transpose", "turned", List.of("t"), Option.integers("perm", 0, 2, 1))
          .node("GlobalAveragePool", "mean", List.of("turned"))
          .node("Flatten", "features", List.of("mean"))
          .noise("g.w", 5, 10)
          .noise("g.b", 10)
          .node("Gemm", "logits", List.of("features", "g.w", "g.b"))
          .network("logits");

  private static final List<String> MIXED_TENSORS = List.of("c1.w", "c2.w", "m.w", "g.w");

  private final SampleSource samples = new NoiseSamples(List.of(3L, 16L, 12L), SAMPLES, 10, 5);

  @Test
  void crossEntropyRowsEqualABatchOfOneLoop() {
    assertCrossEntropyRowsEqualLoop(RESNET, RESNET_TENSORS);
  }

  @Test
  void rowsOfGroupsHolesTokensAndTransposedWeightsEqualABatchOfOneLoop() {
    assertCrossEntropyRowsEqualLoop(MIXED, MIXED_TENSORS);
  }

  static Stream<LayerKinds> kinds() {
    return LayerKinds.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void rowsOfEveryKindOfLayerEqualABatchOfOneLoop(LayerKinds kind) {
    assertRowsEqualLoop(
        kind.network(),
        kind.tensors(),
        new NoiseSamples(kind.sampleShape(), SAMPLES, 4, 5),
        new PerSampleGradients.RowKind.OutputSigns(3),
        signed());
  }

  /// Four outputs with the signs of seed 3.
  private static RowLoss signed() {
    return (execution, _, row) -> {
      float[] signs = PerSampleGradients.signs(3, row, 4);
      var constant = Torch.tensor(signs, List.of(1L, 4L), Precision.FLOAT64);
      return execution.runToEnd().reshape(1, 4).mul(constant).sum();
    };
  }

  @Test
  void rowsOfATableThatIsLookedUpAndTiedEqualABatchOfOneLoop() {
    Network network =
        new Graph(4, 6, 5)
            .noise("w", 9, 5)
            .noise("head", 54, 4)
            .longs("rest", 0, -1)
            .node("ArgMax", "numbers", List.of("x"), Option.integer("axis", 2))
            .longs("last", 2)
            .node("Squeeze", "flat", List.of("numbers", "last"))
            .node("Gather", "rows", List.of("w", "flat"))
            .node("Tanh", "t", List.of("rows"))
            .node("Transpose", "wt", List.of("w"))
            .node("MatMul", "m", List.of("t", "wt"))
            .node("Reshape", "all", List.of("m", "rest"))
            .node("MatMul", "y", List.of("all", "head"))
            .network("y");
    assertRowsEqualLoop(
        network,
        List.of("w", "head"),
        new NoiseSamples(List.of(6L, 5L), SAMPLES, 4, 5),
        new PerSampleGradients.RowKind.OutputSigns(3),
        signed());
  }

  @Test
  void sampledLabelsGiveTheSoftmaxLessTheLabel() {
    int[] drawn = new int[4];
    try (var _ = new PointerScope()) {
      var outputs = Torch.scoped(new float[] {0, 1, 2, -1}, List.of(1L, 4L), Precision.FLOAT64);
      double[] shares = Torch.doubles(outputs.softmax(1, new ScalarTypeOptional()));
      SampleBatch batch = samples.batch(0, 1);
      for (int sample = 0; sample < 4000; sample++) {
        var kind = new PerSampleGradients.RowKind.SampledLabels(3, 1);
        double[] gradient = Torch.doubles(RowGradients.of(outputs, batch, sample, kind));
        int label = 0;
        for (int c = 0; c < 4; c++) {
          label = gradient[c] < 0 ? c : label;
        }
        drawn[label]++;
        for (int c = 0; c < 4; c++) {
          assertThat(gradient[c]).isCloseTo(shares[c] - (c == label ? 1 : 0), within(1e-12));
        }
      }
      for (int c = 0; c < 4; c++) {
        assertThat(drawn[c] / 4000.0).isCloseTo(shares[c], within(0.03));
      }
    }
  }

  @Test
  void aTensorThatTheOutputDoesNotDependOnHasRowsOfZeros() {
    Network network =
        new Graph(4, 5)
            .noise("w", 5, 4)
            .noise("v", 5, 4)
            .node("MatMul", "y", List.of("x", "w"))
            .node("MatMul", "z", List.of("x", "v"))
            .network("y", "z");
    try (var workers = new Workers(1)) {
      new PerSampleGradients(network, List.of("w", "v"), Precision.FLOAT64, workers)
          .compute(
              new NoiseSamples(List.of(5L), 3, 4, 5),
              new PerSampleGradients.RowKind.OutputSigns(1),
              (layer, _, segment) -> {
                double[] values = segment.toArray(ValueLayout.JAVA_DOUBLE);
                assertThat(values).hasSize(60);
                assertThat(Arrays.stream(values).allMatch(value -> value == 0))
                    .isEqualTo(layer == 1);
              });
    }
  }

  private void assertCrossEntropyRowsEqualLoop(Network network, List<String> tensors) {
    assertRowsEqualLoop(
        network,
        tensors,
        samples,
        new PerSampleGradients.RowKind.Empirical(),
        (execution, batch, row) -> {
          var target = Torch.tensor(new long[] {batch.labels()[0]}, List.of(1L));
          return torch.cross_entropy_loss(
              execution.runToEnd(), target, new TensorOptional(), 2, -100, 0.0);
        });
  }

  @Test
  void outputSignRowsEqualABatchOfOneLoop() {
    assertRowsEqualLoop(
        RESNET,
        RESNET_TENSORS,
        samples,
        new PerSampleGradients.RowKind.OutputSigns(3),
        (execution, batch, row) ->
            execution
                .runToEnd()
                .mul(
                    Torch.tensor(
                        PerSampleGradients.signs(3, row, 10), List.of(1L, 10L), Precision.FLOAT64))
                .sum());
  }

  @Test
  void signsAreBalancedAndBelongToTheSample() {
    double sum = 0;
    for (int sample = 0; sample < 1000; sample++) {
      for (float sign : PerSampleGradients.signs(1, sample, 10)) {
        assertThat(Math.abs(sign)).isEqualTo(1f);
        sum += sign;
      }
    }
    assertThat(Math.abs(sum)).isLessThan(4 * Math.sqrt(10_000));
    assertThat(PerSampleGradients.signs(1, 4, 10)).isEqualTo(PerSampleGradients.signs(1, 4, 10));
    assertThat(PerSampleGradients.signs(1, 4, 10)).isNotEqualTo(PerSampleGradients.signs(1, 5, 10));
  }

  private interface RowLoss {
    org.bytedeco.pytorch.Tensor of(GraphExecution execution, SampleBatch batch, int row);
  }

  private static void assertRowsEqualLoop(
      Network network,
      List<String> tensors,
      SampleSource samples,
      PerSampleGradients.RowKind kind,
      RowLoss loss) {
    try (var workers = new Workers(2)) {
      var rows = new double[tensors.size()][SAMPLES][];
      new PerSampleGradients(network, tensors, Precision.FLOAT64, workers)
          .compute(
              samples,
              kind,
              (layer, firstRow, segment) -> {
                double[] values = segment.toArray(ValueLayout.JAVA_DOUBLE);
                int weights = network.tensor(tensors.get(layer)).size();
                for (int i = 0; i < values.length / weights; i++) {
                  rows[layer][firstRow + i] =
                      Arrays.copyOfRange(values, i * weights, (i + 1) * weights);
                }
              });
      try (var loaded = new LoadedNetwork(network, Precision.FLOAT64)) {
        for (int row = 0; row < SAMPLES; row++) {
          List<double[]> expected =
              loopRow(loaded, tensors, samples.batch(row, row + 1), row, loss);
          for (int layer = 0; layer < tensors.size(); layer++) {
            double scale = Arrays.stream(expected.get(layer)).map(Math::abs).max().orElseThrow();
            assertThat(scale).as("%s row %d", tensors.get(layer), row).isGreaterThan(1e-6);
            assertThat(rows[layer][row])
                .as("%s row %d", tensors.get(layer), row)
                .containsExactly(expected.get(layer), within(1e-11 * Math.max(1, scale)));
          }
        }
      }
    }
  }

  private static List<double[]> loopRow(
      LoadedNetwork loaded, List<String> tensors, SampleBatch batch, int row, RowLoss loss) {
    loaded.parameters().requireGradients(tensors);
    try (var execution = loaded.start(batch)) {
      loss.of(execution, batch, row).backward();
      var gradients = new ArrayList<double[]>();
      for (String name : tensors) {
        var gradient = loaded.parameters().get(name).grad();
        gradients.add(Torch.doubles(gradient));
        gradient.zero_();
      }
      return gradients;
    }
  }
}
