package falcon.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The door: what comes in, what comes out, what is refused, what is released.
class FalconRuntimeTest {
  private static final List<Long> ROW = List.of(1L, 2L);

  @TempDir Path folder;

  /// y = relu(x W), x `[n, 2]`; and the sum of x and itself.
  private static Network network() {
    return Network.builder("two")
        .opset("", 17)
        .input(
            new ValueInfo(
                "x",
                DataType.FLOAT32,
                List.of(new Dimension.Symbolic("n"), new Dimension.Fixed(2))))
        .initializer("w", Tensor.ofFloats(List.of(2L, 2L), 1, 2, 0, -1))
        .node(node("MatMul", "p", "x", "w"))
        .node(node("Relu", "y", "p"))
        .node(node("Add", "twice", "x", "x"))
        .output(new ValueInfo("y", DataType.FLOAT32, null))
        .output(new ValueInfo("twice", DataType.FLOAT32, null))
        .build();
  }

  private static Node node(String opType, String output, String... inputs) {
    return new Node(output, opType, "", List.of(inputs), List.of(output), Map.of());
  }

  private Path file(Network network) {
    Path file = folder.resolve("net.onnx");
    OnnxFile.write(network, file);
    return file;
  }

  private static FalconRuntime runtime() {
    return FalconRuntime.of(network(), RuntimeOptions.defaults());
  }

  @Test
  void outputsComeByNameInTheNetworksOrder() {
    try (var runtime = FalconRuntime.load(file(network()))) {
      Map<String, Tensor> outputs = runtime.run(Map.of("x", Tensor.ofFloats(ROW, 3, 4)));
      assertThat(outputs.keySet()).containsExactly("y", "twice");
      assertThat(outputs.get("y")).isEqualTo(Tensor.ofFloats(ROW, 3, 2));
      assertThat(outputs.get("twice")).isEqualTo(Tensor.ofFloats(ROW, 6, 8));
    }
  }

  @Test
  void manyShapesRunOneAfterTheOther() {
    try (var runtime = runtime()) {
      for (long round = 0; round < 2; round++) {
        for (long n = 1; n <= FalconRuntime.MOST_PROGRAMS + 2; n++) {
          var values = new float[(int) (2 * n)];
          values[(int) (2 * n - 2)] = 5;
          Tensor y =
              Objects.requireNonNull(
                  runtime.run(Map.of("x", Tensor.ofFloats(List.of(n, 2L), values))).get("y"));
          assertThat(y.shape()).containsExactly(n, 2L);
          assertThat(y.toFloats()[(int) (2 * n - 1)]).isEqualTo(10);
        }
      }
    }
  }

