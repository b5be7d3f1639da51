package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.torch.Forward;
import falcon.torch.Graph;
import falcon.torch.OutOfNodeMemoryException;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.kernel.NativeLibraries;
import falcon.torch.sample.InputArray;
import falcon.torch.sample.SampleBatch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.TensorVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What is said when a node fails, and that nothing ends the process.
@Tag("native")
class NodeFailuresTest {
  private static final Path FILE = Path.of("net.onnx");

  @Test
  void aFailureOfLibtorchIsOneLineWithFileNodeAndShapes() {
    Network network =
        new Graph(1, 4)
            .longs("whole", 1, 2, 3, 4)
            .node("Gemm", "y", List.of("x", "w"))
            .noise("w", 4, 3)
            .node("Conv", "unused", List.of("x", "w"))
            .node("Erf", "z", List.of("whole"))
            .node("LpNormalization", "n", List.of("z"), Graph.Option.integer("p", 1))
            .network("n")
            .readFrom(FILE);
    assertThatThrownBy(() -> Forward.run(network, Map.of("x", zeros(2, 4)), Precision.FLOAT32))
        .isInstanceOf(UnusableNodeException.class)
        .hasMessageStartingWith("net.onnx: Conv node 'unused'");
    Network mixed =
        new Graph(1, 4)
            .longs("whole", 1, 2, 3, 4)
            .node("BitwiseAnd", "y", List.of("x", "whole"))
            .network("y")
            .readFrom(FILE);
    assertThatThrownBy(() -> Forward.run(mixed, Map.of("x", zeros(2, 4)), Precision.FLOAT32))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageStartingWith("net.onnx: BitwiseAnd node 'y' cannot be executed: ")
        .hasMessageContaining("its inputs have the shapes [Float [2, 4], Long [4]]")
        .hasMessageNotContaining("frame #")
        .hasMessageNotContaining("Exception raised from");
  }

