package falcon.runtime.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.runtime.kernel.LayerChoice;
import falcon.runtime.operator.Activation;
import falcon.runtime.operator.Layer;
import falcon.runtime.operator.Value;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What nodes become: layers, single operators for written-out functions, places in memory.
class CompilationTest {
  private static final List<Long> IMAGE = List.of(1L, 2L, 5L, 5L);

  private final Network.Builder builder = Network.builder("net").opset("", 17);

  private void input(long... shape) {
    List<Dimension> dimensions =
        Arrays.stream(shape).<Dimension>mapToObj(Dimension.Fixed::new).toList();
    builder.input(new ValueInfo("x", DataType.FLOAT32, dimensions));
  }

  private void node(String opType, String output, String... inputs) {
    builder.node(new Node(output, opType, "", List.of(inputs), List.of(output), Map.of()));
  }

  private void constant(String name, List<Long> shape, float value) {
    var values = new float[(int) Tensor.elements(shape)];
    Arrays.fill(values, value);
    builder.initializer(name, Tensor.ofFloats(shape, values));
  }

  private void convolution(String output, String input) {
    constant(output + ".w", List.of(2L, 2L, 1L, 1L), 1);
    node("Conv", output, input, output + ".w");
  }

  private void normalization(String output, String input) {
    for (String statistic : List.of("scale", "shift", "mean")) {
      constant(output + statistic, List.of(2L), 2);
    }
    constant(output + "variance", List.of(2L), 4);
    node(
        "BatchNormalization",
        output,
        input,
        output + "scale",
        output + "shift",
        output + "mean",
        output + "variance");
  }

  private Network network(String... outputs) {
    for (String output : outputs) {
      builder.output(new ValueInfo(output, DataType.FLOAT32, null));
    }
    return builder.build();
  }

  private static Graph joined(Network network, List<Long> shape, Arena arena) {
    Graph traced = Tracing.of(network, Map.of("x", shape), arena);
    return Layers.joined(Patterns.replaced(traced, arena), arena);
  }

  private static List<String> kinds(Graph graph) {
    return graph.operations().stream()
        .map(operation -> {
          Layer layer = operation.layer();
          if (layer == null) {
            return operation.node().opType();
          }
          boolean hasResidual = operation.operands().has(Layer.RESIDUAL);
          return layer.kind() + (hasResidual ? "+" : " ") + layer.activation().kind();
        })
        .toList();
  }

