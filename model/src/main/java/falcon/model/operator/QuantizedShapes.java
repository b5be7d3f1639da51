package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Operators on quantised numbers. Products of them are known as such, so that they are shown, but
/// the shapes that they make are not followed.
final class QuantizedShapes {
  private QuantizedShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("QuantizeLinear", SameShapes.plain());
    all.put("DequantizeLinear", SameShapes.plain());
    product(all, "ConvInteger", 1);
    product(all, "MatMulInteger", 1);
    product(all, "QLinearConv", 3);
    product(all, "QLinearMatMul", 3);
  }

  /// @param right number of the second factor
  private static void product(Map<String, OperatorRule> all, String name, int right) {
    all.put(name, OperatorRule.unknown().multiplies(new Uncounted(List.of(0, right))));
  }

  /// A product whose output's shape, and so its cost, is not known.
  private record Uncounted(List<Integer> pair) implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return pair;
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      return null;
    }
  }
}
