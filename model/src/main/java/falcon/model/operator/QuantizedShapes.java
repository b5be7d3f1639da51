package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Rules of operators on quantised numbers. Their products are known as products, so that they are
/// listed, but the shapes of their outputs are not inferred.
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

  /// Adds the rule of a product.
  ///
  /// @param right index of the second factor
  private static void product(Map<String, OperatorRule> all, String name, int right) {
    all.put(name, OperatorRule.unknown().multiplies(new Uncounted(List.of(0, right))));
  }

  /// A product whose output's shape, and therefore its cost, is not known.
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
