package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
@Tag("kernels")
class RefinementTest {
  private static final List<String> MASKED = List.of("c1.w", "c2.w", "logits.w");
  private static final Refinement.Options OPTIONS = new Refinement.Options(40, 0.03, 1, 1);

  private final Network dense = Graph.residual(3);
  private final Network pruned = Graph.halved(dense, "c1.w", "c2.w");

  @Test
  void stepsBringTheOutputsCloser() {
    Network refined = refine(pruned, 25, 2);
    assertThat(distance(refined)).isLessThan(0.5 * distance(pruned));
  }

  @Test
  void prunedWeightsStayZero() {
    Network refined = refine(pruned, 3, 2);
    for (String name : MASKED) {
      float[] before = pruned.tensor(name).toFloats();
      float[] after = refined.tensor(name).toFloats();
      assertThat(after).as(name).isNotEqualTo(before);
      for (int i = 0; i < before.length; i++) {
        assertThat(after[i] == 0).as("%s %d", name, i).isEqualTo(before[i] == 0);
      }
    }
  }

  @Test
  void scaleAndRunningStatisticsOfBatchNormalizationStay() {
    Network refined = refine(pruned, 3, 1);
    for (String name : List.of("n1.scale", "n1.mean", "n1.variance", "n2.scale")) {
      assertThat(refined.tensor(name)).as(name).isEqualTo(pruned.tensor(name));
    }
    assertThat(refined.tensor("n1.shift")).isNotEqualTo(pruned.tensor("n1.shift"));
  }

  @Test
  void denseNetworkHasNothingToImprove() {
    assertThat(refine(dense, 2, 1).initializers()).isEqualTo(dense.initializers());
  }

  @Test
  void fewerSamplesThanOneStepTakesChangeNothing() {
    assertThat(refine(pruned, 0, 1)).isSameAs(pruned);
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    Network one = refine(pruned, 3, 1);
    assertThat(refine(pruned, 3, 2).initializers()).isEqualTo(one.initializers());
    assertThat(refine(pruned, 3, 3).initializers()).isEqualTo(one.initializers());
  }

  @Test
  void whereMemoryIsShortStepsStillLeadTowardsTheDenseNetwork() {
    Network tight = refine(pruned, 8, 2, 1);
    assertThat(distance(tight)).isLessThan(0.9 * distance(pruned));
    assertThat(refine(pruned, 8, 3, 1).initializers()).isEqualTo(tight.initializers());
  }

  @Test
  void distanceThatIsNotFiniteIsAnError() {
    Tensor weights = pruned.tensor("c1.w");
    float[] huge = weights.toFloats();
    Arrays.fill(huge, 1e30f);
    Network broken = pruned.withTensors(Map.of("c1.w", Tensor.ofFloats(weights.shape(), huge)));
    assertThatThrownBy(() -> refine(broken, 2, 1))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageMatching("the distance to the dense network became \\S+ in step 1");
  }

  private Network refine(Network network, int steps, int threads) {
    return refine(network, steps, threads, 1L << 30);
  }

  private Network refine(Network network, int steps, int threads, long bytes) {
    var samples = new NoiseSamples(List.of(3L, 6L, 5L), steps * OPTIONS.batch(), 3, 5);
    try (var workers = new Workers(threads)) {
      return new Refinement(dense, MASKED, List.of(), OPTIONS, bytes, workers)
          .refine(network, MASKED, samples, true, (done, loss) -> {});
    }
  }

  private double distance(Network network) {
    var samples = new NoiseSamples(List.of(3L, 6L, 5L), 64, 3, 77);
    try (var workers = new Workers(1)) {
      Logits wanted = Evaluation.logits(dense, samples, workers);
      Logits actual = Evaluation.logits(network, samples, workers);
      double sum = 0;
      for (int i = 0; i < 64; i++) {
        for (int c = 0; c < 3; c++) {
          double difference = actual.value(i, c) - wanted.value(i, c);
          sum += difference * difference;
        }
      }
      return sum;
    }
  }
}
