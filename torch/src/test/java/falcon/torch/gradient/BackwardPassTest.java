package falcon.torch.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.zoo.Architecture;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.gradient.PerSampleGradients.RowKind;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
@Tag("kernels")
class BackwardPassTest {
  private static final List<String> TENSORS =
      List.of("conv1.weight", "layer2.0.conv1.weight", "layer3.2.conv2.weight", "fc.weight");
  private static final Network NETWORK =
      Graph.disturbed(Architecture.RESNET20.initial(3, 16, 12, 10, 7), 0.3, 11);
  private static final RowKind SIGNS = new RowKind.OutputSigns(3);

  private final SampleSource samples = new NoiseSamples(List.of(3L, 16L, 12L), 11, 10, 5);

  @Test
  void gradientsAreTheSumsOfTheSamplesGradients() {
    double[][] sums = sums(2, 4);
    try (var workers = new Workers(1)) {
      var rows = new double[TENSORS.size()][];
      new PerSampleGradients(NETWORK, TENSORS, Precision.FLOAT64, workers)
          .compute(
              samples,
              SIGNS,
              (layer, _, segment) -> {
                double[] values = segment.toArray(ValueLayout.JAVA_DOUBLE);
                rows[layer] = rows[layer] == null ? new double[sums[layer].length] : rows[layer];
                for (int i = 0; i < values.length; i++) {
                  rows[layer][i % sums[layer].length] += values[i];
                }
              });
      for (int l = 0; l < rows.length; l++) {
        double greatest = Arrays.stream(rows[l]).map(Math::abs).max().orElseThrow();
        assertThat(greatest).isPositive();
        assertThat(sums[l]).containsExactly(rows[l], within(1e-12 * greatest));
      }
    }
  }

  @Test
  void threadsDoNotChangeABit() {
    assertThat(sums(1, 4)).isDeepEqualTo(sums(3, 4));
  }

  private double[][] sums(int threads, int partSize) {
    var sums = new double[TENSORS.size()][];
    try (var workers = new Workers(threads);
        var pass = new BackwardPass(NETWORK, TENSORS, Precision.FLOAT64, workers, partSize)) {
      pass.run(
          samples,
          SIGNS,
          (layer, gradient) -> sums[layer] = gradient.toArray(ValueLayout.JAVA_DOUBLE));
    }
    return sums;
  }
}