  @Test
  void anIndexOutOfRangeNamesSampleAndRange() {
    Network network = table();
    long[] ids = new long[12];
    ids[7] = 5;
    var batch =
        new SampleBatch(
            List.of(InputArray.ofLongs(DataType.INT64, List.of(3L), ids)),
            null,
            new int[] {40, 41, 42, 43});
    NativeLibraries.ensureLoaded();
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32);
        var execution = loaded.start(batch)) {
      assertThatThrownBy(execution::runToEnd)
          .isInstanceOf(UnsupportedNetworkException.class)
          .hasMessageContaining("net.onnx: Gather node 'y' cannot be executed")
          .hasMessageContaining(
              "index 5 of sample 42 (counted from 0) is not one of the 5 of 'table'")
          .hasMessageContaining("numbers from 0 to 4");
    }
  }

  private static Network table() {
    return Network.builder("table")
        .opset("", 17)
        .input(
            new ValueInfo(
                "ids",
                DataType.INT64,
                List.of(new Dimension.Symbolic("n"), new Dimension.Fixed(3))))
        .initializer("table", Tensor.ofFloats(List.of(5L, 2L), new float[10]))
        .node(new Node("y", "Gather", "", List.of("table", "ids"), List.of("y"), Map.of()))
        .output(new ValueInfo("y", DataType.FLOAT32, null))
        .build()
        .readFrom(FILE);
  }

  /// The processor ends a process that divides the least number by −1.
  @Test
  void theLeastNumberIsDividedByMinusOne() {
    Network network =
        new Graph(1, 2)
            .longs("least", Long.MIN_VALUE, 7)
            .longs("by", -1, -2)
            .node("Div", "q", List.of("least", "by"))
            .node("Mod", "m", List.of("least", "by"))
            .node("Mod", "f", List.of("least", "by"), Graph.Option.integer("fmod", 1))
            .node("Concat", "all", List.of("q", "m", "f"), Graph.Option.integer("axis", 0))
            .network("all");
    List<Tensor> results = Forward.run(network, Map.of("x", zeros(1, 2)), Precision.FLOAT32);
    assertThat(results.getFirst().toLongs()).containsExactly(Long.MIN_VALUE, -3, 0, -1, 0, 1);
  }

  /// Of numbers without a sign the greatest has the bits of −1.
  @Test
  void theGreatestNumberWithoutASignIsNoMinusOne() {
    long uint8 = 2;
    Network network =
        new Graph(1, 2)
            .longs("a", 255, 254)
            .longs("b", 255, 255)
            .node("Cast", "au", List.of("a"), Graph.Option.integer("to", uint8))
            .node("Cast", "bu", List.of("b"), Graph.Option.integer("to", uint8))
            .node("Div", "q", List.of("au", "bu"))
            .node("Mod", "m", List.of("au", "bu"))
            .node("Concat", "all", List.of("q", "m"), Graph.Option.integer("axis", 0))
            .network("all");
    List<Tensor> results = Forward.run(network, Map.of("x", zeros(1, 2)), Precision.FLOAT32);
    assertThat(results.getFirst().toLongs()).containsExactly(1, 0, 0, 254);
  }

  /// oneDNN ends a process that differentiates by a convolution of such a stride.
  @Test
  void aStrideBeyondTheImageIsOnePosition() {
    long far = Integer.MAX_VALUE;
    Network network =
        new Graph(3, 8, 4, 4)
            .noise("w", 8, 8, 1, 1)
            .noise("v", 8, 8, 3, 3)
            .node("Conv", "a", List.of("x", "w"), Graph.Option.integers("strides", 1, far))
            .node("Conv", "b", List.of("x", "v"), Graph.Option.integers("strides", far, far))
            .node("ConvTranspose", "c", List.of("b", "v"), Graph.Option.integers("strides", far, 2))
            .node(
                "MaxPool",
                "d",
                List.of("a"),
                Graph.Option.integers("kernel_shape", 2, 1),
                Graph.Option.integers("strides", far, far),
                Graph.Option.integer("ceil_mode", 1))
            .node("Mul", "y", List.of("c", "d"))
            .network("y");
    NativeLibraries.ensureLoaded();
    try (var _ = new PointerScope();
        var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      loaded.parameters().requireGradients(List.of("w", "v"));
      try (var execution =
          loaded.start(List.of(Torch.tensor(ones(2, 8, 4, 4), Precision.FLOAT32)))) {
        var output = execution.runToEnd();
        assertThat(output.shape()).containsExactly(2, 8, 3, 3);
        var weights = new TensorVector(loaded.parameters().get("w"), loaded.parameters().get("v"));
        var gradients =
            Autograd.gradients(loaded, new TensorVector(output.sum()), weights, new TensorVector());
        assertThat(gradients.get(0).shape()).containsExactly(8, 8, 1, 1);
      }
    }
  }

  @Test
  void aDivisionByZeroNamesTheNode() {
    Network network =
        new Graph(1, 2)
            .longs("a", 6, 7)
            .longs("zero", 0, 1)
            .node("Mod", "m", List.of("a", "zero"))
            .network("m");
    assertThatThrownBy(() -> Forward.run(network, Map.of("x", zeros(1, 2)), Precision.FLOAT32))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("Mod node 'm'")
        .hasMessageContaining("ZeroDivisionError");
  }

  @Test
  void terabytesOfConstantsAreRefusedBeforeTheyAreMade() {
    Network network =
        new Graph(1, 2)
            .longs("shape", 1L << 20, 1L << 22)
            .node("ConstantOfShape", "big", List.of("shape"))
            .network("big");
    assertThatThrownBy(() -> Forward.run(network, Map.of("x", zeros(1, 2)), Precision.FLOAT32))
        .isInstanceOf(UnusableNodeException.class)
        .hasMessageContaining("ConstantOfShape node 'big'")
        .hasMessageContaining("4.40e+12 elements");
  }

  @Test
  void nodesBehindUnknownShapesAreAskedWhenTheyRun() {
    Network network =
        new Graph(1, 4)
            .node("NonZero", "places", List.of("x"))
            .node("Shape", "shape", List.of("places"))
            .longs("target", 5, 5)
            .node("Reshape", "y", List.of("places", "target"))
            .network("y");
    assertThatThrownBy(() -> Forward.run(network, Map.of("x", ones(2, 4)), Precision.FLOAT32))
        .isInstanceOf(UnusableNodeException.class)
        .hasMessageContaining("Reshape node 'y'")
        .hasMessageContaining(
            "another number of elements; its inputs have the shapes [[2, 8], [2]]");
  }

  @Test
  void memoryThatThereIsNotNamesNodeAndSize() {
    var allocation =
        new RuntimeException(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate"
                + " memory: you tried to allocate 8000000000 bytes.\n"
                + "frame #0");
    Network network = table();
    RuntimeException said =
        NodeFailures.of(network, network.nodes().getFirst(), null, null, allocation);
    assertThat(said)
        .isInstanceOf(OutOfNodeMemoryException.class)
        .hasMessageStartingWith(
            "net.onnx: Gather node 'y' needs memory that there is not (8,000,000,000 bytes at"
                + " once)")
        .hasMessageContaining("‹threads› 1")
        .hasMessageNotContaining("frame");
  }

  @Test
  void aThreadThatTheSystemRefusesIsNoMatterOfTheNode() {
    var refused = new OutOfMemoryError("unable to create native thread: possibly out of memory");
    Network network = table();
    assertThatThrownBy(
            () -> NodeFailures.of(network, network.nodes().getFirst(), null, null, refused))
        .isSameAs(refused);
  }

  @Test
  void outputsThatAreNoNumbersNameTheFirstNodeThatMadeThem() {
    Network network =
        new Graph(1, 2)
            .node("Identity", "i", List.of("x"))
            .node("Sqrt", "root", List.of("i"))
            .node("Relu", "y", List.of("root"))
            .network("y");
    var batch =
        new SampleBatch(
            List.of(InputArray.ofFloats(List.of(2L), new float[] {1, 2, 3, -4})),
            null,
            new int[] {8, 9});
    NativeLibraries.ensureLoaded();
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      assertThatThrownBy(() -> NonFiniteValues.refuse(new float[] {1, Float.NaN}, loaded, batch))
          .isInstanceOf(UnsupportedNetworkException.class)
          .hasMessageContaining("Sqrt node 'root' makes NaN for sample 9")
          .hasMessageContaining("its input 'i' goes from -4.00 to 3.00");
    }
  }

  private static Tensor zeros(long... shape) {
    return filled(0, shape);
  }

  private static Tensor ones(long... shape) {
    return filled(1, shape);
  }

  private static Tensor filled(float value, long... shape) {
    List<Long> sizes = java.util.Arrays.stream(shape).boxed().toList();
    var values = new float[Math.toIntExact(Tensor.elements(sizes))];
    java.util.Arrays.fill(values, value);
    return Tensor.ofFloats(sizes, values);
  }
}
