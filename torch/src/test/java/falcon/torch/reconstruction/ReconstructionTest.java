package falcon.torch.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.leastsquares.ChannelLeastSquares;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Graph;
import falcon.torch.Graph.Option;
import falcon.torch.LayerKinds;
import falcon.torch.NoiseSamples;
import falcon.torch.Patches;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.curvature.LayerProblem;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("native")
@Tag("kernels")
class ReconstructionTest {
  private static final int SAMPLES = 75;
  private static final long BYTES = 1L << 30;
  private static final int POSITIONS = 6 * 5;
  private static final List<String> LAYERS = List.of("c1.w", "c2.w", "logits.w");

  private final SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), SAMPLES, 3, 5);
  private final Network dense = Graph.residual(3);
  private final Network pruned = Graph.halved(dense, "c1.w", "c2.w");

  @Test
  void denseNetworkStaysAsItIs() {
    Network refitted = refit(dense, dense, LAYERS, true, 2);
    dense.initializers().forEach((name, tensor) -> assertClose(refitted, name, tensor, 2e-3));
  }

  @Test
  void whatEarlierStagesMadeOfBatchNormalizationIsForgotten() {
    Network disturbed = Graph.disturbed(dense, 0.5, 9);
    Network refitted = refit(dense, disturbed, LAYERS, true, 2);
    dense.initializers().forEach((name, tensor) -> assertClose(refitted, name, tensor, 2e-3));
  }

  @Test
  void prunedLayersSolveLeastSquaresOnTheirOwnInputs() {
    Network refitted = refit(dense, pruned, LAYERS, false, 2);
    double[] wanted1 = value(dense, "c1");
    assertLayerSolves(refitted, "1", value(refitted, "x"), 3, wanted1);
    assertLayerSolves(refitted, "2", value(refitted, "r1"), 4, value(dense, "c2"));
  }

  @Test
  void lastLayerOfASumMakesGoodWhatTheOtherOperandLacks() {
    Network refitted = refit(dense, pruned, LAYERS, true, 2);
    double[] wanted = value(dense, "c2");
    double[] other = value(dense, "r1");
    double[] otherPruned = value(refitted, "r1");
    float[] scale = dense.tensor("n2.scale").toFloats();
    float[] variance = dense.tensor("n2.variance").toFloats();
    for (int i = 0; i < wanted.length; i++) {
      int c = i / POSITIONS % 4;
      wanted[i] += (other[i] - otherPruned[i]) * Math.sqrt(variance[c] + 1e-5) / scale[c];
    }
    assertLayerSolves(refitted, "2", value(refitted, "r1"), 4, wanted);
  }

  @Test
  void meanOfTheOutputsGoesIntoTheBias() {
    Network refitted = refit(dense, pruned, LAYERS, true, 2);
    double[] wanted = value(dense, "logits");
    double[] actual = value(refitted, "logits");
    for (int c = 0; c < 3; c++) {
      double difference = 0;
      for (int sample = 0; sample < SAMPLES; sample++) {
        difference += actual[sample * 3 + c] - wanted[sample * 3 + c];
      }
      assertThat(difference / SAMPLES).as("output %d", c).isCloseTo(0, within(1e-5));
    }
  }

  @Test
  void reconstructionBringsTheOutputsCloser() {
    Network refitted = refit(dense, pruned, LAYERS, true, 2);
    assertThat(distance(refitted)).isLessThan(0.5 * distance(pruned));
  }

  @Test
  void weightsOfGroupsAreFittedEachFromItsOwnInputs() {
    Network grouped =
        new Graph(2, 4, 6, 5)
            .convolution(
                "c",
                "x",
                new long[] {6, 2, 3, 3},
                Option.integer("group", 2),
                Option.integers("strides", 2, 1))
            .batchNormalization("n", "c", 6)
            .classifier("logits", "n", 6, 3)
            .network("logits");
    var noise = new NoiseSamples(List.of(4L, 6L, 5L), SAMPLES, 3, 5);
    try (var workers = new Workers(2)) {
      Network refitted =
          new Reconstruction(grouped, new Reconstruction.Options(100, true, BYTES), workers)
              .refit(
                  grouped,
                  List.of("c.w", "logits.w"),
                  noise,
                  ReconstructionTest::leastSquares,
                  layers -> {});
      grouped.initializers().forEach((name, tensor) -> assertClose(refitted, name, tensor, 2e-3));
    }
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    assertThat(refit(dense, pruned, LAYERS, true, 2).initializers())
        .isEqualTo(refit(dense, pruned, LAYERS, true, 1).initializers());
  }

  static Stream<LayerKinds> kinds() {
    return LayerKinds.all();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyKindOfLayerIsBroughtCloser(LayerKinds kind) {
    Network halved = thinned(kind.network(), kind.tensors().getFirst());
    Network refitted = refit(kind, halved, BYTES);
    assertThat(distance(kind, refitted)).isLessThan(0.9 * distance(kind, halved));
    for (String name : kind.tensors()) {
      float[] before = halved.tensor(name).toFloats();
      float[] after = refitted.tensor(name).toFloats();
      for (int i = 0; i < before.length; i++) {
        assertThat(before[i] == 0 && after[i] != 0).as("%s %d", name, i).isFalse();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void denseLayersOfEveryKindGoOnAsTheyDid(LayerKinds kind) {
    Network halved = thinned(kind.network(), kind.tensors().getFirst());
    Network refitted = refit(kind, kind.network(), BYTES);
    assertThat(distance(kind, refitted)).isLessThan(1e-4 * distance(kind, halved));
  }

  @Test
  void recurrentWeightsAreFittedToTheDenseNetworksStates() {
    LayerKinds kind = LayerKinds.named("LSTM forward");
    Network thinned = thinned(kind.network(), "r");
    assertThat(gram(kind, thinned, "r")).isEqualTo(gram(kind, kind.network(), "r"));
    assertThat(gram(kind, thinned, "head")).isNotEqualTo(gram(kind, kind.network(), "head"));
  }

  /// Returns the Gram matrix of the inputs that a layer is fitted to, with all weights unchanged.
  private static double[] gram(LayerKinds kind, Network network, String name) {
    var grams = new HashMap<String, double[]>();
    try (var workers = new Workers(1)) {
      new Reconstruction(kind.network(), new Reconstruction.Options(100, true, BYTES), workers)
          .refit(
              network,
              kind.tensors(),
              drifting(kind.sampleShape()),
              problem -> {
                grams.put(problem.shape().tensorName(), problem.gram());
                return problem.present();
              },
              layers -> {});
    }
    return Objects.requireNonNull(grams.get(name));
  }

  @Test
  void fewerSamplesAreTakenWhereMemoryIsShort() {
    LayerKinds kind = LayerKinds.named("conv 2-D");
    Network halved = thinned(kind.network(), kind.tensors().getFirst());
    Network all = refit(kind, halved, BYTES);
    Network few = refit(kind, halved, 1);
    assertThat(few.initializers()).isNotEqualTo(all.initializers());
    assertThat(distance(kind, few)).isLessThan(distance(kind, halved));
  }

  @Test
  void biasThatIsAddedBehindAProductTakesTheMean() {
    Network network =
        new Graph(4, 6, 5)
            .noise("w", 5, 3)
            .noise("b", 3)
            .node("MatMul", "m", List.of("x", "w"))
            .node("Add", "y", List.of("b", "m"))
            .network("y");
    var kind = new LayerKinds("bias", network, List.of(6L, 5L), List.of("w"));
    Network halved = Graph.halved(network, "w");
    Network refitted = refit(kind, halved, BYTES);
    assertThat(refitted.tensor("b")).isNotEqualTo(network.tensor("b"));
    assertMeansAgree(kind, refitted);
  }

  @Test
  void biasOfTwoLayersStaysAsItIs() {
    Network network =
        new Graph(4, 5)
            .noise("w", 5, 5)
            .noise("v", 5, 5)
            .noise("b", 5)
            .node("Gemm", "a", List.of("x", "w", "b"))
            .node("Tanh", "t", List.of("a"))
            .node("Gemm", "y", List.of("t", "v", "b"))
            .network("y");
    var kind = new LayerKinds("shared bias", network, List.of(5L), List.of("w", "v"));
    Network halved = Graph.halved(network, "w", "v");
    Network refitted = refit(kind, halved, BYTES);
    assertThat(refitted.tensor("b")).isEqualTo(network.tensor("b"));
    assertThat(distance(kind, refitted)).isLessThan(0.9 * distance(kind, halved));
  }

  @Test
  void tablesThatAreLookedUpStayAsTheyAre() {
    Network network =
        new Graph(4, 5)
            .noise("table", 7, 5)
            .longs("numbers", 3)
            .noise("w", 5, 4)
            .node("Gather", "row", List.of("table", "numbers"))
            .node("Add", "a", List.of("x", "row"))
            .node("MatMul", "y", List.of("a", "w"))
            .network("y");
    var kind = new LayerKinds("table", network, List.of(5L), List.of("table", "w"));
    Network halved = Graph.halved(network, "table");
    assertThat(refit(kind, halved, BYTES).tensor("table")).isEqualTo(halved.tensor("table"));
  }

  private static Network refit(LayerKinds kind, Network network, long bytes) {
    SampleSource noise = drifting(kind.sampleShape());
    try (var workers = new Workers(2)) {
      return new Reconstruction(
              kind.network(), new Reconstruction.Options(100, true, bytes), workers)
          .refit(
              network,
              kind.tensors(),
              noise,
              problem ->
                  ChannelLeastSquares.of(
                          problem.shape().inputs(),
                          problem.shape().outputs(),
                          problem.gram(),
                          problem.cross(),
                          1e-6)
                      .solve(problem.present(), i -> problem.present()[i] != 0, workers.executor()),
              layers -> {});
    }
  }

  /// Returns the network with every third weight of the tensor zero.
  private static Network thinned(Network network, String name) {
    float[] values = network.tensor(name).toFloats();
    for (int i = 0; i < values.length; i += 3) {
      values[i] = 0;
    }
    return network.withTensors(Map.of(name, Tensor.ofFloats(network.tensor(name).shape(), values)));
  }

  /// Noise in which each element resembles the previous one, so that weights can replace each
  /// other.
  private static SampleSource drifting(List<Long> sampleShape) {
    var noise = new NoiseSamples(sampleShape, SAMPLES, 4, 5);
    return new SampleSource() {
      @Override
      public int size() {
        return SAMPLES;
      }

      @Override
      public SampleBatch batch(int from, int to) {
        SampleBatch batch = noise.batch(from, to);
        int elements = batch.values().length / batch.size();
        for (int i = 0; i < batch.values().length; i++) {
          float before = i % elements == 0 ? 0 : batch.values()[i - 1];
          batch.values()[i] = 0.5f * batch.values()[i] + 0.8f * before;
        }
        return batch;
      }
    };
  }

  private static double distance(LayerKinds kind, Network network) {
    double sum = 0;
    for (double difference : differences(kind, network)) {
      sum += difference * difference;
    }
    return sum;
  }

  private static double[] differences(LayerKinds kind, Network network) {
    double[] wanted = outputs(kind, kind.network());
    double[] actual = outputs(kind, network);
    for (int i = 0; i < wanted.length; i++) {
      actual[i] -= wanted[i];
    }
    return actual;
  }

  private static double[] outputs(LayerKinds kind, Network network) {
    SampleSource noise = drifting(kind.sampleShape());
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT64);
        var execution = loaded.start(noise.batch(0, SAMPLES))) {
      return Torch.doubles(execution.runToEnd());
    }
  }

  private static void assertMeansAgree(LayerKinds kind, Network network) {
    double[] differences = differences(kind, network);
    var sums = new double[3];
    for (int i = 0; i < differences.length; i++) {
      sums[i % 3] += differences[i];
    }
    for (double sum : sums) {
      assertThat(3 * sum / differences.length).isCloseTo(0, within(1e-5));
    }
  }

  private Network refit(
      Network target, Network network, List<String> layers, boolean seesSums, int threads) {
    try (var workers = new Workers(threads)) {
      return new Reconstruction(target, new Reconstruction.Options(100, seesSums, BYTES), workers)
          .refit(network, layers, samples, ReconstructionTest::leastSquares, done -> {});
    }
  }

  /// Keeps the weights that are not zero.
  private static float[] leastSquares(LayerProblem problem) {
    int k = problem.shape().inputs();
    int o = problem.shape().outputs();
    var gram = new double[k][];
    for (int i = 0; i < k; i++) {
      gram[i] = Arrays.copyOfRange(problem.gram(), i * k, (i + 1) * k);
    }
    var solved = new float[o * k];
    for (int c = 0; c < o; c++) {
      var isKept = new boolean[k];
      var wanted = new double[k];
      for (int i = 0; i < k; i++) {
        isKept[i] = problem.present()[c * k + i] != 0;
        wanted[i] = problem.cross()[i * o + c];
      }
      double[] weights = Patches.solve(gram, wanted, isKept);
      for (int i = 0; i < k; i++) {
        solved[c * k + i] = (float) weights[i];
      }
    }
    return solved;
  }

  /// Fits the layer's weights and a constant to all rows, one by one, and compares.
  private void assertLayerSolves(
      Network refitted, String layer, double[] input, int channels, double[] wanted) {
    double[][] rows = Patches.rows(input, SAMPLES, channels, 6, 5);
    int k = 9 * channels;
    float[] before = pruned.tensor("c" + layer + ".w").toFloats();
    float[] after = refitted.tensor("c" + layer + ".w").toFloats();
    float[] mean = refitted.tensor("n" + layer + ".mean").toFloats();
    float[] denseMean = dense.tensor("n" + layer + ".mean").toFloats();
    for (int c = 0; c < 4; c++) {
      var gram = new double[k + 1][k + 1];
      var cross = new double[k + 1];
      var isKept = new boolean[k + 1];
      isKept[k] = true;
      for (int i = 0; i < k; i++) {
        isKept[i] = before[Patches.weight(c, i, channels)] != 0;
      }
      for (int row = 0; row < rows.length; row++) {
        double[] x = Arrays.copyOf(rows[row], k + 1);
        x[k] = 1;
        double y = wanted[(row / POSITIONS * 4 + c) * POSITIONS + row % POSITIONS];
        for (int i = 0; i <= k; i++) {
          cross[i] += x[i] * y;
          for (int j = 0; j <= k; j++) {
            gram[i][j] += x[i] * x[j];
          }
        }
      }
      double[] expected = Patches.solve(gram, cross, isKept);
      for (int i = 0; i < k; i++) {
        assertThat((double) after[Patches.weight(c, i, channels)])
            .as("layer %s, output %d, input %d", layer, c, i)
            .isCloseTo(expected[i], within(1e-4));
      }
      assertThat((double) denseMean[c] - mean[c])
          .as("layer %s, shift of output %d", layer, c)
          .isCloseTo(expected[k], within(1e-4));
    }
  }

  /// Returns a value over all samples, computed in float64.
  private double[] value(Network network, String name) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT64);
        var execution = loaded.start(samples.batch(0, SAMPLES))) {
      return Torch.doubles(execution.compute(name));
    }
  }

  private double distance(Network network) {
    double[] wanted = value(dense, "logits");
    double[] actual = value(network, "logits");
    double sum = 0;
    for (int i = 0; i < wanted.length; i++) {
      sum += (actual[i] - wanted[i]) * (actual[i] - wanted[i]);
    }
    return sum;
  }

  private static void assertClose(Network network, String name, Tensor tensor, double tolerance) {
    assertThat(network.tensor(name).toFloats())
        .as(name)
        .containsExactly(tensor.toFloats(), within((float) tolerance));
  }
}
