package falcon.model.grid;

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
import java.util.SplittableRandom;

/// One node with seeded operands: an operator in one combination of its options.
public final class GridCase {
  private final String opType;
  private final long opset;
  private final SplittableRandom random;
  private final List<String> operands = new ArrayList<>();
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final Map<String, Attribute> attributes = new LinkedHashMap<>();
  private int outputs = 1;

  public GridCase(String opType, long opset) {
    this.opType = opType;
    this.opset = opset;
    random = new SplittableRandom(opType.hashCode() * 31L + opset);
  }

  public String opType() {
    return opType;
  }

  public long opset() {
    return opset;
  }

  public Map<String, Tensor> inputs() {
    return inputs;
  }

  /// An input of standard normal numbers.
  public GridCase floats(long... shape) {
    return input(normal(0, 1, shape));
  }

  /// An input of positive numbers around 1.
  public GridCase positive(long... shape) {
    Tensor values = normal(0, 0.4, shape);
    float[] exponents = values.toFloats();
    for (int i = 0; i < exponents.length; i++) {
      exponents[i] = (float) Math.exp(exponents[i]);
    }
    return input(Tensor.ofFloats(values.shape(), exponents));
  }

  /// A constant of standard normal numbers.
  public GridCase weights(long... shape) {
    return constant(normal(0, 1, shape));
  }

  /// A constant of numbers between 1/2 and 3/2.
  public GridCase aroundOne(long... shape) {
    float[] values = normal(0, 1, shape).toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (1 + Math.tanh(values[i]) / 2);
    }
    return constant(Tensor.ofFloats(sizes(shape), values));
  }

  /// Given numbers as a constant list.
  public GridCase reals(double... values) {
    var floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return constant(Tensor.ofFloats(List.of((long) values.length), floats));
  }

  /// A given number as a constant without axes.
  public GridCase real(double value) {
    return constant(Tensor.ofFloats(List.of(), (float) value));
  }

  /// A constant list of whole numbers.
  public GridCase longs(long... values) {
    return constant(Tensor.ofLongs(List.of((long) values.length), values));
  }

  /// A constant whole number without axes.
  public GridCase number(long value) {
    return constant(Tensor.ofLongs(List.of(), value));
  }

  /// A constant of whole numbers, cycled through the shape.
  public GridCase indices(long[] shape, long... values) {
    return constant(indexTensor(shape, values));
  }

  /// An input of whole numbers, cycled through the shape.
  public GridCase whole(long[] shape, long... values) {
    return input(indexTensor(shape, values));
  }

  /// An input of whole numbers of that type.
  public GridCase whole(DataType type, long[] shape, long... values) {
    Tensor longs = indexTensor(shape, values);
    var bytes = new byte[longs.size() * type.bytes()];
    for (int i = 0; i < longs.size(); i++) {
      long value = longs.toLongs()[i];
      for (int j = 0; j < type.bytes(); j++) {
        bytes[i * type.bytes() + j] = (byte) (value >> (8 * j));
      }
    }
    return input(Tensor.ofBytes(type, longs.shape(), bytes));
  }

  /// An input of truth values.
  public GridCase truths(long... shape) {
    var bytes = new byte[Math.toIntExact(Tensor.elements(sizes(shape)))];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextInt(2);
    }
    return input(Tensor.ofBytes(DataType.BOOL, sizes(shape), bytes));
  }

  /// An operand left out.
  public GridCase none() {
    operands.add("");
    return this;
  }

  public GridCase input(Tensor tensor) {
    String name = "x" + operands.size();
    operands.add(name);
    inputs.put(name, tensor);
    return this;
  }

  public GridCase constant(Tensor tensor) {
    String name = "c" + operands.size();
    operands.add(name);
    constants.put(name, tensor);
    return this;
  }

  public GridCase set(String name, long value) {
    attributes.put(name, new Attribute.IntegerValue(value));
    return this;
  }

  public GridCase list(String name, long... values) {
    attributes.put(name, new Attribute.IntegerList(Arrays.stream(values).boxed().toList()));
    return this;
  }

  public GridCase set(String name, double value) {
    attributes.put(name, new Attribute.FloatValue((float) value));
    return this;
  }

  public GridCase set(String name, String value) {
    attributes.put(name, new Attribute.StringValue(value));
    return this;
  }

  public GridCase set(String name, Attribute value) {
    attributes.put(name, value);
    return this;
  }

  public GridCase outputs(int count) {
    outputs = count;
    return this;
  }

  public Network network() {
    Network.Builder builder = Network.builder("case").opset("", opset);
    inputs.forEach((name, tensor) -> {
      var dimensions = new ArrayList<Dimension>();
      tensor.shape().forEach(size -> dimensions.add(new Dimension.Fixed(size)));
      builder.input(new ValueInfo(name, tensor.type(), dimensions));
    });
    constants.forEach(builder::initializer);
    var made = new ArrayList<String>();
    for (int i = 0; i < outputs; i++) {
      made.add("y" + i);
      builder.output(new ValueInfo("y" + i, null, null));
    }
    return builder.node(new Node("node", opType, "", operands, made, attributes)).build();
  }

  private Tensor normal(double mean, double deviation, long... shape) {
    var values = new float[Math.toIntExact(Tensor.elements(sizes(shape)))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return Tensor.ofFloats(sizes(shape), values);
  }

  private static Tensor indexTensor(long[] shape, long... values) {
    var all = new long[Math.toIntExact(Tensor.elements(sizes(shape)))];
    Arrays.setAll(all, i -> values[i % values.length]);
    return Tensor.ofLongs(sizes(shape), all);
  }

  private static List<Long> sizes(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  @Override
  public String toString() {
    var shapes = new ArrayList<String>();
    for (String operand : operands) {
      Tensor tensor = inputs.getOrDefault(operand, constants.get(operand));
      shapes.add(tensor == null ? "-" : tensor.toString());
    }
    var options = new ArrayList<String>();
    attributes.forEach((name, value) -> options.add(name + "=" + text(value)));
    return "%s of opset %d %s %s".formatted(opType, opset, shapes, options);
  }

  private static String text(Attribute value) {
    return switch (value) {
      case Attribute.IntegerValue(long number) -> Long.toString(number);
      case Attribute.FloatValue(float number) -> Float.toString(number);
      case Attribute.StringValue(String text) -> text;
      case Attribute.IntegerList(List<Long> numbers) -> numbers.toString();
      default -> value.toString();
    };
  }
}
