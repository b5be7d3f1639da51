package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/// Shape inference of reductions over axes.
final class ReductionShapes {
  private ReductionShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    for (String name :
        List.of(
            "ReduceMean",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceSumSquare")) {
      all.put(name, OperatorRule.ofValue(operands -> reduction(operands, null)));
    }
    number(all, "ReduceSum", Double::sum);
    number(all, "ReduceProd", (a, b) -> a * b);
    number(all, "ReduceMax", BinaryOperator.maxBy(Double::compareTo));
    number(all, "ReduceMin", BinaryOperator.minBy(Double::compareTo));
    all.put("ArgMax", OperatorRule.ofShape(ReductionShapes::argument));
    all.put("ArgMin", OperatorRule.ofShape(ReductionShapes::argument));
  }

  /// Adds the rule of a reduction that is computed where the numbers are known.
  private static void number(
      Map<String, OperatorRule> all, String name, BinaryOperator<Double> operator) {
    all.put(name, OperatorRule.ofValue(operands -> reduction(operands, operator)));
  }

  /// Infers the output of `ReduceMean` and the other reductions.
  private static InferredValue reduction(
      Operands operands, @Nullable BinaryOperator<Double> operator) {
    Node node = operands.node();
    List<Long> shape = operands.shape(0);
    List<Long> axes = operands.inputOrAttribute(1, "axes");
    if (axes == null || axes.isEmpty()) {
      if (node.integer("noop_with_empty_axes", 0) == 1) {
        return operands.value(0);
      }
      axes = new ArrayList<>();
      for (long i = 0; i < shape.size(); i++) {
        axes.add(i);
      }
    }
    List<Long> result = without(operands, axes, node.integer("keepdims", 1) == 1);
    return new InferredValue(
        result, reduced(operands, operator, result), operands.value(0).isWhole());
  }

  /// Reduces known numbers, if a single number results.
  private static @Nullable List<Double> reduced(
      Operands operands, @Nullable BinaryOperator<Double> operator, List<Long> result) {
    List<Double> numbers = operands.value(0).numbers();
    return operator == null || numbers == null || numbers.isEmpty() || Tensor.elements(result) != 1
        ? null
        : List.of(numbers.stream().reduce(operator).orElseThrow());
  }

  /// Infers the output of `ArgMax` and `ArgMin`.
  private static List<Long> argument(Operands operands) {
    Node node = operands.node();
    return without(operands, List.of(node.integer("axis", 0)), node.integer("keepdims", 1) == 1);
  }

  private static List<Long> without(Operands operands, List<Long> axes, boolean keep) {
    List<Long> shape = operands.shape(0);
    var gone = axes.stream().map(axis -> operands.axis(axis, shape.size())).toList();
    var left = new ArrayList<Long>();
    for (int i = 0; i < shape.size(); i++) {
      if (!gone.contains(i)) {
        left.add(shape.get(i));
      } else if (keep) {
        left.add(1L);
      }
    }
    return left;
  }
}
