package falcon.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/// Operators that work element by element and stretch axes of size 1.
final class Broadcast {
  private Broadcast() {}

  /// Shape of the output of a node whose inputs are all stretched to it.
  static List<Long> shape(Operands operands) {
    List<Long> shape = operands.shape(0);
    for (int i = 1; i < operands.inputs().size(); i++) {
      shape = shape(operands, shape, operands.shape(i));
    }
    return shape;
  }

  /// Shape that two shapes stretch to.
  ///
  /// @throws UnusableNodeException if they do not fit
  static List<Long> shape(Operands operands, List<Long> a, List<Long> b) {
    int rank = Math.max(a.size(), b.size());
    var shape = new ArrayList<Long>();
    for (int i = 0; i < rank; i++) {
      long sizeA = fromBack(a, rank - i);
      long sizeB = fromBack(b, rank - i);
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
        throw operands.mismatch("sizes %d and %d cannot be combined".formatted(sizeA, sizeB));
      }
      shape.add(sizeA == 1 ? sizeB : sizeA);
    }
    return shape;
  }

  /// Shape and, where all inputs are known whole numbers, the elements.
  static InferredValue result(Operands operands) {
    List<Long> shape = shape(operands);
    return new InferredValue(shape, content(operands, shape));
  }

  private static @Nullable List<Long> content(Operands operands, List<Long> shape) {
    // whole numbers that shapes are made of are scalars or lists; nothing else is computed here
    if (shape.size() > 1) {
      return null;
    }
    int elements = Math.toIntExact(Tensor.elements(shape));
    var stretched = new ArrayList<List<Long>>();
    for (int i = 0; i < operands.inputs().size(); i++) {
      List<Long> content = operands.value(i).content();
      if (content == null) {
        return null;
      }
      stretched.add(
          content.size() == elements ? content : Collections.nCopies(elements, content.getFirst()));
    }
    var result = new ArrayList<Long>();
    for (int i = 0; i < elements; i++) {
      Long element = element(operands.node().opType(), stretched, i);
      if (element == null) {
        return null;
      }
      result.add(element);
    }
    return result;
  }

  private static @Nullable Long element(String opType, List<List<Long>> inputs, int i) {
    if (opType.equals("Where")) {
      return (inputs.get(0).get(i) != 0 ? inputs.get(1) : inputs.get(2)).get(i);
    }
    LongBinaryOperator operator =
        switch (opType) {
          case "Add" -> (a, b) -> a + b;
          case "Sub" -> (a, b) -> a - b;
          case "Mul" -> (a, b) -> a * b;
          case "Div" -> (a, b) -> a / b;
          case "Mod" -> Math::floorMod;
          case "Max" -> Math::max;
          case "Min" -> Math::min;
          case "Equal" -> (a, b) -> a == b ? 1 : 0;
          case "Greater" -> (a, b) -> a > b ? 1 : 0;
          case "Less" -> (a, b) -> a < b ? 1 : 0;
          case "GreaterOrEqual" -> (a, b) -> a >= b ? 1 : 0;
          case "LessOrEqual" -> (a, b) -> a <= b ? 1 : 0;
          default -> throw new IllegalArgumentException(opType);
        };
    long element = inputs.getFirst().get(i);
    for (List<Long> input : inputs.subList(1, inputs.size())) {
      long other = input.get(i);
      if (other == 0 && (opType.equals("Div") || opType.equals("Mod"))) {
        return null;
      }
      element = operator.applyAsLong(element, other);
    }
    return element;
  }

  private static long fromBack(List<Long> shape, int place) {
    return place <= shape.size() ? shape.get(shape.size() - place) : 1;
  }
}
