package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.budget.Mask;
import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.WeightSaliency;
import falcon.prune.report.PrunedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The same function, written with other scales, is pruned in the same way.
@Tag("native")
class ScaleFreeTest {
  @TempDir private Path folder;

  @ParameterizedTest(name = "{0} steps of refinement")
  @ValueSource(ints = {0, 8})
  void hiddenValuesInOtherUnits(int steps) throws IOException {
    Network network = Graphs.perceptron(4);
    float[] scales = scales(16, 3);
    Network scaled = scaled(network, scales);
    Dataset data = noise();
    PrunedNetwork first = prune(network, data, 0.4, steps);
    PrunedNetwork second = prune(scaled, data, 0.4, steps);
    assertThat(kept(second)).isEqualTo(kept(first));
    assertThat(times(second.network().tensor("w1"), i -> 1 / scales[i % 16]).toFloats())
        .containsExactly(first.network().tensor("w1").toFloats(), within(1e-2f));
    assertThat(times(second.network().tensor("w2"), i -> scales[i / 4]).toFloats())
        .containsExactly(first.network().tensor("w2").toFloats(), within(1e-2f));
    assertThat(times(second.network().tensor("b1"), i -> 1 / scales[i]).toFloats())
        .containsExactly(first.network().tensor("b1").toFloats(), within(1e-2f));
  }

  /// The units of weights of next to nothing are beyond float32.
  @Test
  void aHiddenValueThatNearlyNothingReadsIsPruned() throws IOException {
    Network network = Graphs.perceptron(4);
    float[] weights = network.tensor("w2").toFloats();
    for (int i = 0; i < 4; i++) {
      weights[12 + i] = i % 2 == 0 ? 8 * Float.MIN_VALUE : 0;
    }
    Network dead = network.withTensors(Map.of("w2", network.tensor("w2").withFloats(weights)));
    PrunedNetwork pruned = prune(dead, noise(), 0.4, 0);
    assertThat(pruned.network().tensor("w2").toFloats()).doesNotContain(Float.NaN);
    assertThat(pruned.report().macs().used()).isLessThanOrEqualTo(64);
  }

  /// The weights alone are compared in the same way, without any sample.
  @ParameterizedTest
  @EnumSource(WeightSaliency.class)
  void weightsAloneInOtherUnits(WeightSaliency saliency) {
    Network network = Graphs.perceptron(4);
    float[] scales = scales(16, 3);
    Network scaled = scaled(network, scales);
    boolean[] first = keptByWeights(network, saliency);
    boolean[] second = keptByWeights(scaled, saliency);
    if (saliency == WeightSaliency.SCALE_FREE) {
      assertThat(second).isEqualTo(first);
    } else {
      assertThat(second).isNotEqualTo(first);
    }
  }

  /// Without BatchNormalization the means and deviations of channels are restored, in any units.
  @Test
  void channelsOfMagnitudePruningAreRestored() throws IOException {
    Network network = Graphs.perceptron(4);
    float[] scales = scales(16, 3);
    Dataset data = noise();
    PrunedNetwork left = magnitude(network, data, BatchNormPolicy.OFF);
    PrunedNetwork first = magnitude(network, data, BatchNormPolicy.ON);
    PrunedNetwork second = magnitude(scaled(network, scales), data, BatchNormPolicy.ON);
    assertThat(Objects.requireNonNull(left.report().validation()).refreshed()).isNull();
    assertThat(Objects.requireNonNull(first.report().validation()).refreshed()).isNotNull();
    assertThat(first.network().tensor("b1")).isNotEqualTo(network.tensor("b1"));
    assertThat(left.network().tensor("b1")).isEqualTo(network.tensor("b1"));
    assertThat(kept(first)).isEqualTo(kept(left));
    assertThat(times(second.network().tensor("w1"), i -> 1 / scales[i % 16]).toFloats())
        .containsExactly(first.network().tensor("w1").toFloats(), within(1e-4f));
    assertThat(second.network().tensor("b2").toFloats())
        .containsExactly(first.network().tensor("b2").toFloats(), within(1e-3f));
  }

