package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Operators on quantised numbers.
final class QuantizedShapes {
  private QuantizedShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("QuantizeLinear", SameShapes.plain());
    all.put("DequantizeLinear", SameShapes.plain());
    all.put("DynamicQuantizeLinear", OperatorRule.of(QuantizedShapes::dynamic));
    convolution(all, "ConvInteger", 1, -1);
    convolution(all, "QLinearConv", 3, 8);
    product(all, "MatMulInteger", 1);
    product(all, "QLinearMatMul", 3);
  }

  /// Returns the numbers, their scale and their zero point.
  private static List<InferredValue> dynamic(Operands operands) {
    InferredValue single = InferredValue.ofShape(List.of());
    return List.of(InferredValue.ofShape(operands.shape(0)), single, single);
  }

  /// @param weights number of the operand
  /// @param bias number of the operand, −1 for none
  private static void convolution(
      Map<String, OperatorRule> all, String name, int weights, int bias) {
    Function<Operands, List<Long>> shape =
        operands -> WindowShapes.convolution(picked(operands, 0, weights, bias));
    all.put(name, OperatorRule.ofShape(shape).multiplies(new QuantizedProduct(weights, true)));
  }

  /// Adds the rule of a product.
  ///
  /// @param right index of the second factor
  private static void product(Map<String, OperatorRule> all, String name, int right) {
    Function<Operands, List<Long>> shape =
        operands -> LinearShapes.matMul(picked(operands, 0, right));
    all.put(name, OperatorRule.ofShape(shape).multiplies(new QuantizedProduct(right, false)));
  }

  /// Returns a node with some of its operands, as the operator on real numbers has them.
  private static Operands picked(Operands operands, int... numbers) {
    var inputs = new ArrayList<@Nullable InferredValue>();
    for (int number : numbers) {
      inputs.add(number >= 0 && operands.has(number) ? operands.value(number) : null);
    }
    return new Operands(operands.node(), inputs);
  }

  /// A product of quantised numbers.
  ///
  /// @param right number of the second factor
  /// @param isConvolution whether it is no product of matrices
  private record QuantizedProduct(int right, boolean isConvolution) implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return List.of(0, right);
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      List<Long> output = shapes.output();
      List<Long> left = shapes.input(0);
      List<Long> weights = shapes.input(right);
      if (output == null || left == null || weights == null) {
        return null;
      }
      long terms =
          isConvolution ? Tensor.elements(weights.subList(1, weights.size())) : left.getLast();
      return Math.multiplyExact(Tensor.elements(output), terms);
    }
  }
}
