package falcon.model.shape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.layer.Layers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Nodes that ask for what cannot be.
class ShapeCheckTest {
  private static final long LIMIT = 1L << 30;

  /// A network of one node.
  ///
  /// @param problem part of what is said
  /// @param network whose node is 'n', which reads input 'x'
  /// @param shape of the input
  record Nonsense(String problem, Network network, List<Long> shape) {
    @Override
    public String toString() {
      return network.nodes().getFirst().opType() + ": " + problem;
    }
  }

  static Stream<Nonsense> nonsense() {
    long far = 1L << 40;
    return Stream.of(
        conv("'strides' is [0, 1]", Map.of("strides", longs(0, 1))),
        conv("'strides' is [-1, 1]", Map.of("strides", longs(-1, 1))),
        conv("'group' is 0", Map.of("group", new Attribute.IntegerValue(0))),
        conv("'group' is -2", Map.of("group", new Attribute.IntegerValue(-2))),
        conv("do not fit, with group 3", Map.of("group", new Attribute.IntegerValue(3))),
        conv("beyond counting", Map.of("group", new Attribute.IntegerValue(Long.MAX_VALUE))),
        conv("'dilations' is [1, 1099511627776]", Map.of("dilations", longs(1, far))),
        conv("'dilations' is [0, 1]", Map.of("dilations", longs(0, 1))),
        conv("'strides' is [1] where 2 numbers belong", Map.of("strides", longs(1))),
        conv("'dilations' is [1, 1, 1] where 2", Map.of("dilations", longs(1, 1, 1))),
        conv("'pads' is [1, 1] where 4 numbers belong", Map.of("pads", longs(1, 1))),
        conv("'pads' is [1099511627776, 0, 0, 0]", Map.of("pads", longs(far, 0, 0, 0))),
        conv("would have the shape [2, 6, 0, 6]", Map.of("pads", longs(-4, 0, -4, 0))),
        conv("'kernel_shape' is [5, 5]", Map.of("kernel_shape", longs(5, 5))),
        conv("not a list of integers", Map.of("strides", new Attribute.IntegerValue(1))),
        transposed("'strides' is [0, 1]", Map.of("strides", longs(0, 1))),
        transposed("'group' is 0", Map.of("group", new Attribute.IntegerValue(0))),
        pool("'kernel_shape' is [0, 2]", Map.of("kernel_shape", longs(0, 2))),
        pool("the window [2] does not fit", Map.of("kernel_shape", longs(2))),
        pool("'strides' is [2, 0]", Map.of("kernel_shape", longs(2, 2), "strides", longs(2, 0))),
        node("Gemm", "do not fit", List.of(2L, 4L), Map.of(), real(5, 3)),
        node(
            "Gemm",
            "sizes 3 and 2 cannot be combined",
            List.of(2L, 4L),
            Map.of(),
            real(4, 3),
            real(2)),
        node("MatMul", "do not fit", List.of(2L, 4L), Map.of(), real(5, 3)),
        node(
            "Concat",
            "axis 7 is not one of 2",
            List.of(2L, 4L),
            Map.of("axis", new Attribute.IntegerValue(7)),
            real(2, 4)),
        node("Add", "sizes 4 and 3 cannot be combined", List.of(2L, 4L), Map.of(), real(2, 3)),
        node("Reshape", "another number", List.of(2L, 4L), Map.of(), whole(3, 3)),
        node("Expand", "cannot be combined", List.of(2L, 4L), Map.of(), whole(2, 5)),
        node("Expand", "1.10e+12 elements", List.of(2L, 1L), Map.of(), whole(1, far / 2)),
        node("Tile", "elements; the memory", List.of(2L, 4L), Map.of(), whole(far, 1)),
        node("Tile", "beyond counting", List.of(2L, 4L), Map.of(), whole(Long.MAX_VALUE, 1)),
        node("Gather", "index 4 is not one of 4", List.of(4L, 2L), Map.of(), whole(0, 4)),
        node(
            "Resize",
            "would have the size 0",
            List.of(1L, 2L, 4L, 4L),
            Map.of(),
            real(0),
            Tensor.ofFloats(List.of(4L), 1, 1, 0, 1)),
        node(
            "Resize",
            "would have the size 0",
            List.of(1L, 2L, 4L, 4L),
            Map.of(),
            real(0),
            Tensor.ofFloats(List.of(4L), 1, 1, Float.NaN, 1)),
        node(
            "Resize",
            "elements; the memory",
            List.of(1L, 2L, 4L, 4L),
            Map.of(),
            real(0),
            Tensor.ofFloats(List.of(4L), 1, 1, 1e12f, 1)),
        node(
            "BatchNormalization",
            "input 2 needs the shape [4]",
            List.of(2L, 4L, 3L),
            Map.of(),
            real(4),
            real(3),
            real(4),
            real(4)),
        node(
            "LSTM",
            "input 1 needs the shape [1, 12, 5]",
            List.of(7L, 2L, 5L),
            Map.of("hidden_size", new Attribute.IntegerValue(3)),
            real(1, 8, 5),
            real(1, 8, 2)),
        node(
            "GRU",
            "its direction is 'nowhere'",
            List.of(7L, 2L, 5L),
            Map.of("direction", new Attribute.StringValue("nowhere")),
            real(1, 6, 5),
            real(1, 6, 2)),
        fold("has 6 windows of 4 elements", List.of(1L, 8L, 5L), Map.of(), 2, 2),
        fold("has 6 windows of 4 elements", List.of(1L, 6L, 6L), Map.of(), 2, 2),
        fold("has 0 windows of 25 elements", List.of(1L, 25L, 1L), Map.of(), 5, 5),
        fold("'strides' is [0, 1]", List.of(1L, 8L, 6L), Map.of("strides", longs(0, 1)), 2, 2),
        fold(
            "'pads' is [0, -1, 0, 0]",
            List.of(1L, 8L, 6L),
            Map.of("pads", longs(0, -1, 0, 0)),
            2,
            2),
        fold("the window [2] do not fit", List.of(1L, 8L, 6L), Map.of(), 2),
        node("AffineGrid", "the maps do not fit", List.of(2L, 2L, 3L), Map.of(), whole(3, 1, 4, 4)),
        node("AffineGrid", "the maps do not fit", List.of(2L, 2L, 3L), Map.of(), whole(2, 1, 4)),
        node("AffineGrid", "the maps do not fit", List.of(2L, 2L, 3L), Map.of(), whole(2, 1, 0, 4)),
        node(
            "AffineGrid",
            "elements; the memory",
            List.of(2L, 2L, 3L),
            Map.of(),
            whole(2, 1, far, 4)),
        node(
            "DepthToSpace",
            "does not divide the channels",
            List.of(1L, 6L, 2L, 2L),
            Map.of("blocksize", new Attribute.IntegerValue(2))));
  }