  @Test
  void anExecutionRunsOnItsOwnMemory() {
    try (var runtime = runtime();
        Execution execution = runtime.prepare(Map.of("x", ROW))) {
      assertThat(execution.inputs()).containsExactly("x");
      assertThat(execution.outputs()).containsExactly("y", "twice");
      assertThat(execution.shape("y")).isEqualTo(ROW);
      assertThat(execution.type("y")).isEqualTo(DataType.FLOAT32);
      MemorySegment x = execution.input("x");
      MemorySegment y = execution.output("y");
      for (int i = 0; i < 3; i++) {
        x.setAtIndex(ValueLayout.JAVA_FLOAT, 0, i);
        x.setAtIndex(ValueLayout.JAVA_FLOAT, 1, 1);
        execution.run();
        assertThat(y.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(i, Math.max(0, 2 * i - 1));
      }
      execution.write("x", Tensor.ofFloats(ROW, 3, 1));
      execution.run();
      assertThat(execution.read("y")).isEqualTo(Tensor.ofFloats(ROW, 3, 5));
      assertThatThrownBy(() -> execution.write("x", Tensor.ofFloats(List.of(3L), 3, 1, 2)))
          .hasMessage("input 'x' is FLOAT32 [1, 2], not FLOAT32 [3]");
      assertThatThrownBy(() -> execution.input("z"))
          .hasMessage("there is no input 'z'; the inputs are [x]");
      assertThatThrownBy(() -> execution.output("z"))
          .hasMessage("there is no output 'z'; the outputs are [y, twice]");
      assertThatThrownBy(() -> execution.shape("z")).hasMessageContaining("'z'");
    }
  }

  @Test
  void layersSayWhatTheyWereCompiledTo() {
    RuntimeOptions options = RuntimeOptions.defaults().withKernels(KernelChoice.SCATTERED);
    try (var runtime = FalconRuntime.of(network(), options);
        Execution execution = runtime.prepare(Map.of("x", ROW))) {
      assertThat(execution.layers()).hasSize(1);
      LayerSummary layer = execution.layers().getFirst();
      assertThat(layer.node()).isEqualTo("MatMul node 'p'");
      assertThat(layer.kernel()).isEqualTo(KernelChoice.SCATTERED);
      assertThat(layer.kept()).isEqualTo(3);
      assertThat(layer.weights()).isEqualTo(4);
      assertThat(layer.bytes()).isPositive();
      assertThat(execution.valueBytes()).isPositive();
    }
  }

  @Test
  void stepsAreMeasuredInTheirOrder() {
    try (var runtime = runtime();
        Execution execution = runtime.prepare(Map.of("x", ROW))) {
      execution.write("x", Tensor.ofFloats(ROW, 3, 4));
      List<String> steps = execution.steps();
      assertThat(steps).contains("Add node 'twice'");
      assertThat(steps.getFirst()).startsWith("MatMul node");
      var nanos = new long[steps.size()];
      execution.run(nanos);
      assertThat(nanos).doesNotContain(0);
      assertThat(execution.read("y")).isEqualTo(Tensor.ofFloats(ROW, 3, 2));
      assertThatThrownBy(() -> execution.run(new long[steps.size() + 1]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void steadyRunsAllocateNothingOnTheHeap() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (var runtime = runtime();
        Execution execution = runtime.prepare(Map.of("x", ROW))) {
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 10; round++) { // the JVM itself allocates while it compiles
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
          execution.run();
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isZero();
    }
  }

  @Test
  void badInputIsNamed() {
    Tensor right = Tensor.ofFloats(ROW, 1, 2);
    try (var runtime = runtime()) {
      assertThatThrownBy(() -> runtime.run(Map.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("input 'x' is missing; the inputs are x FLOAT32[n, 2]");
      assertThatThrownBy(() -> runtime.run(Map.of("x", right, "z", right)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("there is no input 'z'; the inputs are x FLOAT32[n, 2]");
      assertThatThrownBy(() -> runtime.run(Map.of("x", Tensor.ofFloats(List.of(2L), 1, 2))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("input 'x' takes the shape [n, 2], not [2]");
      assertThatThrownBy(() -> runtime.run(Map.of("x", Tensor.ofFloats(List.of(1L, 3L), 1, 2, 3))))
          .hasMessage("input 'x' takes the shape [n, 2], not [1, 3]");
      assertThatThrownBy(() -> runtime.run(Map.of("x", Tensor.ofLongs(ROW, 1, 2))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("input 'x FLOAT32[n, 2]' is given elements of type INT64; it takes FLOAT32");
      assertThat(runtime.run(Map.of("x", right))).as("after bad input").hasSize(2);
    }
  }

  @Test
  void optionsThatContradictTheInputsAreNamed() {
    Network network = network();
    RuntimeOptions options = RuntimeOptions.defaults();
    assertThatThrownBy(() -> FalconRuntime.of(network, options.withInputShape("x", 1, 3)))
        .hasMessage("input 'x' takes the shape [n, 2], not [1, 3]");
    assertThatThrownBy(() -> FalconRuntime.of(network, options.withInputShape("z", 1, 3)))
        .hasMessageContaining("there is no input 'z'");
    assertThatThrownBy(() -> options.withThreads(0)).hasMessage("threads must be 1 or more, not 0");
    assertThatThrownBy(() -> options.withBatch(0)).hasMessage("batch must be 1 or more, not 0");
    assertThatThrownBy(() -> options.withInputShape("x", 0)).hasMessageContaining("'x'");
    try (var runtime = FalconRuntime.of(network, options.withBatch(3))) {
      assertThat(runtime.inputs()).hasSize(1);
      assertThat(runtime.outputs()).hasSize(2);
    }
  }

  @Test
  void allMissingOperatorsAreNamedAtOnce() {
    Network network =
        Network.builder("missing")
            .opset("", 17)
            .input(new ValueInfo("x", DataType.FLOAT32, List.of(new Dimension.Fixed(3))))
            .node(node("NonZero", "a", "x"))
            .node(new Node("b", "Magic", "com.example", List.of("a"), List.of("b"), Map.of()))
            .node(new Node("dead", "Magic", "com.example", List.of("a"), List.of("d"), Map.of()))
            .output(new ValueInfo("b", DataType.FLOAT32, null))
            .build();
    Path file = file(network);
    assertThatThrownBy(() -> FalconRuntime.load(file))
        .isInstanceOf(UnsupportedOperatorsException.class)
        .hasMessage(
            """
            %s: the runtime does not compute these operators:
              NonZero: NonZero node 'a'
              com.example.Magic: Magic node 'b'
            Run this network by ONNX Runtime, which has all of ONNX's operators.\
            """
                .formatted(file));
  }

  @Test
  void aNodeInAFormThatIsNotComputedIsNamedWhenTheNetworkIsLoaded() {
    Network network =
        Network.builder("form")
            .opset("", 17)
            .input(
                new ValueInfo(
                    "x", DataType.FLOAT32, List.of(new Dimension.Fixed(2), new Dimension.Fixed(2))))
            .node(
                new Node(
                    "pad",
                    "Pad",
                    "",
                    List.of("x", "pads"),
                    List.of("y"),
                    Map.of("mode", new Attribute.StringValue("sideways"))))
            .initializer("pads", Tensor.ofLongs(List.of(4L), 0, 1, 0, 1))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    Path file = file(network);
    assertThatThrownBy(() -> FalconRuntime.load(file))
        .hasMessageContaining("Pad node 'pad'")
        .hasMessageContaining("mode=sideways")
        .hasMessageContaining("ONNX Runtime");
  }

  @Test
  void anIndexOutOfRangeIsNamed() {
    Network network =
        Network.builder("table")
            .opset("", 17)
            .input(new ValueInfo("ids", DataType.INT64, List.of(new Dimension.Fixed(2))))
            .initializer("table", Tensor.ofFloats(List.of(3L, 1L), 5, 6, 7))
            .node(node("Gather", "y", "table", "ids"))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .build();
    for (int threads = 1; threads <= 2; threads++) {
      RuntimeOptions options = RuntimeOptions.defaults().withThreads(threads);
      try (var runtime = FalconRuntime.of(network, options)) {
        assertThatThrownBy(() -> runtime.run(Map.of("ids", Tensor.ofLongs(List.of(2L), 0, 3))))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("Gather node 'y': index 3 is none of an axis of 3");
        Map<String, Tensor> outputs =
            runtime.run(Map.of("ids", Tensor.ofLongs(List.of(2L), 0, -1)));
        assertThat(outputs).containsEntry("y", Tensor.ofFloats(List.of(2L, 1L), 5, 7));
      }
    }
  }

  @Test
  void closingReleasesTheMemoryOfExecutions() {
    FalconRuntime runtime = runtime();
    Execution first = runtime.prepare(Map.of("x", ROW));
    Execution second = runtime.prepare(Map.of("x", ROW));
    MemorySegment ofFirst = first.input("x");
    MemorySegment ofSecond = second.output("y");
    first.close();
    first.close();
    assertThat(ofFirst.scope().isAlive()).isFalse();
    assertThat(ofSecond.scope().isAlive()).isTrue();
    assertThatThrownBy(first::run).isInstanceOf(IllegalStateException.class);
    runtime.close();
    runtime.close();
    assertThat(ofSecond.scope().isAlive()).isFalse();
    assertThatThrownBy(second::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the runtime is closed");
    assertThatThrownBy(() -> runtime.run(Map.of("x", Tensor.ofFloats(ROW, 1, 2))))
        .hasMessage("the runtime is closed");
  }

  @Test
  void aDamagedFileEndsInTheReadersError() throws IOException {
    Path file = folder.resolve("damaged.onnx");
    Files.write(file, new byte[] {8, 8, 58, 127, 1, 2, 3});
    assertThatThrownBy(() -> FalconRuntime.load(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(file.toString());
  }
}
