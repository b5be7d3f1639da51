package falcon.torch.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.leastsquares.ChannelLeastSquares;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.layer.WeightOrder;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelDescentTest {
  private static final int INPUTS = 24;
  private static final int OUTPUTS = 5;
  private static final double RIDGE = 1e-2;

  @BeforeAll
  static void load() {
    NativeLibraries.ensureLoaded();
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3})
  void manyStepsReachTheExactMinimiser(long seed) {
    LayerProblem problem = problem(seed, 1);
    float[] kept = kept(seed);
    float[] expected = exact(problem, kept);
    try (var descent = descent(problem)) {
      float[] found = minimise(descent, problem.present(), kept, 60);
      for (int i = 0; i < found.length; i++) {
        assertThat((double) found[i]).as("weight %d", i).isCloseTo(expected[i], within(1e-4));
      }
    }
  }

  @Test
  void everyStepLowersTheErrorAndPrunedWeightsAreZero() {
    LayerProblem problem = problem(4, 1);
    float[] kept = kept(4);
    double last = Double.POSITIVE_INFINITY;
    try (var descent = descent(problem)) {
      for (int steps = 0; steps < 6; steps++) {
        float[] found = minimise(descent, problem.present(), kept, steps);
        for (int i = 0; i < found.length; i++) {
          if (kept[i] == 0) {
            assertThat(found[i]).isZero();
          }
        }
        double error = objective(problem, kept, found);
        assertThat(error).as("after %d steps", steps).isLessThan(last);
        last = error;
      }
    }
  }

  @Test
  void scaleOfTheInputsDoesNotMatter() {
    float[] kept = kept(5);
    float[] plain = minimise(problem(5, 1), kept);
    float[] large = minimise(problem(5, 1e18), kept);
    for (int i = 0; i < plain.length; i++) {
      assertThat(large[i]).isCloseTo(plain[i], within(1e-4f));
    }
  }

  @Test
  void groupsTakeTheStepsThatEachWouldTakeAlone() {
    List<LayerProblem> problems = List.of(problem(7, 1), problem(8, 1e3), problem(9, 1));
    int size = OUTPUTS * INPUTS;
    var present = new float[3 * size];
    var kept = new float[3 * size];
    for (int group = 0; group < 3; group++) {
      System.arraycopy(problems.get(group).present(), 0, present, group * size, size);
      System.arraycopy(kept(group), 0, kept, group * size, size);
    }
    try (var descent = descent(problems.toArray(LayerProblem[]::new))) {
      float[] together = minimise(descent, present, kept, 5);
      for (int group = 0; group < 3; group++) {
        try (var alone = descent(problems.get(group))) {
          float[] expected = minimise(alone, problems.get(group).present(), kept(group), 5);
          for (int i = 0; i < size; i++) {
            assertThat(together[group * size + i]).isCloseTo(expected[i], within(1e-4f));
          }
        }
      }
    }
  }

  @Test
  void layerOfZeroInputsKeepsItsWeights() {
    var problem =
        new LayerProblem(
            new LayerShape("w", 1, 2, 1),
            new double[4],
            new double[2],
            new float[] {3, -4},
            i -> i);
    assertThat(minimise(problem, new float[] {1, 1})).containsExactly(3f, -4f);
    assertThat(minimise(problem, new float[] {0, 0})).containsExactly(0f, 0f);
  }

  @Test
  void singleStepIsTheNegativeGradientOverTheDiagonal() {
    LayerProblem problem = problem(6, 1);
    float[] weights = problem.present();
    try (var descent = descent(problem)) {
      float[] steps = descent.singleSteps(descent.blocks().getFirst(), weights);
      for (int c = 0; c < OUTPUTS; c++) {
        for (int i = 0; i < INPUTS; i++) {
          double slope = problem.cross()[i * OUTPUTS + c];
          for (int j = 0; j < INPUTS; j++) {
            slope -= problem.gram()[i * INPUTS + j] * weights[c * INPUTS + j];
          }
          double diagonal = (1 + RIDGE) * problem.gram()[i * (INPUTS + 1)];
          assertThat((double) steps[c * INPUTS + i]).isCloseTo(slope / diagonal, within(1e-4));
        }
      }
    }
  }

  @Test
  void theFirstStepIsTheBestAlongTheNegativeGradientOverTheDiagonal() {
    LayerProblem problem = problem(6, 1);
    float[] kept = kept(6);
    var diagonal = new double[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
      diagonal[i] = problem.gram()[i * (INPUTS + 1)];
    }
    InputUnits units = InputUnits.of(diagonal, problem.present());
    var ridge = new double[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
      ridge[i] = RIDGE * units.values()[i] * units.values()[i] / units.scale();
    }
    float[] found;
    try (var descent = descent(problem)) {
      found = minimise(descent, problem.present(), kept, 1);
    }
    for (int c = 0; c < OUTPUTS; c++) {
      var slope = new double[INPUTS];
      var direction = new double[INPUTS];
      for (int i = 0; i < INPUTS; i++) {
        if (kept[c * INPUTS + i] != 0) {
          slope[i] = problem.cross()[i * OUTPUTS + c];
          for (int j = 0; j < INPUTS; j++) {
            int at = c * INPUTS + j;
            slope[i] -= problem.gram()[i * INPUTS + j] * kept[at] * problem.present()[at];
          }
          direction[i] = slope[i] / (problem.gram()[i * (INPUTS + 1)] + ridge[i]);
        }
      }
      double along = 0;
      double curvature = 0;
      for (int i = 0; i < INPUTS; i++) {
        along += slope[i] * direction[i];
        curvature += ridge[i] * direction[i] * direction[i];
        for (int j = 0; j < INPUTS; j++) {
          curvature += direction[i] * problem.gram()[i * INPUTS + j] * direction[j];
        }
      }
      for (int i = 0; i < INPUTS; i++) {
        int at = c * INPUTS + i;
        double expected = kept[at] * problem.present()[at] + along / curvature * direction[i];
        assertThat((double) found[at]).as("weight %d", at).isCloseTo(expected, within(1e-4));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 40", "1, 7", "3, 9"})
  void rowsGiveTheStepsThatTheirProductsGive(int groups, int rows) {
    var random = new SplittableRandom(11);
    var order = WeightOrder.ofMatrices(groups, OUTPUTS, INPUTS, false);
    float[] inputs = noise(random, groups * rows * INPUTS);
    float[] weights = noise(random, groups * OUTPUTS * INPUTS);
    var kept = new float[weights.length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = i % 3 == 0 ? 0 : 1;
    }
    try (var _ = new PointerScope()) {
      List<Long> shape = List.of((long) groups, (long) rows, (long) INPUTS);
      Tensor x = Torch.scoped(inputs, shape, Precision.FLOAT32);
      Tensor wide = Torch.scoped(inputs, shape, Precision.FLOAT64);
      Tensor gram = wide.transpose(1, 2).bmm(wide);
      try (var onRows =
              new ChannelDescent(
                  "w",
                  order,
                  RowCurvature.of(order, x, weights, RIDGE),
                  RowUnits.of(order, weights),
                  RIDGE);
          var onProducts =
              new ChannelDescent(
                  "w",
                  order,
                  ProductCurvature.of(order, gram, weights, RIDGE),
                  RowUnits.of(order, weights),
                  RIDGE)) {
        assertThat(minimise(onRows, weights, kept, 5))
            .containsExactly(minimise(onProducts, weights, kept, 5), within(2e-4f));
        assertThat(onRows.singleSteps(onRows.blocks().getFirst(), kept))
            .containsExactly(
                onProducts.singleSteps(onProducts.blocks().getFirst(), kept), within(2e-4f));
      }
    }
  }

  @Test
  void blocksOfOutputsGiveWhatAllOutputsTogetherGive() {
    int inputs = 3 << 10;
    int outputs = 1500; // 4.6 M weights
    var random = new SplittableRandom(12);
    var order = WeightOrder.ofMatrices(1, outputs, inputs, true);
    float[] weights = noise(random, outputs * inputs);
    try (var _ = new PointerScope()) {
      Tensor x =
          Torch.scoped(
              noise(random, 4 * inputs), List.of(1L, 4L, (long) inputs), Precision.FLOAT32);
      try (var descent =
          new ChannelDescent(
              "w",
              order,
              RowCurvature.of(order, x, weights, RIDGE),
              RowUnits.of(order, weights),
              RIDGE)) {
        assertThat(descent.blocks()).hasSize(2);
        var found = new float[1 + weights.length];
        System.arraycopy(weights, 0, found, 1, weights.length);
        var asked = new BitSet(found.length);
        for (ChannelDescent.Block block : descent.blocks()) {
          descent.descend(
              block,
              found,
              1,
              i -> {
                asked.set(i);
                return true;
              },
              1);
        }
        double greatest = 0;
        for (int i = 0; i < weights.length; i++) { // the dense weights are the minimum
          greatest = Math.max(greatest, Math.abs(found[1 + i] - weights[i]));
        }
        assertThat(greatest).isLessThan(1e-4);
        assertThat(asked.cardinality()).isEqualTo(weights.length);
      }
    }
  }

  private static float[] noise(SplittableRandom random, int length) {
    var values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] minimise(LayerProblem problem, float[] kept) {
    try (var descent = descent(problem)) {
      return minimise(descent, problem.present(), kept, 5);
    }
  }

  private static float[] minimise(
      ChannelDescent descent, float[] present, float[] kept, int steps) {
    float[] weights = present.clone(); // matrix order is the tensor's
    descent.descend(descent.blocks().getFirst(), weights, 0, i -> kept[i] != 0, steps);
    return weights;
  }

  /// Returns the descent of one problem per group, all of the same size.
  private static ChannelDescent descent(LayerProblem... problems) {
    int k = problems[0].shape().inputs();
    int o = problems[0].shape().outputs();
    var order = WeightOrder.ofMatrices(problems.length, o, k, false);
    var grams = new double[problems.length * k * k];
    var weights = new float[problems.length * o * k];
    for (int group = 0; group < problems.length; group++) {
      System.arraycopy(problems[group].gram(), 0, grams, group * k * k, k * k);
      System.arraycopy(problems[group].present(), 0, weights, group * o * k, o * k);
    }
    try (var _ = new PointerScope()) {
      Tensor gram = Torch.scoped(grams, List.of((long) problems.length, (long) k, (long) k));
      return new ChannelDescent(
          "w",
          order,
          ProductCurvature.of(order, gram, weights, RIDGE),
          RowUnits.of(order, weights),
          RIDGE);
    }
  }

  private static float[] exact(LayerProblem problem, float[] kept) {
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      var copy =
          new LayerProblem(
              problem.shape(),
              problem.gram().clone(),
              problem.cross().clone(),
              problem.present().clone(),
              i -> i);
      return copy.solvedInInputUnits(scaled ->
          ChannelLeastSquares.of(INPUTS, OUTPUTS, scaled.gram(), scaled.cross(), RIDGE)
              .solve(scaled.present(), i -> kept[i] != 0, executor));
    }
  }

  /// Returns the squared error plus the ridge's distance from the present weights.
  private static double objective(LayerProblem problem, float[] kept, float[] weights) {
    double sum = 0;
    for (int c = 0; c < OUTPUTS; c++) {
      for (int i = 0; i < INPUTS; i++) {
        double w = weights[c * INPUTS + i];
        double away = w - kept[c * INPUTS + i] * problem.present()[c * INPUTS + i];
        sum +=
            RIDGE * problem.gram()[i * (INPUTS + 1)] * away * away
                - 2 * w * problem.cross()[i * OUTPUTS + c];
        for (int j = 0; j < INPUTS; j++) {
          sum += w * problem.gram()[i * INPUTS + j] * weights[c * INPUTS + j];
        }
      }
    }
    return sum;
  }

  private static float[] kept(long seed) {
    var random = new SplittableRandom(seed + 100);
    var kept = new float[INPUTS * OUTPUTS];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = random.nextInt(10) < 6 ? 1 : 0;
    }
    return kept;
  }

  /// Returns correlated inputs, with the outputs of the present weights as the wanted ones.
  private static LayerProblem problem(long seed, double scale) {
    var random = new SplittableRandom(seed);
    var gram = new double[INPUTS * INPUTS];
    for (int n = 0; n < 40; n++) {
      var x = new double[INPUTS];
      double common = random.nextGaussian();
      for (int i = 0; i < INPUTS; i++) {
        x[i] = random.nextGaussian() + common;
      }
      for (int i = 0; i < INPUTS; i++) {
        for (int j = 0; j < INPUTS; j++) {
          gram[i * INPUTS + j] += scale * x[i] * x[j];
        }
      }
    }
    var present = new float[INPUTS * OUTPUTS];
    for (int i = 0; i < present.length; i++) {
      present[i] = (float) random.nextGaussian();
    }
    var cross = new double[INPUTS * OUTPUTS];
    for (int c = 0; c < OUTPUTS; c++) {
      for (int i = 0; i < INPUTS; i++) {
        for (int j = 0; j < INPUTS; j++) {
          cross[i * OUTPUTS + c] += gram[i * INPUTS + j] * present[c * INPUTS + j];
        }
      }
    }
    return new LayerProblem(new LayerShape("w", 1, INPUTS, OUTPUTS), gram, cross, present, i -> i);
  }
}
