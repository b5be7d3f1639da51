package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import falcon.leastsquares.ChannelLeastSquares;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.layer.Layers;
import falcon.torch.curvature.ChannelDescent;
import falcon.torch.curvature.LayerMoments;
import falcon.torch.curvature.LayerProblem;
import falcon.torch.curvature.Ridge;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Logits;
import falcon.torch.gradient.PerSampleGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.reconstruction.Reconstruction;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.BatchNormRefresh;
import falcon.torch.training.Refinement;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Networks whose file fixes the number of examples compute the same as those with an open axis.
@Tag("native")
@Tag("kernels")
class FixedBatchTest {
  private static final List<String> LAYERS = List.of("c1.w", "c2.w", "logits.w");

  private final Network open = Graph.residual(3);
  private final Workers workers = new Workers(2);

  @AfterEach
  void closeWorkers() {
    workers.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void outputsAreTheSameAndTheSurplusIsDropped(int batch) {
    SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), 10, 3, 5);
    Logits expected = Evaluation.logits(open, samples, workers);
    Logits logits = Evaluation.logits(fixed(open, batch), samples, workers);
    assertThat(logits.samples()).isEqualTo(10);
    assertThat(logits.classes()).isEqualTo(3);
    for (int i = 0; i < 10; i++) {
      for (int c = 0; c < 3; c++) {
        assertThat(logits.value(i, c)).isCloseTo(expected.value(i, c), within(1e-5f));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void gradientsOfSamplesAreTheSame(int batch) {
    SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), 10, 3, 5);
    assertClose(gradients(fixed(open, batch), samples), gradients(open, samples), 1e-12);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void refinementTakesTheSameSteps(int batch) {
    Network halved = Graph.halved(open, "c1.w", "c2.w");
    SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), 96, 3, 5);
    float[] expected = refined(open, halved, samples).tensor("c2.w").toFloats();
    float[] values =
        refined(fixed(open, batch), fixed(halved, batch), samples).tensor("c2.w").toFloats();
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i]).isCloseTo(expected[i], within(1e-3f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void statisticsAreTheSame(int batch) {
    SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), 36, 3, 5);
    float[] expected =
        BatchNormRefresh.refresh(open, samples, workers).tensor("n2.variance").toFloats();
    float[] values =
        BatchNormRefresh.refresh(fixed(open, batch), samples, workers)
            .tensor("n2.variance")
            .toFloats();
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i]).isCloseTo(expected[i], within(1e-4f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void supportSearchSeesTheSameProducts(int batch) {
    SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), 36, 3, 5);
    List<float[]> expected = steps(open, samples);
    List<float[]> found = steps(fixed(open, batch), samples);
    for (int l = 0; l < expected.size(); l++) {
      assertThat(found.get(l)).containsExactly(expected.get(l), within(1e-4f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void reconstructionGivesTheSameWeights(int batch) {
    Network halved = Graph.halved(open, "c1.w", "c2.w");
    SampleSource samples = new NoiseSamples(List.of(3L, 6L, 5L), 36, 3, 5);
    Network expected = reconstructed(open, halved, samples);
    Network found = reconstructed(fixed(open, batch), fixed(halved, batch), samples);
    for (String layer : LAYERS) {
      assertThat(found.tensor(layer).toFloats())
          .containsExactly(expected.tensor(layer).toFloats(), within(1e-3f));
    }
  }

  @Test
  void costsAreThoseOfOneExample() {
    assertThat(Layers.of(fixed(open, 4)).totalMacs()).isEqualTo(Layers.of(open).totalMacs());
  }

  @Test
  void inputsOfDifferentNumbersOfExamplesAreRefused() {
    Network network =
        Network.builder("two")
            .input(input("a", 1))
            .input(input("b", 4))
            .output(input("a", 1))
            .build();
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      assertThatThrownBy(() -> loaded.chunks(8, 2))
          .isInstanceOf(UnsupportedNetworkException.class)
          .hasMessage(
              "Samples cannot be run through the network: inputs 'a FLOAT32[1]' and 'b FLOAT32[4]'"
                  + " fix different numbers of examples.");
    }
  }

  /// What a first step makes of the weights of each layer if all are zero, all positions looked at.
  private List<float[]> steps(Network network, SampleSource samples) {
    List<ChannelDescent> descents =
        new LayerMoments(network, 100, 1L << 30, workers)
            .descents(LAYERS, Ridge.constant(1e-2), samples);
    var steps = new ArrayList<float[]>();
    for (ChannelDescent descent : descents) {
      ChannelDescent.Block block = descent.blocks().getFirst();
      var weights = new float[block.count()];
      descent.descend(block, weights, 0, i -> true, 1);
      steps.add(weights);
      descent.close();
    }
    return steps;
  }

  private Network reconstructed(Network dense, Network network, SampleSource samples) {
    return new Reconstruction(dense, new Reconstruction.Options(100, true, 1L << 30), workers)
        .refit(network, LAYERS, samples, FixedBatchTest::solved, layers -> {});
  }

  private static float[] solved(LayerProblem problem) {
    try (var executor = Executors.newSingleThreadExecutor()) {
      float[] present = problem.present();
      return ChannelLeastSquares.of(
              problem.shape().inputs(),
              problem.shape().outputs(),
              problem.gram(),
              problem.cross(),
              1e-2)
          .solve(present, i -> present[i] != 0, executor);
    }
  }

  private static ValueInfo input(String name, long size) {
    return new ValueInfo(name, falcon.model.DataType.FLOAT32, List.of(new Dimension.Fixed(size)));
  }

  private Network refined(Network dense, Network network, SampleSource samples) {
    return new Refinement(
            dense, LAYERS, List.of(), new Refinement.Options(32, 0.01, 1, 1), 1L << 30, workers)
        .refine(network, LAYERS, samples, false, (steps, loss) -> assertThat(loss).isPositive());
  }

  private double[] gradients(Network network, SampleSource samples) {
    int weights = LAYERS.stream().mapToInt(name -> network.tensor(name).size()).sum();
    var all = new double[samples.size() * weights];
    new PerSampleGradients(network, LAYERS, Precision.FLOAT64, workers)
        .compute(
            samples,
            new PerSampleGradients.RowKind.Empirical(),
            (layer, firstRow, rows) -> {
              int size = network.tensor(LAYERS.get(layer)).size();
              int offset =
                  LAYERS.subList(0, layer).stream()
                      .mapToInt(name -> network.tensor(name).size())
                      .sum();
              long count = rows.byteSize() / Double.BYTES / size;
              assertThat(firstRow + count).isLessThanOrEqualTo(samples.size());
              for (int row = 0; row < count; row++) {
                for (int i = 0; i < size; i++) {
                  all[(firstRow + row) * weights + offset + i] =
                      rows.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) row * size + i);
                }
              }
            });
    return all;
  }

  private static void assertClose(double[] values, double[] expected, double tolerance) {
    assertThat(values).hasSameSizeAs(expected);
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i]).isCloseTo(expected[i], within(tolerance));
    }
  }

  /// Returns the network as exported without a dynamic axis.
  private static Network fixed(Network network, int batch) {
    Network.Builder builder = Network.builder(network.name()).opset("", network.opset());
    for (ValueInfo input : network.inputs()) {
      var dimensions = new ArrayList<>(java.util.Objects.requireNonNull(input.dimensions()));
      dimensions.set(0, new Dimension.Fixed(batch));
      builder.input(new ValueInfo(input.name(), input.type(), dimensions));
    }
    network.initializers().forEach(builder::initializer);
    network.nodes().forEach(builder::node);
    network.outputs().forEach(builder::output);
    return builder.build();
  }
}
