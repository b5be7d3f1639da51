package falcon.torch.fusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Convolution;
import falcon.torch.kernel.KernelVerdict;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.kernel.RowConvolution;
import falcon.torch.kernel.Window;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Two convolutions that are added up, one of them with a BatchNormalization; one whose sum with a
/// list is no sum of equal shapes; one with a bias, groups and no ReLU, whose result the sum's
/// other term waits for.
@Tag("native")
@Tag("kernels")
class ConvolutionChainTest {
  private static final List<String> CONVOLUTIONS = List.of("c1", "c2", "c3", "s2", "c4");

  @BeforeAll
  static void load() {
    NativeLibraries.ensureLoaded();
  }

  @Test
  void nothingReadsAChainBetweenItsNodesAndTheLaterOfTwoConvolutionsTakesTheirSum() {
    Network network = network();
    Fusions fusions = Fusions.of(network);
    assertThat(
            IntStream.range(0, network.nodes().size())
                .mapToObj(fusions::startingAt)
                .filter(Objects::nonNull)
                .map(fusion -> summary((ConvolutionChain) fusion)))
        .containsExactlyInAnyOrder("c1", "c2 n2 + c1 relu", "c3 + shift relu", "c4 + r3", "c5");
  }

  @Test
  void outputsAreThoseOfTheNodesInTurn() {
    try (var loaded = new LoadedNetwork(network(), Precision.FLOAT32)) {
      double[] inTurn = output(loaded, 3, CONVOLUTIONS);
      assertThat(output(loaded, 3, List.of())).containsExactly(inTurn, within(2e-4));
    }
  }

  @Test
  void filtersPackedForOneBatchAreRightForAnother() {
    try (var loaded = new LoadedNetwork(network(), Precision.FLOAT32)) {
      output(loaded, 3, List.of());
      double[] packedBefore = output(loaded, 17, List.of());
      assertThat(packedBefore).containsExactly(output(loaded, 17, CONVOLUTIONS), within(2e-4));
      try (var fresh = new LoadedNetwork(network(), Precision.FLOAT32)) {
        assertThat(packedBefore).containsExactly(output(fresh, 17, List.of()));
      }
    }
  }

  @Test
  void aReplacedWeightCounts() {
    try (var loaded = new LoadedNetwork(network(), Precision.FLOAT32)) {
      double[] before = output(loaded, 3, List.of());
      loaded.parameters().set("c4.b", new float[] {4, -4, 1, 1, 2, 2});
      double[] after = output(loaded, 3, List.of());
      assertThat(after).containsExactly(output(loaded, 3, CONVOLUTIONS), within(2e-4));
      assertThat(Math.abs(after[0] - before[0])).isGreaterThan(1e-2);
    }
  }

  @Test
  void gradientsRunThroughTheInputsOfAChain() {
    try (var loaded = new LoadedNetwork(network(), Precision.FLOAT32)) {
      double[] inTurn = gradientOfSum(loaded, "r1", CONVOLUTIONS);
      assertThat(gradientOfSum(loaded, "r1", List.of())).containsExactly(inTurn, within(1e-3));
      assertThat(Arrays.stream(inTurn).map(Math::abs).max().orElse(0)).isPositive();
    }
  }

