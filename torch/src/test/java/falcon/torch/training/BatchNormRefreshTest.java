package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class BatchNormRefreshTest {
  private static final int SAMPLES = 75;
  private static final double TOLERANCE = 1e-5;

  private final Network network = Graph.residual(3);
  private final SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), SAMPLES, 3, 5);

  @Test
  void statisticsEqualTwoPassesInFloat64() {
    Network refreshed = refreshed(2);
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT64)) {
      for (String layer : List.of("1", "2")) {
        double[] values;
        try (var execution = loaded.start(samples.batch(0, SAMPLES))) {
          values = Torch.doubles(execution.compute("c" + layer));
        }
        var mean = new float[4];
        var variance = new float[4];
        twoPasses(values, mean, variance);
        assertThat(refreshed.tensor("n" + layer + ".mean").toFloats())
            .containsExactly(mean, within((float) TOLERANCE));
        assertThat(refreshed.tensor("n" + layer + ".variance").toFloats())
            .containsExactly(variance, within((float) TOLERANCE));
        loaded.parameters().set("n" + layer + ".mean", mean);
        loaded.parameters().set("n" + layer + ".variance", variance);
      }
    }
  }

  @Test
  void nothingElseChanges() {
    Network refreshed = refreshed(1);
    network
        .initializers()
        .forEach((name, tensor) -> {
          boolean isStatistic = name.endsWith(".variance") || name.matches("n[12]\\.mean");
          assertThat(refreshed.tensor(name).equals(tensor)).as(name).isEqualTo(!isStatistic);
        });
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    Network one = refreshed(1);
    Network two = refreshed(2);
    assertThat(two.initializers()).isEqualTo(one.initializers());
  }

  private Network refreshed(int threads) {
    try (var workers = new Workers(threads)) {
      return BatchNormRefresh.refresh(network, samples, workers);
    }
  }

  /// @param values `[samples, 4, 30]`
  private static void twoPasses(double[] values, float[] mean, float[] variance) {
    int positions = Math.toIntExact(Tensor.elements(List.of(6L, 5L)));
    long count = (long) SAMPLES * positions;
    for (int c = 0; c < 4; c++) {
      double sum = 0;
      double squares = 0;
      for (int pass = 0; pass < 2; pass++) {
        for (int sample = 0; sample < SAMPLES; sample++) {
          for (int i = 0; i < positions; i++) {
            double value = values[(sample * 4 + c) * positions + i];
            sum += pass == 0 ? value : 0;
            squares += pass == 0 ? 0 : (value - sum / count) * (value - sum / count);
          }
        }
      }
      mean[c] = (float) (sum / count);
      variance[c] = (float) (squares / (count - 1));
    }
  }
}
