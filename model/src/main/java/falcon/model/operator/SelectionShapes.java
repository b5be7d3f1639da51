package falcon.model.operator;

import falcon.model.Attribute;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// Shape inference of operators that select parts of a value, repeat it or fill one.
final class SelectionShapes {
  private SelectionShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("Split", OperatorRule.of(SelectionShapes::split).with(OperatorRule.Trait.PICKS));
    all.put(
        "Slice",
        OperatorRule.ofValue(SelectionShapes::slice)
            .with(OperatorRule.Trait.PICKS, OperatorRule.Trait.ARRANGES));
    all.put(
        "Gather",
        OperatorRule.ofValue(SelectionShapes::gather)
            .multiplies(new Lookup())
            .learns(0)
            .with(OperatorRule.Trait.PICKS));
    all.put("Pad", OperatorRule.ofShape(SelectionShapes::pad));
    all.put("Tile", OperatorRule.ofShape(SelectionShapes::tile));
    all.put("ConstantOfShape", OperatorRule.ofValue(SelectionShapes::constantOfShape));
    all.put("Range", OperatorRule.ofValue(SelectionShapes::range));
  }

  /// A lookup of rows in a table, an embedding.
  private static final class Lookup implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return List.of();
    }

    @Override
    public List<Integer> weights() {
      return List.of(0);
    }

    @Override
    public boolean isLookup() {
      return true;
    }

    @Override
    public Long macs(NodeShapes shapes) {
      return 0L;
    }
  }

  /// Infers the outputs of `Split`: equal parts unless sizes are given.
  private static List<InferredValue> split(Operands operands) {
    Node node = operands.node();
    List<Long> shape = operands.shape(0);
    int axis = operands.axis(node.integer("axis", 0), shape.size());
    long size = shape.get(axis);
    List<Long> sizes = operands.inputOrAttribute(1, "split");
    if (sizes == null) {
      int parts = node.outputs().size();
      long each = Math.ceilDiv(size, parts);
      var equal = new ArrayList<>(Collections.nCopies(parts - 1, each));
      equal.add(size - each * (parts - 1));
      sizes = equal;
    }
    if (sizes.stream().anyMatch(part -> part < 0)
        || sizes.stream().mapToLong(Long::longValue).sum() != size) {
      throw operands.mismatch("the parts %s do not add up to %d".formatted(sizes, size));
    }
    var parts = new ArrayList<InferredValue>();
    long start = 0;
    for (long part : sizes) {
      var partShape = new ArrayList<>(shape);
      partShape.set(axis, part);
      long from = start;
      parts.add(
          operands
              .value(0)
              .picked(
                  partShape,
                  index -> {
                    long[] source = index.clone();
                    source[axis] += from;
                    return InferredValue.place(shape, source);
                  }));
      start += part;
    }
    return parts;
  }

  /// Infers the output of `Slice`: from start to before end in steps, along some axes.
  private static InferredValue slice(Operands operands) {
    List<Long> shape = operands.shape(0);
    List<Long> starts = required(operands, 1, "starts");
    List<Long> ends = required(operands, 2, "ends");
    List<Long> axes = operands.inputOrAttribute(3, "axes");
    List<Long> steps = operands.has(4) ? operands.content(4) : null;
    if (ends.size() != starts.size()
        || (axes == null ? starts.size() > shape.size() : axes.size() != starts.size())
        || (steps != null && steps.size() != starts.size())) {
      throw operands.mismatch("starts, ends, axes and steps differ in number");
    }
    InferredValue result = operands.value(0);
    for (int i = 0; i < starts.size(); i++) {
      int axis = axes == null ? i : operands.axis(axes.get(i), shape.size());
      long step = steps == null ? 1 : steps.get(i);
      if (step == 0) {
        throw operands.mismatch("its step is 0");
      }
      result = sliced(result, axis, starts.get(i), ends.get(i), step);
    }
    return result;
  }

  private static InferredValue sliced(
      InferredValue value, int axis, long start, long end, long step) {
    long size = value.shape().get(axis);
    long first = fromFront(start, size, step);
    long count = Math.max(0, Math.ceilDiv(fromFront(end, size, step) - first, step));
    var shape = new ArrayList<>(value.shape());
    shape.set(axis, count);
    return value.picked(
        shape,
        index -> {
          long[] source = index.clone();
          source[axis] = first + index[axis] * step;
          return InferredValue.place(value.shape(), source);
        });
  }

  /// Infers the output of `Gather`: the indices' shape replaces the axis.
  private static InferredValue gather(Operands operands) {
    List<Long> shape = operands.shape(0);
    int axis = operands.axis(operands.node().integer("axis", 0), shape.size());
    var result = new ArrayList<>(shape.subList(0, axis));
    result.addAll(operands.shape(1));
    result.addAll(shape.subList(axis + 1, shape.size()));
    List<Long> indices = operands.value(1).content();
    if (indices != null) {
      for (long index : indices) {
        if (index < -shape.get(axis) || index >= shape.get(axis)) {
          throw operands.mismatch("index %d is not one of %d".formatted(index, shape.get(axis)));
        }
      }
    }
    if (shape.size() != 1 || indices == null) {
      return InferredValue.ofShape(result);
    }
    return operands
        .value(0)
        .picked(
            result,
            index -> {
              long place = InferredValue.place(result, index);
              return operands.axis(
                  indices.get(Math.toIntExact(place)), operands.shape(0).getFirst());
            });
  }

  /// Infers the output of `Pad`, which adds elements before and after each axis.
  private static List<Long> pad(Operands operands) {
    List<Long> pads = required(operands, 1, "pads");
    var result = new ArrayList<>(operands.shape(0));
    List<Long> axes = operands.has(3) ? operands.content(3) : null;
    int count = axes == null ? result.size() : axes.size();
    if (pads.size() != 2 * count) {
      throw operands.mismatch("the border is %s".formatted(pads));
    }
    for (int i = 0; i < count; i++) {
      int axis = axes == null ? i : operands.axis(axes.get(i), result.size());
      result.set(
          axis, Math.addExact(result.get(axis), Math.addExact(pads.get(i), pads.get(i + count))));
    }
    return nonNegative(operands, result);
  }

  /// Infers the output of `Tile`, which repeats along each axis.
  private static List<Long> tile(Operands operands) {
    List<Long> repeats = operands.content(1);
    List<Long> shape = operands.shape(0);
    if (repeats.size() != shape.size()) {
      throw operands.mismatch("it repeats %s times".formatted(repeats));
    }
    var result = new ArrayList<Long>();
    for (int i = 0; i < shape.size(); i++) {
      result.add(Math.multiplyExact(shape.get(i), repeats.get(i)));
    }
    return nonNegative(operands, result);
  }

  /// Infers the output of `ConstantOfShape`: one number everywhere, 0 unless another is given.
  private static InferredValue constantOfShape(Operands operands) {
    List<Long> shape = nonNegative(operands, operands.content(0));
    Attribute value = operands.node().attributes().get("value");
    if (!(value instanceof Attribute.TensorValue(Tensor tensor))) {
      return new InferredValue(List.of(), List.of(0.0), false).picked(shape, _ -> 0);
    }
    InferredValue number = InferredValue.of(tensor);
    if (tensor.size() != 1) {
      throw operands.mismatch("its value is %s, not one number".formatted(tensor));
    }
    return Broadcast.stretched(number.reshaped(List.of()), shape);
  }

  /// Infers the output of `Range`: from start to before limit.
  private static InferredValue range(Operands operands) {
    double start = number(operands, 0);
    double delta = number(operands, 2);
    if (delta == 0) {
      throw operands.mismatch("its step is 0");
    }
    long count = Math.max(0, (long) Math.ceil((number(operands, 1) - start) / delta));
    if (count > InferredValue.MOST_CONTENT) {
      return InferredValue.ofShape(List.of(count));
    }
    var numbers = new ArrayList<Double>();
    for (long i = 0; i < count; i++) {
      numbers.add(start + i * delta);
    }
    return new InferredValue(List.of(count), numbers, operands.value(0).isWhole());
  }

  /// Resolves the start or the end of a slice: a negative number counts from the back, and a
  /// position outside is clamped to the edge that the steps come from or go to.
  private static long fromFront(long place, long size, long step) {
    long counted = place < 0 ? place + size : place;
    return step > 0 ? Math.clamp(counted, 0, size) : Math.clamp(counted, -1, size - 1);
  }

  private static double number(Operands operands, int input) {
    List<Double> numbers = operands.numbers(input);
    if (numbers.size() != 1) {
      throw operands.mismatch("input %d is not one number".formatted(input));
    }
    return numbers.getFirst();
  }

  private static List<Long> required(Operands operands, int input, String attribute) {
    List<Long> list = operands.inputOrAttribute(input, attribute);
    if (list == null) {
      throw operands.mismatch("it has no '%s'".formatted(attribute));
    }
    return list;
  }

  private static List<Long> nonNegative(Operands operands, List<Long> shape) {
    if (shape.stream().anyMatch(size -> size < 0)) {
      throw operands.mismatch("its output would have the shape %s".formatted(shape));
    }
    return shape;
  }
}