  private static PrunedNetwork magnitude(Network network, Dataset data, BatchNormPolicy refresh) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.4))
        .options(
            PruningOptions.builder()
                .method(Method.MAGNITUDE)
                .saliency(WeightSaliency.SCALE_FREE)
                .batchNorm(refresh)
                .threads(1)
                .build())
        .run();
  }

  /// Returns the perceptron with its hidden values in other units.
  private static Network scaled(Network perceptron, float... scales) {
    return perceptron.withTensors(
        Map.of(
            "w1", times(perceptron.tensor("w1"), i -> scales[i % 16]),
            "b1", times(perceptron.tensor("b1"), i -> scales[i]),
            "w2", times(perceptron.tensor("w2"), i -> 1 / scales[i / 4])));
  }

  private static boolean[] keptByWeights(Network network, WeightSaliency saliency) {
    return kept(
        Falcon.prune(network, BudgetRequest.macs(0.4))
            .options(
                PruningOptions.builder()
                    .method(Method.MAGNITUDE)
                    .saliency(saliency)
                    .threads(1)
                    .build())
            .run());
  }

  /// Rows of convolutions in other units, which the BatchNormalization behind them undoes.
  @ParameterizedTest(name = "{0} steps of refinement")
  @ValueSource(ints = {0, 4})
  void channelsInFrontOfBatchNormalization(int steps) {
    Network network = SmallProblem.network();
    var replaced = new LinkedHashMap<String, Tensor>();
    int seed = 0;
    for (Node node : network.nodes()) {
      if (node.is("BatchNormalization")) {
        Node convolution =
            network.nodes().stream()
                .filter(n -> n.outputs().contains(node.input(0)))
                .findFirst()
                .orElseThrow();
        String weights = convolution.inputs().get(1);
        int channels = network.tensor(node.inputs().get(1)).size();
        float[] scales = scales(channels, seed++);
        int row = network.tensor(weights).size() / channels;
        float epsilon = node.real("epsilon", 1e-5f);
        float[] variance = network.tensor(node.inputs().get(4)).toFloats();
        var gains = new float[channels];
        for (int c = 0; c < channels; c++) {
          float other = variance[c] * scales[c] * scales[c];
          gains[c] = (float) (Math.sqrt((other + epsilon) / (variance[c] + epsilon)) / scales[c]);
          variance[c] = other;
        }
        replaced.put(weights, times(network.tensor(weights), i -> scales[i / row]));
        replaced.put(
            node.inputs().get(1), times(network.tensor(node.inputs().get(1)), i -> gains[i]));
        replaced.put(
            node.inputs().get(3), times(network.tensor(node.inputs().get(3)), i -> scales[i]));
        replaced.put(
            node.inputs().get(4), network.tensor(node.inputs().get(4)).withFloats(variance));
      }
    }
    Dataset data = SmallProblem.dataset(folder);
    PrunedNetwork plain = prune(network, data, 0.8, steps);
    PrunedNetwork other = prune(network.withTensors(replaced), data, 0.8, steps);
    boolean[] first = kept(plain);
    boolean[] second = kept(other);
    int same = 0;
    for (int i = 0; i < first.length; i++) {
      same += first[i] == second[i] ? 1 : 0;
    }
    assertThat((double) same / first.length).isGreaterThan(0.999);
  }

  private static PrunedNetwork prune(Network network, Dataset data, double macs, int steps) {
    return Falcon.prune(network, data, BudgetRequest.macs(macs))
        .options(
            PruningOptions.builder()
                .method(Method.FALCON)
                .batchNorm(BatchNormPolicy.OFF)
                .steps(steps)
                .samples(128)
                .threads(1)
                .build())
        .run();
  }

  private static boolean[] kept(PrunedNetwork pruned) {
    Mask mask = pruned.mask();
    var kept = new boolean[mask.weightCount()];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = mask.isKept(i);
    }
    return kept;
  }

  /// Returns powers of two, so that products are exact.
  private static float[] scales(int count, long seed) {
    var random = new SplittableRandom(seed);
    var scales = new float[count];
    for (int i = 0; i < count; i++) {
      scales[i] = Math.scalb(1f, random.nextInt(-5, 6));
    }
    return scales;
  }

  /// A factor for each element of a tensor.
  private interface Factor {
    float of(int element);
  }

  private static Tensor times(Tensor tensor, Factor factor) {
    float[] values = tensor.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor.of(i);
    }
    return tensor.withFloats(values);
  }

  private Dataset noise() throws IOException {
    Path file = folder.resolve("x.npy");
    Files.write(file, NpyBytes.noise(new SplittableRandom(11), 300, 6));
    return Datasets.open(file);
  }
}