  @Test
  void aResidualBlockBecomesOneLayerForEachConvolution() {
    input(1, 2, 5, 5);
    convolution("a", "x");
    normalization("an", "a");
    node("Relu", "ar", "an");
    convolution("b", "ar");
    normalization("bn", "b");
    node("Add", "sum", "bn", "x");
    node("Relu", "y", "sum");
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = joined(network("y"), IMAGE, arena);
      assertThat(kinds(graph)).containsExactly("CONVOLUTION RELU", "CONVOLUTION+RELU");
      Operation first = graph.operations().getFirst();
      // scale / √(variance + ε) is 2 / 2, the shift 2 − 2 · 1
      assertThat(first.in(1).floats()[0]).isCloseTo(1, offset(1e-5f));
      assertThat(first.in(2).floats()[0]).isCloseTo(0, offset(1e-4f));
    }
  }

  @Test
  void whatSomethingElseReadsIsNotTakenIn() {
    input(1, 2, 5, 5);
    convolution("a", "x");
    node("Relu", "y", "a");
    node("Sigmoid", "z", "a");
    try (Arena arena = Arena.ofConfined()) {
      assertThat(kinds(joined(network("y", "z"), IMAGE, arena)))
          .containsExactlyInAnyOrder("CONVOLUTION NONE", "Relu", "Sigmoid");
    }
  }

  @Test
  void anOutputOfTheNetworkIsNotTakenIn() {
    input(1, 2, 5, 5);
    convolution("a", "x");
    node("Relu", "y", "a");
    try (Arena arena = Arena.ofConfined()) {
      assertThat(kinds(joined(network("a", "y"), IMAGE, arena)))
          .containsExactly("CONVOLUTION NONE", "Relu");
    }
  }

  @Test
  void aProductTakesItsBiasAndAWrittenOutGelu() {
    input(3, 4);
    constant("w", List.of(4L, 6L), 1);
    constant("b", List.of(6L), 0.5f);
    constant("root", List.of(), (float) Math.sqrt(2));
    constant("one", List.of(), 1);
    constant("half", List.of(), 0.5f);
    node("MatMul", "p", "x", "w");
    node("Add", "s", "b", "p");
    node("Div", "d", "s", "root");
    node("Erf", "e", "d");
    node("Add", "f", "e", "one");
    node("Mul", "g", "s", "f");
    node("Mul", "y", "g", "half");
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = joined(network("y"), List.of(3L, 4L), arena);
      assertThat(kinds(graph)).containsExactly("LINEAR GELU");
      assertThat(graph.operations().getFirst().in(2).floats()).containsOnly(0.5f);
    }
  }

  @Test
  void aWrittenOutLayerNormalizationIsOne() {
    input(3, 4);
    constant("two", List.of(), 2);
    constant("epsilon", List.of(), 1e-3f);
    constant("gamma", List.of(4L), 3);
    constant("beta", List.of(4L), 1);
    Map<String, Attribute> last = Map.of("axes", new Attribute.IntegerList(List.of(-1L)));
    builder.node(new Node("m", "ReduceMean", "", List.of("x"), List.of("m"), last));
    node("Sub", "d", "x", "m");
    node("Pow", "q", "d", "two");
    builder.node(new Node("v", "ReduceMean", "", List.of("q"), List.of("v"), last));
    node("Add", "ve", "v", "epsilon");
    node("Sqrt", "r", "ve");
    node("Div", "n", "d", "r");
    node("Mul", "g", "n", "gamma");
    node("Add", "y", "g", "beta");
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = joined(network("y"), List.of(3L, 4L), arena);
      assertThat(kinds(graph)).containsExactly("LayerNormalization");
      assertThat(graph.operations().getFirst().node().real("epsilon", 0)).isEqualTo(1e-3f);
    }
  }

  @Test
  void whatFollowsFromShapesIsFolded() {
    input(2, 3);
    node("Shape", "s", "x");
    node("ConstantOfShape", "zeros", "s");
    node("Add", "y", "x", "zeros");
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = joined(network("y"), List.of(2L, 3L), arena);
      assertThat(kinds(graph)).containsExactly("Add");
      assertThat(graph.operations().getFirst().in(1).isConstant()).isTrue();
    }
  }

  @Test
  void aChainOfValuesTakesThePlaceOfTwo() {
    input(1, 64);
    String previous = "x";
    for (int i = 0; i < 10; i++) {
      node("Tanh", "t" + i, previous);
      previous = "t" + i;
    }
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = joined(network(previous), List.of(1L, 64L), arena);
      MemoryPlan plan = MemoryPlan.of(graph);
      long each = Objects.requireNonNull(graph.inputs().getFirst()).roomBytes();
      // the input and the output of the network keep their places, two take turns between
      assertThat(plan.bytes()).isEqualTo(4 * each);
    }
  }

  @Test
  void valuesOfDifferentLayoutsShareNothing() {
    input(1, 2, 5, 5);
    convolution("a", "x");
    node("Tanh", "t", "a");
    constant("w", List.of(3L, 2L, 3L, 3L), 1);
    builder.node(
        new Node(
            "y",
            "Conv",
            "",
            List.of("t", "w"),
            List.of("y"),
            Map.of("pads", new Attribute.IntegerList(List.of(1L, 1L, 1L, 1L)))));
    try (var resources = new Resources()) {
      Graph layers = joined(network("y"), IMAGE, resources.arena());
      Graph packed = Packing.packed(layers, LayerChoice.AUTO, resources);
      MemoryPlan plan = MemoryPlan.of(packed);
      for (Value left : plan.values()) {
        for (Value right : plan.values()) {
          boolean isApart =
              plan.offset(left) + left.roomBytes() <= plan.offset(right)
                  || plan.offset(right) + right.roomBytes() <= plan.offset(left);
          assertThat(isApart || Objects.equals(left.planes(), right.planes()))
              .as("%s and %s", left, right)
              .isTrue();
        }
      }
      assertThat(resources.reports()).hasSize(2);
    }
  }

  @Test
  void anActivationThatKernelsLackStaysANode() {
    input(1, 2, 5, 5);
    convolution("a", "x");
    node("Tanh", "y", "a");
    try (Arena arena = Arena.ofConfined()) {
      Graph graph = joined(network("y"), IMAGE, arena);
      assertThat(kinds(graph)).containsExactly("CONVOLUTION NONE", "Tanh");
      assertThat(Objects.requireNonNull(graph.operations().getFirst().layer()).activation())
          .isEqualTo(Activation.NONE);
    }
  }
}
