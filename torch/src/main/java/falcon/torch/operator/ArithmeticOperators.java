package falcon.torch.operator;

import falcon.torch.Torch;
import java.util.Arrays;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Arithmetic, comparisons and logic, element by element, with broadcasting.
final class ArithmeticOperators {
  private ArithmeticOperators() {}

  static void addTo(Map<String, Operator> all) {
    addUnary(all);
    addTrigonometric(all);
    addComparisons(all);
    all.put("Add", Operator.of(ArithmeticOperators::sum).fresh());
    all.put("Sub", Operator.of(in -> in.x().sub(in.y())).fresh());
    all.put("Mul", Operator.of(ArithmeticOperators::product).fresh());
    all.put("Div", Operator.of(in -> quotient(in.x(), in.y())).fresh());
    binary(all, "Pow", (x, y) -> x.pow(y).to(Torch.type(x)));
    add(all, "Mod", ArithmeticOperators::modulo);
    variadic(all, "Sum", Tensor::add);
    variadic(all, "Max", Tensor::maximum);
    variadic(all, "Min", Tensor::minimum);
    add(all, "Mean", in -> folded(in, Tensor::add).div(new Scalar((double) in.count())));
    add(all, "BitShift", ArithmeticOperators::bitShift);
  }

  private static void addUnary(Map<String, Operator> all) {
    unary(all, "Exp", Tensor::exp);
    unary(all, "Log", Tensor::log);
    unary(all, "Sqrt", Tensor::sqrt);
    unary(all, "Reciprocal", Tensor::reciprocal);
    unary(all, "Neg", Tensor::neg);
    unary(all, "Abs", Tensor::abs);
    unary(all, "Sign", Tensor::sign);
    all.put("Erf", Operator.of(in -> in.x().erf()).fresh());
    unary(all, "Floor", Tensor::floor);
    unary(all, "Ceil", Tensor::ceil);
    unary(all, "Round", Tensor::round); // halves round to even, as ONNX requires
    unary(all, "Not", Tensor::logical_not);
    unary(all, "IsNaN", Tensor::isnan);
    add(all, "IsInf", ArithmeticOperators::isInfinite);
    unary(all, "BitwiseNot", Tensor::bitwise_not);
  }

  private static void addTrigonometric(Map<String, Operator> all) {
    unary(all, "Sin", Tensor::sin);
    unary(all, "Cos", Tensor::cos);
    unary(all, "Tan", Tensor::tan);
    unary(all, "Asin", Tensor::asin);
    unary(all, "Acos", Tensor::acos);
    unary(all, "Atan", Tensor::atan);
    unary(all, "Sinh", Tensor::sinh);
    unary(all, "Cosh", Tensor::cosh);
    unary(all, "Asinh", Tensor::asinh);
    unary(all, "Acosh", Tensor::acosh);
    unary(all, "Atanh", Tensor::atanh);
  }

  private static void addComparisons(Map<String, Operator> all) {
    binary(all, "Equal", Tensor::eq);
    binary(all, "Greater", Tensor::gt);
    binary(all, "Less", Tensor::lt);
    binary(all, "GreaterOrEqual", Tensor::ge);
    binary(all, "LessOrEqual", Tensor::le);
    binary(all, "And", Tensor::logical_and);
    binary(all, "Or", Tensor::logical_or);
    binary(all, "Xor", Tensor::logical_xor);
    binary(all, "BitwiseAnd", Tensor::bitwise_and);
    binary(all, "BitwiseOr", Tensor::bitwise_or);
    binary(all, "BitwiseXor", Tensor::bitwise_xor);
    add(all, "Where", in -> torch.where(in.get(0), in.get(1), in.get(2)));
  }

  private static void add(Map<String, Operator> all, String name, Operator.Single operator) {
    all.put(name, Operator.of(operator));
  }

  private static void unary(
      Map<String, Operator> all, String name, UnaryOperator<Tensor> function) {
    add(all, name, in -> function.apply(in.x()));
  }

