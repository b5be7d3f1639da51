package falcon.prune.method;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.prune.Graphs;
import falcon.torch.curvature.ChannelDescent;
import falcon.torch.curvature.LayerMoments;
import falcon.torch.curvature.Ridge;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// One output of three inputs, of which the first two are equal.
@Tag("native")
class SupportSearchTest {
  private static final float[] DENSE = {1.0f, 0.9f, 1.5f};
  private static final Network NETWORK = Graphs.linear(Tensor.ofFloats(List.of(3L, 1L), DENSE));
  private static final CostTable COSTS = CostTable.builder().layer("w", 3, 1).build();

  private final Workers workers = new Workers(1);
  private final List<float[]> saliencies = new ArrayList<>();
  private final List<Budget> asked = new ArrayList<>();

  @AfterEach
  void close() {
    workers.close();
  }

  @Test
  void aWeightCountsForTheWorkThatItTookOver() {
    Projection found = search(20, 2, 1);
    assertThat(found.mask().keptCount()).isEqualTo(1);
    assertThat(found.mask().isKept(0)).as("the first input stands for two").isTrue();
    float[] last = saliencies.getLast();
    assertThat(Math.sqrt(last[0])).as("nearly 1 + 0.9").isBetween(1.85, 1.9);
    assertThat(last[1]).isZero();
  }

  @Test
  void theDenseWeightsDecideWhereNoBudgetIsBetween() {
    Projection found = search(20, 1);
    assertThat(found.mask().isKept(2)).as("the greatest weight").isTrue();
    assertThat(saliencies).hasSize(1);
    assertThat(saliencies.getFirst()).containsExactly(1.0f, 0.9f * 0.9f, 2.25f);
  }

  @Test
  void withoutStepsTheWeightsStayWhereTheyAre() {
    Projection found = search(0, 2, 1);
    assertThat(found.mask().isKept(2)).isTrue();
    assertThat(saliencies.getLast()).containsExactly(1.0f, 0, 2.25f);
  }

  @Test
  void budgetsAreTakenInTheirOrderAndTheLastOneCounts() {
    Projection found = search(5, 3, 2, 2);
    assertThat(asked).containsExactly(Budget.ofNnz(3), Budget.ofNnz(2), Budget.ofNnz(2));
    assertThat(found.mask().keptCount()).isEqualTo(2);
    assertThat(saliencies.get(1))
        .as("nothing is pruned and the dense weights are the best")
        .containsExactly(
            new float[] {1.0f, 0.81f, 2.25f}, org.assertj.core.api.Assertions.within(1e-4f));
  }

  /// @param budgets numbers of weights
  private Projection search(int steps, int... budgets) {
    MaskProjection exact = MaskProjection.EXACT.apply(workers, LayerLimits.NONE);
    MaskProjection recorded =
        (saliency, costs, budget) -> {
          saliencies.add(saliency.clone());
          asked.add(budget);
          return exact.project(saliency, costs, budget);
        };
    List<ChannelDescent> descents =
        new LayerMoments(NETWORK, 1, 1 << 20, workers)
            .descents(List.of("w"), Ridge.constant(1e-2), samples());
    try {
      return new SupportSearch(COSTS, Saliency::squares, recorded, steps, workers)
          .search(
              DENSE, descents, java.util.Arrays.stream(budgets).mapToObj(Budget::ofNnz).toList());
    } finally {
      descents.forEach(ChannelDescent::close);
    }
  }

  private static SampleSource samples() {
    int count = 64;
    var random = new SplittableRandom(4);
    var values = new float[3 * count];
    for (int sample = 0; sample < count; sample++) {
      values[3 * sample] = (float) random.nextGaussian();
      values[3 * sample + 1] = values[3 * sample];
      values[3 * sample + 2] = (float) random.nextGaussian();
    }
    return new SampleSource() {
      @Override
      public int size() {
        return count;
      }

      @Override
      public SampleBatch batch(int from, int to) {
        float[] part = java.util.Arrays.copyOfRange(values, 3 * from, 3 * to);
        return new SampleBatch(List.of(InputArray.ofFloats(List.of(3L), part)), null);
      }
    };
  }
}
