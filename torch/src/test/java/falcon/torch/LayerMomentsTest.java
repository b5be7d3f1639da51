package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.torch.Graph.Option;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class LayerMomentsTest {
  private static final int SAMPLES = 41;

  private final SampleSource samples = new NoiseSamples(List.of(4L, 6L, 5L), SAMPLES, 3, 5);
  private final Network network =
      new Graph(2, 4, 6, 5)
          .convolution(
              "c",
              "x",
              new long[] {6, 2, 3, 3},
              Option.integer("group", 2),
              Option.integers("pads", 1, 1, 1, 1))
          .classifier("y", "c", 6, 3)
          .network("y");

  @Test
  void gramOfEachGroupIsTheSumOverAllPatches() {
    List<LayerProblem> problems = problems(100, 2);
    assertThat(problems).hasSize(3);
    for (int group = 0; group < 2; group++) {
      LayerProblem problem = problems.get(group);
      double[][] rows = Patches.rows(channels(group), SAMPLES, 2, 6, 5);
      assertThat(problem.tensorName()).isEqualTo("c.w");
      assertThat(problem.inputs()).isEqualTo(18);
      assertThat(problem.outputs()).isEqualTo(3);
      for (int i = 0; i < 18; i++) {
        for (int j = 0; j < 18; j++) {
          double sum = 0;
          for (double[] row : rows) {
            sum += row[i] * row[j];
          }
          assertThat(problem.gram()[i * 18 + j])
              .as("group %d, [%d, %d]", group, i, j)
              .isCloseTo(sum, within(1e-5 * rows.length));
        }
      }
    }
  }

  @Test
  void crossIsTheGramTimesThePresentWeights() {
    for (LayerProblem problem : problems(100, 1)) {
      int k = problem.inputs();
      int o = problem.outputs();
      for (int i = 0; i < k; i++) {
        for (int c = 0; c < o; c++) {
          double sum = 0;
          for (int j = 0; j < k; j++) {
            sum += problem.gram()[i * k + j] * problem.present()[c * k + j];
          }
          assertThat(problem.cross()[i * o + c])
              .isCloseTo(sum, within(1e-9 * Math.abs(sum) + 1e-9));
        }
      }
    }
  }

  @Test
  void presentWeightsAreThoseOfTheTensor() {
    List<LayerProblem> problems = problems(100, 1);
    for (LayerProblem problem : problems) {
      float[] tensor = network.tensor(problem.tensorName()).toFloats();
      for (int i = 0; i < problem.present().length; i++) {
        assertThat(problem.present()[i]).isEqualTo(tensor[problem.tensorIndex(i)]);
      }
    }
    int second = problems.get(1).tensorIndex(0);
    assertThat(second).as("first weight of the second group").isEqualTo(3 * 2 * 9);
  }

  @Test
  void fewerPositionsGiveAboutTheSameMeans() {
    LayerProblem all = problems(100, 1).getFirst();
    LayerProblem some = problems(4, 1).getFirst();
    double rowsOfAll = SAMPLES * 30.0;
    double rowsOfSome = SAMPLES * 4.0; // every third of 6 rows and 5 columns is 2 of each, or 1
    assertThat(some.gram()[8 * 18 + 8]).isLessThan(all.gram()[8 * 18 + 8]);
    assertThat(some.gram()[8 * 18 + 8] / rowsOfSome)
        .isCloseTo(all.gram()[8 * 18 + 8] / rowsOfAll, within(0.4));
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    List<LayerProblem> one = problems(4, 1);
    List<LayerProblem> three = problems(4, 3);
    for (int i = 0; i < one.size(); i++) {
      assertThat(three.get(i).gram()).isEqualTo(one.get(i).gram());
    }
  }

  @Test
  void bitsAreTheSameHoweverManySamplesGoTogether() {
    List<LayerProblem> all = problems(4, 1);
    List<LayerProblem> few = problems(4, 1, 1);
    for (int i = 0; i < all.size(); i++) {
      assertThat(few.get(i).gram()).isEqualTo(all.get(i).gram());
    }
  }

  private List<LayerProblem> problems(int positions, int threads) {
    return problems(positions, threads, Long.MAX_VALUE);
  }

  private List<LayerProblem> problems(int positions, int threads, long bytes) {
    try (var workers = new Workers(threads)) {
      return new LayerMoments(network, positions, bytes, workers)
          .of(List.of("c.w", "y.w"), samples);
    }
  }

  /// @return the group's two channels of all samples, `[samples, 2, 6, 5]`
  private double[] channels(int group) {
    float[] values = samples.batch(0, SAMPLES).values();
    var channels = new double[SAMPLES * 2 * 30];
    for (int i = 0; i < channels.length; i++) {
      int sample = i / 60;
      channels[i] = values[sample * 120 + group * 60 + i % 60];
    }
    return channels;
  }
}
