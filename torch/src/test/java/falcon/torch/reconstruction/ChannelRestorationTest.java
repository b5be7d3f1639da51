package falcon.torch.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.BatchNormRefresh;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class ChannelRestorationTest {
  private static final int SAMPLES = 75;

  private final SampleSource images = new NoiseSamples(List.of(3L, 6L, 5L), SAMPLES, 3, 5);

  /// Two convolutions, one of them grouped, and a linear layer, all with biases.
  private static Network convolutional() {
    return new Graph(3, 3, 6, 5)
        .noise("c1.w", 8, 3, 3, 3)
        .noise("c1.b", 8)
        .node("Conv", "c1", List.of("x", "c1.w", "c1.b"), Graph.Option.integers("pads", 1, 1, 1, 1))
        .node("Relu", "r1", List.of("c1"))
        .noise("c2.w", 6, 4, 3, 3)
        .noise("c2.b", 6)
        .node("Conv", "c2", List.of("r1", "c2.w", "c2.b"), Graph.Option.integer("group", 2))
        .node("Relu", "r2", List.of("c2"))
        .classifier("y", "r2", 6, 4)
        .network("y");
  }

  /// Two products with biases behind them, over tokens.
  private static Network products() {
    return new Graph(4, 5, 12)
        .noise("m1.w", 12, 9)
        .noise("m1.b", 9)
        .node("MatMul", "m1.p", List.of("x", "m1.w"))
        .node("Add", "m1", List.of("m1.b", "m1.p"))
        .node("Relu", "r1", List.of("m1"))
        .noise("m2.w", 9, 7)
        .noise("m2.b", 7)
        .node("MatMul", "m2.p", List.of("r1", "m2.w"))
        .node("Add", "y", List.of("m2.p", "m2.b"))
        .network("y");
  }

  @Test
  void outputsOfConvolutionsHaveTheDenseMeansAndDeviations() {
    Network dense = convolutional();
    Network restored = restored(dense, Graph.halved(dense, "c1.w", "c2.w", "y.w"), images, 2);
    for (String value : List.of("c1", "c2", "y")) {
      assertEqualMoments(dense, restored, value, 1, images);
    }
  }

  @Test
  void outputsOfProductsHaveTheDenseMeansAndDeviations() {
    Network dense = products();
    SampleSource samples = new NoiseSamples(List.of(5L, 12L), SAMPLES, 3, 5);
    Network restored = restored(dense, Graph.halved(dense, "m1.w", "m2.w"), samples, 2);
    for (String value : List.of("m1", "y")) {
      assertEqualMoments(dense, restored, value, 2, samples);
    }
  }

  /// Re-fitted biases, of which some were wrong, do not count.
  @Test
  void biasesThatDifferFromTheDenseOnesAreRestoredToo() {
    Network dense = products();
    SampleSource samples = new NoiseSamples(List.of(5L, 12L), SAMPLES, 3, 5);
    Network pruned = Graph.disturbed(Graph.halved(dense, "m1.w", "m2.w"), 0.5, 3);
    Network restored = restored(dense, pruned, samples, 1);
    for (String value : List.of("m1", "y")) {
      assertEqualMoments(dense, restored, value, 2, samples);
    }
  }

  @Test
  void zerosStayAndLayersThatWereNotPrunedKeepTheirBits() {
    Network dense = convolutional();
    Network pruned = Graph.halved(dense, "c2.w");
    Network restored = restored(dense, pruned, images, 1);
    dense
        .initializers()
        .forEach((name, tensor) -> {
          boolean isChanged = name.startsWith("c2");
          assertThat(restored.tensor(name).equals(tensor)).as(name).isEqualTo(!isChanged);
        });
    float[] before = pruned.tensor("c2.w").toFloats();
    float[] after = restored.tensor("c2.w").toFloats();
    for (int i = 0; i < before.length; i++) {
      assertThat(after[i] == 0).isEqualTo(before[i] == 0);
    }
  }

  /// A channel that is constant once it is pruned becomes the mean that it had.
  @Test
  void aChannelWithoutWeightsBecomesItsMean() {
    Network dense = convolutional();
    float[] weights = dense.tensor("c1.w").toFloats();
    Arrays.fill(weights, 0, 27, 0);
    Network pruned = dense.withTensors(Map.of("c1.w", dense.tensor("c1.w").withFloats(weights)));
    Network restored = restored(dense, pruned, images, 1);
    double[] wanted = moments(dense, "c1", 1, images);
    assertThat(restored.tensor("c1.b").toFloats()[0]).isCloseTo((float) wanted[0], within(1e-4f));
    assertThat(restored.tensor("c1.w").toFloats()).startsWith(new float[27]);
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    Network dense = convolutional();
    Network pruned = Graph.halved(dense, "c1.w", "c2.w");
    assertThat(restored(dense, pruned, images, 2).initializers())
        .isEqualTo(restored(dense, pruned, images, 1).initializers());
  }

  @Test
  void aLayerWithoutABiasOfItsOwnIsNotRestored() {
    Network plain =
        new Graph(3, 3, 6, 5).convolution("y", "x", new long[] {4, 3, 3, 3}).network("y");
    Network pruned = Graph.halved(plain, "y.w");
    assertThat(ChannelRestoration.isPossible(plain, pruned)).isFalse();
    assertThat(restored(plain, pruned, images, 1)).isSameAs(pruned);
    Network dense = convolutional();
    assertThat(ChannelRestoration.isPossible(dense, dense)).isFalse();
    assertThat(ChannelRestoration.isPossible(dense, Graph.halved(dense, "c2.w"))).isTrue();
  }

  private static Network restored(
      Network dense, Network pruned, SampleSource samples, int threads) {
    try (var workers = new Workers(threads)) {
      return ChannelRestoration.restore(
          dense, pruned, samples, BatchNormRefresh.DEFAULT_BYTES, workers);
    }
  }

  private static void assertEqualMoments(
      Network dense, Network restored, String value, int axis, SampleSource samples) {
    assertThat(moments(restored, value, axis, samples))
        .as(value)
        .containsExactly(moments(dense, value, axis, samples), within(1e-3));
  }

  /// Returns the means of a value's channels, then their standard deviations, in float64.
  private static double[] moments(Network network, String value, int axis, SampleSource samples) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT64);
        var execution = loaded.start(samples.batch(0, SAMPLES))) {
      org.bytedeco.pytorch.Tensor tensor = execution.compute(value);
      int channels = (int) tensor.size(axis);
      double[] values = Torch.doubles(tensor);
      int inner = 1;
      for (int a = axis + 1; a < tensor.dim(); a++) {
        inner *= (int) tensor.size(a);
      }
      var sums = new double[2 * channels];
      double count = (double) values.length / channels;
      for (int i = 0; i < values.length; i++) {
        sums[i / inner % channels] += values[i] / count;
      }
      for (int i = 0; i < values.length; i++) {
        double difference = values[i] - sums[i / inner % channels];
        sums[channels + i / inner % channels] += difference * difference / (count - 1);
      }
      for (int c = 0; c < channels; c++) {
        sums[channels + c] = Math.sqrt(sums[channels + c]);
      }
      return sums;
    }
  }
}
