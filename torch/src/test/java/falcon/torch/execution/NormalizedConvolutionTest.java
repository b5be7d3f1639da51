package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.kernel.NativeLibraries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Filters of three positions, of one position and grouped ones, with and without a bias, each with
/// a BatchNormalization behind it, the last of which takes its variance from another.
@Tag("native")
@Tag("kernels")
class NormalizedConvolutionTest {
  private static final List<String> CONVOLUTIONS = List.of("c1", "c2", "c3");
  private static final List<String> DIFFERENTIATED =
      List.of("c1.w", "n1.shift", "c2.w", "c2.b", "n2.shift", "c3.w", "n3.shift");

  @BeforeAll
  static void load() {
    NativeLibraries.ensureLoaded();
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void outputsAreThoseOfTheTwoNodesInTurn(Precision precision) {
    try (var loaded = new LoadedNetwork(network(), precision)) {
      assertThat(output(loaded, List.of()))
          .containsExactly(output(loaded, CONVOLUTIONS), tolerance(precision));
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void gradientsAreThoseOfTheTwoNodesInTurn(Precision precision) {
    try (var loaded = new LoadedNetwork(network(), precision)) {
      loaded.parameters().requireGradients(DIFFERENTIATED);
      List<double[]> joined = gradients(loaded, List.of());
      List<double[]> inTurn = gradients(loaded, CONVOLUTIONS);
      for (int i = 0; i < DIFFERENTIATED.size(); i++) {
        assertThat(joined.get(i))
            .as(DIFFERENTIATED.get(i))
            .containsExactly(inTurn.get(i), tolerance(precision));
        assertThat(Arrays.stream(joined.get(i)).map(Math::abs).max().orElse(0)).isPositive();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aTensorReplacedBetweenTwoExecutionsCounts(Precision precision) {
    try (var loaded = new LoadedNetwork(network(), precision)) {
      double[] before = output(loaded, List.of());
      loaded.parameters().set("n2.mean", new float[] {3, -2, 1, 0.5f, 1, 2});
      double[] after = output(loaded, List.of());
      assertThat(after).containsExactly(output(loaded, CONVOLUTIONS), tolerance(precision));
      assertThat(Math.abs(after[0] - before[0])).isGreaterThan(1e-3);
    }
  }

  private static Network network() {
    return new Graph(5, 4, 7, 6)
        .convolution("c1", "x", new long[] {6, 4, 3, 3}, Graph.Option.integers("strides", 2, 1))
        .batchNormalization("n1", "c1", 6)
        .node("Relu", "r1", List.of("n1"))
        .noise("c2.w", 6, 6, 1, 1)
        .noise("c2.b", 6)
        .node("Conv", "c2", List.of("r1", "c2.w", "c2.b"))
        .batchNormalization("n2", "c2", 6)
        .node("Relu", "r2", List.of("n2"))
        .convolution("c3", "r2", new long[] {6, 3, 1, 1}, Graph.Option.integer("group", 2))
        .aroundOne("n3.scale", 6)
        .noise("n3.shift", 6)
        .node("Identity", "n3.variance", List.of("n2.variance"))
        .node(
            "BatchNormalization",
            "n3",
            List.of("c3", "n3.scale", "n3.shift", "n1.mean", "n3.variance"))
        .classifier("logits", "n3", 6, 3)
        .network("logits");
  }

  /// @param watched values that are looked at, so that they must be computed by themselves
  private static double[] output(LoadedNetwork loaded, List<String> watched) {
    try (var _ = new PointerScope();
        var execution = start(loaded, watched)) {
      return Torch.doubles(execution.runToEnd());
    }
  }

  private static List<double[]> gradients(LoadedNetwork loaded, List<String> watched) {
    try (var _ = new PointerScope();
        var execution = start(loaded, watched)) {
      Tensor loss =
          execution
              .runToEnd()
              .pow(new Scalar(2))
              .sum(new ScalarTypeOptional())
              .mul(new Scalar(0.1));
      var inputs = new TensorVector(DIFFERENTIATED.size());
      for (int i = 0; i < DIFFERENTIATED.size(); i++) {
        inputs.put(i, loaded.parameters().get(DIFFERENTIATED.get(i)));
      }
      TensorVector gradients = torch.grad(new TensorVector(loss), inputs);
      var arrays = new ArrayList<double[]>();
      for (int i = 0; i < DIFFERENTIATED.size(); i++) {
        arrays.add(Torch.doubles(gradients.get(i)));
      }
      return arrays;
    }
  }

  private static GraphExecution start(LoadedNetwork loaded, List<String> watched) {
    GraphExecution execution =
        loaded.start(new NoiseSamples(List.of(4L, 7L, 6L), 3, 3, 8).batch(0, 3));
    watched.forEach(execution::watch);
    return execution;
  }

  private static Offset<Double> tolerance(Precision precision) {
    return within(precision == Precision.FLOAT64 ? 1e-12 : 2e-4);
  }
}