  /// A sum is computed in the same call, but for one position or one channel, which oneDNN refuses;
  /// what is added may be a view of another tensor.
  @ParameterizedTest
  @CsvSource({"6, 7, 6, true", "6, 1, 2, true", "6, 1, 1, false", "1, 7, 6, false"})
  void sumsAreFusedWhereOneDnnTakesThem(int outputs, long height, long width, boolean isFused) {
    assumeThat(NativeLibraries.kernels().fusion(Convolution.Kind.DENSE))
        .isNotEqualTo(KernelVerdict.Fusion.NONE);
    Network sum =
        new Graph(9, 4, height, width)
            .noise("c.w", outputs, 4, 3, 3)
            .node("Conv", "c", List.of("x", "c.w"), Graph.Option.integers("pads", 1, 1, 1, 1))
            .node("Add", "y", List.of("c", "c"))
            .network("y");
    try (var _ = new PointerScope();
        var loaded = new LoadedNetwork(sum, Precision.FLOAT32)) {
      var single = (ConvolutionChain) Objects.requireNonNull(Fusions.of(sum).startingAt(0));
      var chain =
          new ConvolutionChain(
              single.nodes(),
              single.skipped(),
              single.convolution(),
              single.filters(),
              null,
              null,
              "other",
              true);
      var weights = new FusedWeights(loaded.parameters()::get);
      Tensor x = torch.randn(2, 4, height, width);
      Tensor other = torch.randn(2, outputs + 3L, height, width).narrow(1, 1, outputs);
      Tensor fused = FusedChain.run(chain, x, other, weights);
      assertThat(fused != null).isEqualTo(isFused);
      if (fused != null) {
        var window = Window.symmetric(longs(3), longs(1), longs(1), longs(1));
        var convolution =
            new Convolution(x, loaded.parameters().get("c.w"), null, window, 1, false);
        double[] wanted = Torch.doubles(RowConvolution.run(convolution).add(other).relu());
        assertThat(Torch.doubles(fused)).containsExactly(wanted, within(1e-4));
      }
      weights.forget();
    }
  }

  private static long[] longs(long both) {
    return new long[] {both, both};
  }

  private static String summary(ConvolutionChain chain) {
    return chain.convolution().name()
        + (chain.normalized() == null ? "" : " " + chain.normalized().normalization().name())
        + (chain.other() == null ? "" : " + " + chain.other())
        + (chain.relu() ? " relu" : "");
  }

  private static Network network() {
    var padded = Graph.Option.integers("pads", 1, 1, 1, 1);
    return new Graph(9, 4, 7, 6)
        .node("Relu", "r1", List.of("x"))
        .convolution("c1", "r1", new long[] {6, 4, 1, 1})
        .convolution("c2", "r1", new long[] {6, 4, 3, 3}, padded)
        .batchNormalization("n2", "c2", 6)
        .node("Add", "s2", List.of("c1", "n2"))
        .node("Relu", "r2", List.of("s2"))
        .noise("shift", 6, 1, 1)
        .convolution("c3", "r2", new long[] {6, 6, 1, 1})
        .node("Add", "s3", List.of("c3", "shift"))
        .node("Relu", "r3", List.of("s3"))
        .noise("c4.w", 6, 3, 3, 3)
        .noise("c4.b", 6)
        .node("Conv", "c4", List.of("r2", "c4.w", "c4.b"), padded, Graph.Option.integer("group", 2))
        .node("Add", "s4", List.of("c4", "r3"))
        .convolution("c5", "s4", new long[] {6, 6, 3, 3}, Graph.Option.integers("pads", 1, 0, 0, 2))
        .classifier("logits", "c5", 6, 3)
        .network("logits");
  }

  /// @param watched values that are looked at, so that they must be computed by themselves
  private static double[] output(LoadedNetwork loaded, int samples, List<String> watched) {
    try (var _ = new PointerScope();
        var execution = start(loaded, samples, watched)) {
      return Torch.doubles(execution.runToEnd());
    }
  }

  private static double[] gradientOfSum(LoadedNetwork loaded, String value, List<String> watched) {
    try (var _ = new PointerScope();
        var execution = start(loaded, 3, watched)) {
      execution.differentiate(value);
      Tensor sum = execution.runToEnd().sum(new ScalarTypeOptional());
      return Torch.doubles(
          torch.grad(new TensorVector(sum), new TensorVector(execution.value(value))).get(0));
    }
  }

  private static GraphExecution start(LoadedNetwork loaded, int samples, List<String> watched) {
    GraphExecution execution =
        loaded.start(new NoiseSamples(List.of(4L, 7L, 6L), samples, 3, 8).batch(0, samples));
    watched.forEach(execution::watch);
    return execution;
  }
}
