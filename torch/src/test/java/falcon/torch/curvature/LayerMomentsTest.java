package falcon.torch.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.Graph.Option;
import falcon.torch.NoiseSamples;
import falcon.torch.Patches;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
@Tag("kernels")
class LayerMomentsTest {
  private static final int SAMPLES = 41;
  private static final double RIDGE = 1e-2;

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
  void stepsAreThoseOfTheSumOverAllPatches() {
    try (var descents = descents(100, 2)) {
      assertThat(descents.all())
          .extracting(ChannelDescent::tensorName)
          .containsExactly("c.w", "y.w");
      float[] steps = descents.steps(0);
      float[] dense = network.tensor("c.w").toFloats();
      for (int group = 0; group < 2; group++) {
        double[][] rows = Patches.rows(channels(group), SAMPLES, 2, 6, 5);
        for (int c = 0; c < 3; c++) {
          for (int i = 0; i < 18; i++) {
            double slope = 0;
            double diagonal = 0;
            for (double[] row : rows) {
              double output = 0;
              for (int j = 0; j < 18; j++) {
                output += row[j] * dense[(group * 3 + c) * 18 + j % 2 * 9 + j / 2];
              }
              slope += output * row[i];
              diagonal += row[i] * row[i];
            }
            double unit = descents.all().getFirst().inputUnits()[group * 18 + i];
            double ridge = RIDGE * unit * unit * meanSquares(rows);
            assertThat((double) steps[(group * 3 + c) * 18 + i])
                .as("group %d, output %d, input %d", group, c, i)
                .isCloseTo(slope / (diagonal + ridge), within(1e-4));
          }
        }
      }
    }
  }

  @Test
  void fewRowsGiveTheStepsOfTheirProducts() {
    // 41 samples of one position for 480 inputs are held as rows, 12 times as many as products.
    var wide =
        new Graph(16, 16, 6, 5)
            .convolution("c", "x", new long[] {4, 16, 6, 5})
            .classifier("y", "c", 4, 3)
            .network("y");
    var noise = new NoiseSamples(List.of(16L, 6L, 5L), SAMPLES, 3, 5);
    try (var workers = new Workers(2)) {
      List<ChannelDescent> onRows =
          new LayerMoments(wide, 16, Long.MAX_VALUE, workers)
              .descents(List.of("c.w"), Ridge.constant(RIDGE), noise);
      List<ChannelDescent> onProducts =
          new LayerMoments(wide, 16, 1, workers)
              .descents(List.of("c.w"), Ridge.constant(RIDGE), noise);
      try (var rows = onRows.getFirst();
          var products = onProducts.getFirst()) {
        var zero = new float[4 * 480];
        assertThat(rows.singleSteps(rows.blocks().getFirst(), zero))
            .containsExactly(
                products.singleSteps(products.blocks().getFirst(), zero), within(1e-4f));
      }
    }
  }

  @Test
  void fewerPositionsGiveAboutTheSameSteps() {
    try (var all = descents(100, 1);
        var some = descents(4, 1)) {
      float[] wanted = all.steps(0);
      float[] found = some.steps(0);
      double error = 0;
      double size = 0;
      for (int i = 0; i < wanted.length; i++) {
        error += Math.pow(found[i] - wanted[i], 2);
        size += Math.pow(wanted[i], 2);
      }
      assertThat(error).isPositive().isLessThan(0.2 * size);
    }
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    try (var one = descents(4, 1);
        var three = descents(4, 3)) {
      assertThat(three.steps(0)).isEqualTo(one.steps(0));
      assertThat(three.steps(1)).isEqualTo(one.steps(1));
    }
  }

  @Test
  void bitsAreTheSameHoweverManySamplesGoTogether() {
    try (var all = descents(4, 1);
        var few = descents(4, 1, 1)) {
      assertThat(few.steps(0)).isEqualTo(all.steps(0));
      assertThat(few.steps(1)).isEqualTo(all.steps(1));
    }
  }

  /// Returns the mean over inputs of the sums of their squares over rows.
  private static double meanSquares(double[][] rows) {
    double sum = 0;
    for (double[] row : rows) {
      for (double value : row) {
        sum += value * value / row.length;
      }
    }
    return sum;
  }

  /// The curvatures of several layers, closed together.
  private record Descents(List<ChannelDescent> all) implements AutoCloseable {
    /// Returns the single steps of a layer's weights from zero.
    float[] steps(int layer) {
      ChannelDescent descent = all.get(layer);
      ChannelDescent.Block block = descent.blocks().getFirst();
      return descent.singleSteps(block, new float[block.count()]);
    }

    @Override
    public void close() {
      all.forEach(ChannelDescent::close);
    }
  }

  private Descents descents(int positions, int threads) {
    return descents(positions, threads, Long.MAX_VALUE);
  }

  private Descents descents(int positions, int threads, long bytes) {
    try (var workers = new Workers(threads)) {
      return new Descents(
          new LayerMoments(network, positions, bytes, workers)
              .descents(List.of("c.w", "y.w"), Ridge.constant(RIDGE), samples));
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