  private static Nonsense conv(String problem, Map<String, Attribute> attributes) {
    return node("Conv", problem, List.of(2L, 4L, 8L, 8L), attributes, real(6, 4, 3, 3));
  }

  private static Nonsense transposed(String problem, Map<String, Attribute> attributes) {
    return node("ConvTranspose", problem, List.of(2L, 4L, 8L, 8L), attributes, real(4, 6, 3, 3));
  }

  private static Nonsense pool(String problem, Map<String, Attribute> attributes) {
    return node("MaxPool", problem, List.of(2L, 4L, 8L, 8L), attributes);
  }

  /// A `Col2Im` into an image of 3 by 4.
  private static Nonsense fold(
      String problem, List<Long> shape, Map<String, Attribute> attributes, long... block) {
    return node("Col2Im", problem, shape, attributes, whole(3, 4), whole(block));
  }

  private static Attribute longs(long... values) {
    return new Attribute.IntegerList(Arrays.stream(values).boxed().toList());
  }

  private static Tensor real(long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    return Tensor.ofFloats(sizes, new float[Math.toIntExact(Tensor.elements(sizes))]);
  }

  private static Tensor whole(long... values) {
    return Tensor.ofLongs(List.of((long) values.length), values);
  }

  private static Nonsense node(
      String opType,
      String problem,
      List<Long> shape,
      Map<String, Attribute> attributes,
      Tensor... constants) {
    Network.Builder builder = Network.builder("one").opset("", 17);
    builder.input(new ValueInfo("x", DataType.FLOAT32, null));
    var inputs = new java.util.ArrayList<>(List.of("x"));
    for (int i = 0; i < constants.length; i++) {
      inputs.add("c" + i);
      builder.initializer("c" + i, constants[i]);
    }
    builder.node(new Node("n", opType, "", inputs, List.of("y"), new LinkedHashMap<>(attributes)));
    builder.output(new ValueInfo("y", DataType.FLOAT32, null));
    return new Nonsense(problem, builder.build(), shape);
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void nonsenseIsRefusedWithFileAndNode(Nonsense nonsense) {
    Network read = nonsense.network().readFrom(Path.of("net.onnx"));
    String opType = read.nodes().getFirst().opType();
    assertThatThrownBy(
            () -> new ShapeCheck(LIMIT).unknownNodes(read, Map.of("x", nonsense.shape())))
        .isInstanceOfSatisfying(
            UnusableNodeException.class, e -> assertThat(e.isContradiction()).isTrue())
        .hasMessageStartingWith("net.onnx: %s node 'n'", opType)
        .hasMessageContaining(nonsense.problem());
  }

  @Test
  void whatNobodyKnowsIsLeftToTheRun() {
    Network network = node("Fancy", "", List.of(), Map.of()).network();
    assertThat(new ShapeCheck(LIMIT).unknownNodes(network, Map.of("x", List.of(2L))))
        .hasToString("{0}");
  }

  @Test
  void aNodeIsAskedOnItsOperandsWhereShapesCannotBeFollowed() {
    Network network = node("Reshape", "", List.of(), Map.of(), whole(3, 3)).network();
    var check = new ShapeCheck(LIMIT);
    Node node = network.nodes().getFirst();
    var target = new ShapeCheck.Value(List.of(2L), List.of(3L, 3L));
    check.require(network, node, Arrays.asList(new ShapeCheck.Value(List.of(9L), null), target));
    assertThatThrownBy(() ->
            check.require(
                network, node, Arrays.asList(new ShapeCheck.Value(List.of(8L), null), target)))
        .isInstanceOf(UnusableNodeException.class)
        .hasMessageContaining("Reshape node 'n'");
  }

  @Test
  void aLayerThatContradictsItselfIsNotPrunable() {
    Nonsense nonsense = conv("", Map.of("strides", longs(0, 0)));
    Layers layers = Layers.of(nonsense.network(), Map.of("x", nonsense.shape()));
    assertThat(layers.prunable()).isEmpty();
    assertThat(layers.all().getFirst().notPrunableReason())
        .startsWith("Conv node 'n' contradicts itself: attribute 'strides' is [0, 0]");
    assertThat(layers.obstacles().getFirst().isContradiction()).isTrue();
  }
}
