package falcon.model.operator;

import falcon.model.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Operators that work element by element and stretch axes of size 1; their results where the operands
/// are numbers that shapes are made of.
final class Broadcast {
  private static final Map<String, DoubleBinaryOperator> BINARY =
      Map.ofEntries(
          Map.entry("Add", (a, b) -> a + b),
          Map.entry("Sum", (a, b) -> a + b),
          Map.entry("Sub", (a, b) -> a - b),
          Map.entry("Mul", (a, b) -> a * b),
          Map.entry("Div", (a, b) -> a / b),
          Map.entry("Mod", (a, b) -> a - Math.floor(a / b) * b),
          Map.entry("Mod toward zero", (a, b) -> a % b),
          Map.entry("Pow", Math::pow),
          Map.entry("Max", Math::max),
          Map.entry("Min", Math::min),
          Map.entry("Equal", (a, b) -> truth(a == b)),
          Map.entry("Greater", (a, b) -> truth(a > b)),
          Map.entry("Less", (a, b) -> truth(a < b)),
          Map.entry("GreaterOrEqual", (a, b) -> truth(a >= b)),
          Map.entry("LessOrEqual", (a, b) -> truth(a <= b)),
          Map.entry("And", (a, b) -> truth(a != 0 && b != 0)),
          Map.entry("Or", (a, b) -> truth(a != 0 || b != 0)),
          Map.entry("Xor", (a, b) -> truth((a != 0) != (b != 0))));

  private static final Map<String, DoubleUnaryOperator> UNARY =
      Map.of(
          "Floor", Math::floor,
          "Ceil", Math::ceil,
          "Round", Math::rint,
          "Neg", a -> -a,
          "Abs", Math::abs,
          "Sign", Math::signum,
          "Sqrt", Math::sqrt,
          "Reciprocal", a -> 1 / a,
          "Not", a -> truth(a == 0));

  private static final Set<String> COMPARISONS =
      Set.of("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual");

  private Broadcast() {}

  private static double truth(boolean isTrue) {
    return isTrue ? 1 : 0;
  }

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

  /// Requires that an operand can be stretched to a shape without changing that.
  ///
  /// @throws UnusableNodeException if it cannot
  static void requireStretch(Operands operands, int input, List<Long> shape) {
    if (!shape(operands, shape, operands.shape(input)).equals(shape)) {
      throw operands.mismatch("input %d cannot be stretched to %s".formatted(input, shape));
    }
  }

  /// A value stretched to a shape.
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

  /// Shape and, where all inputs are known numbers, the elements.
  static InferredValue result(Operands operands) {
    List<Long> shape = shape(operands);
    var inputs = new ArrayList<List<Double>>();
    boolean isWhole = true;
    for (int i = 0; i < operands.inputs().size(); i++) {
      InferredValue input = stretched(operands.value(i), shape);
      if (input.numbers() == null) {
        return InferredValue.ofShape(shape);
      }
      inputs.add(input.numbers());
      isWhole &= operands.value(i).isWhole();
    }
    boolean isTowardZero = operands.node().integer("fmod", 0) != 0;
    String opType = operands.node().opType() + (isTowardZero ? " toward zero" : "");
    var numbers = new ArrayList<Double>();
    for (int i = 0; i < inputs.getFirst().size(); i++) {
      Double number = element(opType, inputs, i, isWhole);
      if (number == null) {
        return InferredValue.ofShape(shape);
      }
      numbers.add(number);
    }
    boolean isWholeResult =
        opType.equals("Where")
            ? operands.value(1).isWhole()
            : isWhole || COMPARISONS.contains(opType);
    return new InferredValue(shape, numbers, isWholeResult);
  }

  /// Operators of one input; elements only where [#result] would give them.
  static InferredValue unary(Operands operands) {
    InferredValue value = operands.value(0);
    DoubleUnaryOperator operator = UNARY.get(operands.node().opType());
    if (operator == null || value.numbers() == null) {
      return InferredValue.ofShape(value.shape());
    }
    List<Double> results = value.numbers().stream().map(operator::applyAsDouble).toList();
    return new InferredValue(value.shape(), results, value.isWhole());
  }

  /// `Cast`: whole numbers are cut off towards zero.
  static InferredValue cast(Operands operands) {
    InferredValue value = operands.value(0);
    DataType type = DataType.ofOnnxCode((int) operands.node().integer("to", 0));
    if (value.numbers() == null || type == null) {
      return InferredValue.ofShape(value.shape());
    }
    if (type.isFloatingPoint()) {
      return new InferredValue(value.shape(), value.numbers(), false);
    }
    var numbers = new ArrayList<Double>();
    for (double number : value.numbers()) {
      numbers.add(
          type == DataType.BOOL
              ? truth(number != 0)
              : number < 0 ? Math.ceil(number) : Math.floor(number));
    }
    return new InferredValue(value.shape(), numbers, true);
  }

  private static @Nullable Double element(
      String opType, List<List<Double>> inputs, int i, boolean isWhole) {
    if (opType.equals("Where")) {
      return (inputs.get(0).get(i) != 0 ? inputs.get(1) : inputs.get(2)).get(i);
    }
    DoubleBinaryOperator operator = BINARY.get(opType);
    if (operator == null) {
      return null;
    }
    double element = inputs.getFirst().get(i);
    for (List<Double> input : inputs.subList(1, inputs.size())) {
      double other = input.get(i);
      if (other == 0 && (opType.equals("Div") || opType.startsWith("Mod"))) {
        return null;
      }
      element = operator.applyAsDouble(element, other);
      if (isWhole && opType.equals("Div")) {
        element = element < 0 ? Math.ceil(element) : Math.floor(element);
      }
    }
    return element;
  }

  private static long fromBack(List<Long> shape, int place) {
    return place <= shape.size() ? shape.get(shape.size() - place) : 1;
  }
}
