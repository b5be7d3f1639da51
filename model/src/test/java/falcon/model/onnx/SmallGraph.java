package falcon.model.onnx;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A graph of one node: input `x`, then constants, and outputs `y0`, `y1`, ….
final class SmallGraph {
  private final String opType;
  private final long[] inputShape;
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final Map<String, Attribute> attributes = new LinkedHashMap<>();
  private int outputs = 1;

  SmallGraph(String opType, long... inputShape) {
    this.opType = opType;
    this.inputShape = inputShape;
  }

  /// Returns a network that uses most of the shape rules.
  static Network ofManyShapes() {
    var builder =
        Network.builder("many")
            .opset("", 17)
            .input(
                new ValueInfo(
                    "x",
                    DataType.FLOAT32,
                    List.of(
                        new Dimension.Symbolic("n"),
                        new Dimension.Fixed(2),
                        new Dimension.Fixed(6),
                        new Dimension.Fixed(5))))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .initializer("w", zeros(3, 2, 1, 1))
            .initializer("v", zeros(20, 1))
            .initializer("zero", Tensor.ofLongs(List.of(1L), 0))
            .initializer("two", Tensor.ofLongs(List.of(1L), 2))
            .initializer("all", Tensor.ofLongs(List.of(1L), -1));
    var window = Map.<String, Attribute>of("strides", new Attribute.IntegerList(List.of(2L, 1L)));
    var pool =
        Map.<String, Attribute>of("kernel_shape", new Attribute.IntegerList(List.of(1L, 2L)));
    var order = new Attribute.IntegerList(List.of(0L, 2L, 3L, 1L));
    node(builder, "Conv", List.of("x", "w"), "conv", window);
    node(builder, "MaxPool", List.of("conv"), "pool", pool);
    node(builder, "Transpose", List.of("pool"), "turned", Map.of("perm", order));
    node(builder, "Shape", List.of("turned"), "shape", Map.of());
    node(builder, "Slice", List.of("shape", "zero", "two"), "front", Map.of());
    node(builder, "Mul", List.of("front", "two"), "more", Map.of());
    node(builder, "Gather", List.of("more", "zero"), "batch", Map.of());
    node(
        builder,
        "Concat",
        List.of("batch", "all"),
        "target",
        Map.of("axis", new Attribute.IntegerValue(0)));
    node(builder, "Range", List.of("zero", "two", "two"), "range", Map.of());
    node(builder, "ConstantOfShape", List.of("more"), "filled", Map.of());
    node(builder, "Reshape", List.of("turned", "target"), "rows", Map.of());
    node(builder, "Pad", List.of("rows", "pads"), "wide", Map.of());
    builder.initializer("pads", Tensor.ofLongs(List.of(4L), 0, 1, 0, 1));
    node(builder, "MatMul", List.of("wide", "v"), "y", Map.of());
    return builder.build();
  }

  /// Adds a constant input of zeros.
  SmallGraph floats(long... shape) {
    return constant(zeros(shape));
  }

  /// Adds a constant input, a list of integers.
  SmallGraph longs(long... values) {
    return constant(Tensor.ofLongs(List.of((long) values.length), values));
  }

  SmallGraph set(String attribute, long... values) {
    boolean isList =
        values.length > 1 || List.of("axes", "perm", "strides", "dilations").contains(attribute);
    attributes.put(
        attribute,
        isList
            ? new Attribute.IntegerList(Arrays.stream(values).boxed().toList())
            : new Attribute.IntegerValue(values[0]));
    return this;
  }

  SmallGraph set(String attribute, String value) {
    attributes.put(attribute, new Attribute.StringValue(value));
    return this;
  }

  SmallGraph outputs(int count) {
    outputs = count;
    return this;
  }

  Network network() {
    var dimensions = new ArrayList<Dimension>();
    for (long size : inputShape) {
      dimensions.add(new Dimension.Fixed(size));
    }
    var inputs = new ArrayList<>(List.of("x"));
    inputs.addAll(constants.keySet());
    Network.Builder builder =
        Network.builder("small")
            .opset("", 17)
            .input(new ValueInfo("x", DataType.FLOAT32, dimensions));
    constants.forEach(builder::initializer);
    var names = new ArrayList<String>();
    DataType type =
        opType.equals("Shape") || opType.equals("ArgMax") ? DataType.INT64 : DataType.FLOAT32;
    for (int i = 0; i < outputs; i++) {
      names.add("y" + i);
      builder.output(new ValueInfo("y" + i, type, null));
    }
    return builder.node(new Node("", opType, "", inputs, names, attributes)).build();
  }

  @Override
  public String toString() {
    return "%s %s %s %s".formatted(opType, Arrays.toString(inputShape), constants, attributes);
  }

  private SmallGraph constant(Tensor tensor) {
    constants.put("c" + constants.size(), tensor);
    return this;
  }

  private static void node(
      Network.Builder builder,
      String opType,
      List<String> inputs,
      String output,
      Map<String, Attribute> attributes) {
    builder.node(new Node(output, opType, "", inputs, List.of(output), attributes));
  }

  private static Tensor zeros(long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    return Tensor.ofFloats(sizes, new float[Math.toIntExact(Tensor.elements(sizes))]);
  }
}