  private static void binary(
      Map<String, Operator> all, String name, BinaryOperator<Tensor> function) {
    add(all, name, in -> function.apply(in.x(), in.y()));
  }

  private static void variadic(
      Map<String, Operator> all, String name, BinaryOperator<Tensor> function) {
    add(all, name, in -> folded(in, function));
  }

  private static Tensor folded(Operands in, BinaryOperator<Tensor> function) {
    Tensor result = in.x().alias();
    for (int i = 1; i < in.count(); i++) {
      result = function.apply(result, in.get(i));
    }
    return result;
  }

  private static Tensor sum(Operands in) {
    Tensor x = in.x();
    Tensor y = in.y();
    if (in.isOverwritable(0) && holds(x, y)) {
      return x.add_(y);
    }
    return in.isOverwritable(1) && holds(y, x) ? y.add_(x) : x.add(y);
  }

  private static Tensor product(Operands in) {
    Tensor x = in.x();
    Tensor y = in.y();
    if (in.isOverwritable(0) && holds(x, y) && !y.requires_grad()) {
      return x.mul_(y);
    }
    return in.isOverwritable(1) && holds(y, x) && !x.requires_grad() ? y.mul_(x) : x.mul(y);
  }

  /// Returns whether broadcasting the operand with the other one keeps the operand's shape.
  private static boolean holds(Tensor operand, Tensor other) {
    long[] shape = operand.shape();
    long[] otherShape = other.shape();
    if (Arrays.equals(shape, otherShape)) {
      return true;
    }
    int more = shape.length - otherShape.length;
    for (int i = 0; i < otherShape.length; i++) {
      if (more < 0 || (otherShape[i] != 1 && otherShape[i] != shape[i + more])) {
        return false;
      }
    }
    return true;
  }

  /// Divides; quotients of integers are truncated towards zero.
  private static Tensor quotient(Tensor x, Tensor y) {
    if (x.is_floating_point() || y.is_floating_point()) {
      return x.div(y);
    }
    Tensor divisor = withoutMinusOne(y);
    Tensor quotient = x.sub(x.fmod(divisor)).floor_divide(divisor);
    return torch.where(y.eq(divisor), quotient, quotient.neg());
  }

  /// Computes the remainder: with `fmod=1` it has the dividend's sign, otherwise the divisor's.
  private static Tensor modulo(Operands in) {
    boolean isWhole = !in.x().is_floating_point() && !in.y().is_floating_point();
    Tensor divisor = isWhole ? withoutMinusOne(in.y()) : in.y();
    return in.node().integer("fmod", 0) == 0 ? in.x().remainder(divisor) : in.x().fmod(divisor);
  }

  /// Replaces −1 by 1 in integer divisors, since dividing the least integer by −1 makes the
  /// processor terminate the process; remainders are 0 for either.
  private static Tensor withoutMinusOne(Tensor y) {
    torch.ScalarType type = Torch.type(y);
    boolean isSigned = type != torch.ScalarType.Byte && type != torch.ScalarType.Bool;
    return isSigned ? torch.where(y.eq(new Scalar(-1L)), torch.ones_like(y), y) : y;
  }

  private static Tensor isInfinite(Operands in) {
    Tensor x = in.x();
    boolean positive = in.node().integer("detect_positive", 1) != 0;
    boolean negative = in.node().integer("detect_negative", 1) != 0;
    if (positive && negative) {
      return x.isinf();
    }
    if (!positive && !negative) {
      return torch.zeros_like(x).to(torch.ScalarType.Bool);
    }
    double wanted = positive ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    return x.eq(new Scalar(wanted));
  }

  private static Tensor bitShift(Operands in) {
    String direction = in.node().text("direction", "");
    return direction.equals("LEFT")
        ? in.x().bitwise_left_shift(in.y())
        : in.x().bitwise_right_shift(in.y());
  }
}
