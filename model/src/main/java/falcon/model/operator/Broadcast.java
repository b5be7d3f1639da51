package falcon.model.operator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Shape inference of element-wise operators with broadcasting. Their numbers are inferred, too,
/// where those of the operands are known, so that shapes can be computed from them.
final class Broadcast {
  private Broadcast() {}

  /// Combines two numbers; returns null where the result is not inferred.
  @FunctionalInterface
  private interface Combination {
    @Nullable Double of(double a, double b);
  }

  static void addTo(Map<String, OperatorRule> all) {
    all.put("Add", numbers((a, b) -> a + b).learns(0, 1));
    all.put("Sum", numbers((a, b) -> a + b));
    all.put("Sub", numbers((a, b) -> a - b).learns(0, 1));
    all.put("Mul", numbers((a, b) -> a * b).learns(0, 1));
    all.put("Div", OperatorRule.ofValue(Broadcast::quotient));
    all.put("Mod", OperatorRule.ofValue(Broadcast::remainder));
    all.put("Pow", numbers(Math::pow));
    all.put("Max", numbers(Math::max));
    all.put("Min", numbers(Math::min));
    all.put("And", numbers((a, b) -> truth(a != 0 && b != 0)));
    all.put("Or", numbers((a, b) -> truth(a != 0 || b != 0)));
    all.put("Xor", numbers((a, b) -> truth((a != 0) != (b != 0))));
    all.put("Equal", comparison((a, b) -> truth(a == b)));
    all.put("Greater", comparison((a, b) -> truth(a > b)));
    all.put("Less", comparison((a, b) -> truth(a < b)));
    all.put("GreaterOrEqual", comparison((a, b) -> truth(a >= b)));
    all.put("LessOrEqual", comparison((a, b) -> truth(a <= b)));
    all.put("Where", OperatorRule.ofValue(Broadcast::choice));
    all.put("Expand", OperatorRule.ofValue(Broadcast::expanded).with(OperatorRule.Trait.ARRANGES));
    for (String name : List.of("Mean", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor")) {
      all.put(name, OperatorRule.ofShape(Broadcast::shape));
    }
  }

  private static OperatorRule numbers(Combination combination) {
    return OperatorRule.ofValue(operands -> result(operands, combination, false));
  }

  /// Creates the rule of a comparison: truth values are whole, whatever the type of the operands.
  private static OperatorRule comparison(Combination combination) {
    return OperatorRule.ofValue(operands -> result(operands, combination, true));
  }

  /// Infers the output of `Div`: quotients of integers are truncated towards zero.
  private static InferredValue quotient(Operands operands) {
    List<Long> shape = shape(operands);
    Combination quotient = isWhole(operands) ? Broadcast::wholeQuotient : Broadcast::realQuotient;
    return result(operands, shape, quotient, false);
  }

  private static @Nullable Double realQuotient(double a, double b) {
    return b == 0 ? null : Double.valueOf(a / b);
  }

  private static @Nullable Double wholeQuotient(double a, double b) {
    if (b == 0) {
      return null;
    }
    double quotient = a / b;
    return quotient < 0 ? Math.ceil(quotient) : Math.floor(quotient);
  }

  /// Infers the output of `Mod`: it has the divisor's sign, or with `fmod` the dividend's.
  private static InferredValue remainder(Operands operands) {
    boolean isTowardZero = operands.node().integer("fmod", 0) != 0;
    return result(
        operands,
        (a, b) -> b == 0 ? null : Double.valueOf(isTowardZero ? a % b : a - Math.floor(a / b) * b),
        false);
  }

  static double truth(boolean isTrue) {
    return isTrue ? 1 : 0;
  }

  /// Returns the shape that all inputs of a node are broadcast to.
  static List<Long> shape(Operands operands) {
    List<Long> shape = operands.shape(0);
    for (int i = 1; i < operands.inputs().size(); i++) {
      shape = shape(operands, shape, operands.shape(i));
    }
    return shape;
  }

  /// Returns the shape that two shapes are broadcast to.
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

  /// Requires that an operand can be broadcast to a shape without changing that shape.
  ///
  /// @throws UnusableNodeException if it cannot
  static void requireStretch(Operands operands, int input, List<Long> shape) {
    if (!shape(operands, shape, operands.shape(input)).equals(shape)) {
      throw operands.mismatch("input %d cannot be stretched to %s".formatted(input, shape));
    }
  }

  /// Broadcasts a value to a shape.
  static InferredValue stretched(InferredValue value, List<Long> shape) {
    List<Long> own = value.shape();
    return value.picked(
        shape,
        index -> {
          long place = 0;
          for (int i = 0; i < own.size(); i++) {
            long here = own.get(i) == 1 ? 0 : index[index.length - own.size() + i];
            place = place * own.get(i) + here;
          }
          return place;
        });
  }

  private static boolean isWhole(Operands operands) {
    for (int i = 0; i < operands.inputs().size(); i++) {
      if (!operands.value(i).isWhole()) {
        return false;
      }
    }
    return true;
  }

  /// Infers the shape and, where all inputs are known numbers, their combination from the first to
  /// the last.
  private static InferredValue result(Operands operands, Combination combination, boolean isTruth) {
    return result(operands, shape(operands), combination, isTruth);
  }

  private static InferredValue result(
      Operands operands, List<Long> shape, Combination combination, boolean isTruth) {
    List<List<Double>> inputs = elements(operands, shape);
    if (inputs == null) {
      return InferredValue.ofShape(shape);
    }
    var numbers = new ArrayList<Double>(inputs.getFirst());
    for (List<Double> input : inputs.subList(1, inputs.size())) {
      for (int i = 0; i < numbers.size(); i++) {
        Double number = combination.of(numbers.get(i), input.get(i));
        if (number == null) {
          return InferredValue.ofShape(shape);
        }
        numbers.set(i, number);
      }
    }
    return new InferredValue(shape, numbers, isTruth || isWhole(operands));
  }

  /// Infers the output of `Where`: elements of the second operand where the first is true,
  /// otherwise of the third.
  private static InferredValue choice(Operands operands) {
    List<Long> shape = shape(operands);
    List<List<Double>> inputs = elements(operands, shape);
    if (inputs == null) {
      return InferredValue.ofShape(shape);
    }
    var numbers = new ArrayList<Double>();
    for (int i = 0; i < inputs.getFirst().size(); i++) {
      numbers.add((inputs.get(0).get(i) != 0 ? inputs.get(1) : inputs.get(2)).get(i));
    }
    return new InferredValue(shape, numbers, operands.value(1).isWhole());
  }

  /// Returns the elements of all inputs, broadcast to a shape.
  ///
  /// @return null if some are not known
  private static @Nullable List<List<Double>> elements(Operands operands, List<Long> shape) {
    var inputs = new ArrayList<List<Double>>();
    for (int i = 0; i < operands.inputs().size(); i++) {
      List<Double> numbers = stretched(operands.value(i), shape).numbers();
      if (numbers == null) {
        return null;
      }
      inputs.add(numbers);
    }
    return inputs;
  }

  /// Infers the output of `Expand`: its shape is the broadcast of the first operand's shape and the
  /// shape in the second operand.
  private static InferredValue expanded(Operands operands) {
    return stretched(operands.value(0), shape(operands, operands.shape(0), operands.content(1)));
  }

  private static long fromBack(List<Long> shape, int place) {
    return place <= shape.size() ? shape.get(shape.size() - place) : 1;
  }
}
