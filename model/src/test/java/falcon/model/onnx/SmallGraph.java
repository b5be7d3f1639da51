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

  /// Adds a constant input of zeros.
  SmallGraph floats(long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    return constant(Tensor.ofFloats(sizes, new float[Math.toIntExact(Tensor.elements(sizes))]));
  }

  /// Adds a constant input, a list of whole numbers.
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
}
