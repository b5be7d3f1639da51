package falcon.model.operator;

import falcon.model.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/// Shape inference of operators whose result has the shape of their first operand. Some of them
/// also have their numbers inferred where those of the operand are known, so that shapes can be
/// computed from them.
final class SameShapes {
  /// The operators of which nothing but the shape is inferred.
  private static final List<String> PLAIN =
      List.of(
          "Relu",
          "LeakyRelu",
          "Clip",
          "Sigmoid",
          "HardSigmoid",
          "HardSwish",
          "Swish",
          "Tanh",
          "Erf",
          "Gelu",
          "Elu",
          "Selu",
          "Celu",
          "ThresholdedRelu",
          "CastLike",
          "Softplus",
          "Shrink",
          "BitwiseNot",
          "Softsign",
          "Mish",
          "Softmax",
          "LogSoftmax",
          "Hardmax",
          "Exp",
          "Log",
          "Sin",
          "Cos",
          "Tan",
          "Asin",
          "Acos",
          "Atan",
          "Sinh",
          "Cosh",
          "Asinh",
          "Acosh",
          "Atanh",
          "IsNaN",
          "IsInf",
          "CumSum",
          "Trilu",
          "EyeLike",
          "ReverseSequence");

  private SameShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    PLAIN.forEach(name -> all.put(name, plain()));
    all.put(
        "Identity",
        OperatorRule.ofValue(operands -> operands.value(0))
            .with(OperatorRule.Trait.PICKS, OperatorRule.Trait.ARRANGES));
    all.put("Cast", OperatorRule.ofValue(SameShapes::cast).with(OperatorRule.Trait.PICKS));
    all.put("PRelu", OperatorRule.ofShape(SameShapes::pRelu).learns(1));
    all.put("Dropout", OperatorRule.ofShapes(2, operands -> operands.shape(0)));
    number(all, "Floor", Math::floor);
    number(all, "Ceil", Math::ceil);
    number(all, "Round", Math::rint);
    number(all, "Neg", a -> -a);
    number(all, "Abs", Math::abs);
    number(all, "Sign", Math::signum);
    number(all, "Sqrt", Math::sqrt);
    number(all, "Reciprocal", a -> 1 / a);
    number(all, "Not", a -> Broadcast.truth(a == 0));
  }

  /// Creates the rule of an operator of which nothing but the shape is inferred.
  static OperatorRule plain() {
    return OperatorRule.ofShape(operands -> operands.shape(0));
  }

  /// Adds the rule of a function of one number, which is computed where the number is known.
  private static void number(
      Map<String, OperatorRule> all, String name, DoubleUnaryOperator function) {
    all.put(name, OperatorRule.ofValue(operands -> computed(operands.value(0), function)));
  }

  private static InferredValue computed(InferredValue value, DoubleUnaryOperator function) {
    if (value.numbers() == null) {
      return InferredValue.ofShape(value.shape());
    }
    List<Double> results = value.numbers().stream().map(function::applyAsDouble).toList();
    return new InferredValue(value.shape(), results, value.isWhole());
  }

  private static List<Long> pRelu(Operands operands) {
    Broadcast.requireStretch(operands, 1, operands.shape(0));
    return operands.shape(0);
  }

  /// Infers the output of `Cast`: numbers that become integers are truncated towards zero.
  private static InferredValue cast(Operands operands) {
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
              ? Broadcast.truth(number != 0)
              : number < 0 ? Math.ceil(number) : Math.floor(number));
    }
    return new InferredValue(value.shape(), numbers, true);
  }
}
