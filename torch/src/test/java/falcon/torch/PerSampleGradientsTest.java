package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.zoo.Architecture;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class PerSampleGradientsTest {
  private static final int SAMPLES = 19;
  private static final List<String> TENSORS =
      List.of(
          "conv1.weight",
          "layer1.0.conv2.weight",
          "layer2.0.conv1.weight",
          "layer2.0.downsample.0.weight",
          "layer3.2.conv2.weight",
          "fc.weight");

  private final Network network = softened(Architecture.RESNET20.initial(3, 16, 12, 10, 7));
  private final SampleSource samples = new NoiseSamples(List.of(3L, 16L, 12L), SAMPLES, 10, 5);

  @Test
  void crossEntropyRowsEqualABatchOfOneLoop() {
    assertRowsEqualLoop(
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

  private void assertRowsEqualLoop(PerSampleGradients.RowKind kind, RowLoss loss) {
    try (var workers = new Workers(2)) {
      var rows = new double[TENSORS.size()][SAMPLES][];
      new PerSampleGradients(network, TENSORS, Precision.FLOAT64, workers)
          .compute(
              samples,
              kind,
              (layer, firstRow, segment) -> {
                double[] values = segment.toArray(ValueLayout.JAVA_DOUBLE);
                int weights = network.tensor(TENSORS.get(layer)).size();
                for (int i = 0; i < values.length / weights; i++) {
                  rows[layer][firstRow + i] =
                      java.util.Arrays.copyOfRange(values, i * weights, (i + 1) * weights);
                }
              });
      try (var loaded = new LoadedNetwork(network, Precision.FLOAT64)) {
        for (int row = 0; row < SAMPLES; row++) {
          List<double[]> expected = loopRow(loaded, row, loss);
          for (int layer = 0; layer < TENSORS.size(); layer++) {
            double scale =
                java.util.Arrays.stream(expected.get(layer)).map(Math::abs).max().orElseThrow();
            assertThat(scale).as("%s row %d", TENSORS.get(layer), row).isGreaterThan(1e-6);
            assertThat(rows[layer][row])
                .as("%s row %d", TENSORS.get(layer), row)
                .containsExactly(expected.get(layer), within(1e-12 * Math.max(1, scale)));
          }
        }
      }
    }
  }

  private List<double[]> loopRow(LoadedNetwork loaded, int row, RowLoss loss) {
    loaded.parameters().requireGradients(TENSORS);
    SampleBatch batch = samples.batch(row, row + 1);
    try (var execution = loaded.start(batch)) {
      loss.of(execution, batch, row).backward();
      var gradients = new ArrayList<double[]>();
      for (String name : TENSORS) {
        var gradient = loaded.parameters().get(name).grad();
        gradients.add(Torch.doubles(gradient));
        gradient.zero_();
      }
      return gradients;
    }
  }

  /// Running statistics and a last layer for which the softmax is far from saturated.
  private static Network softened(Network network) {
    var random = new SplittableRandom(11);
    var replaced = new LinkedHashMap<String, Tensor>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (tensor.type().isFloatingPoint() && tensor.shape().size() == 1) {
            float[] values = tensor.toFloats();
            for (int i = 0; i < values.length; i++) {
              values[i] += (float) (0.3 * random.nextDouble());
            }
            replaced.put(name, Tensor.ofFloats(tensor.shape(), values));
          }
        });
    return network.withTensors(replaced);
  }
}
