package falcon.runtime.operator;

import falcon.model.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The operators that the runtime computes: a table by name.
///
/// A new operator is added to the class of its family, or to a class of its own, with a line in
/// `families`.
///
/// Source: ONNX operator specification, opsets 7 to 25.
public final class Operators {
  private static final Map<String, Operator> BY_NAME = byName();

  private Operators() {}

  private static Map<String, Operator> byName() {
    var all = new HashMap<String, Operator>();
    for (Consumer<Map<String, Operator>> family : families()) {
      var own = new HashMap<String, Operator>();
      family.accept(own);
      own.forEach((name, operator) -> {
        if (all.put(name, operator) != null) {
          throw new IllegalStateException("two families have the operator " + name);
        }
      });
    }
    return Map.copyOf(all);
  }

  private static List<Consumer<Map<String, Operator>>> families() {
    return List.of(
        ElementOperators::addTo,
        ArithmeticOperators::addTo,
        ProductOperators::addTo,
        ConvolutionOperators::addTo,
        PoolingOperators::addTo,
        NormalizationOperators::addTo,
        ReductionOperators::addTo,
        RearrangementOperators::addTo,
        ResizeOperators::addTo,
        SelectionOperators::addTo,
        AttentionOperators::addTo,
        QuantizedOperators::addTo,
        Recurrent::addTo);
  }

  /// Returns the operator of a node.
  ///
  /// @return null if it is not computed here
  public static @Nullable Operator of(Node node) {
    return node.domain().isEmpty() ? BY_NAME.get(node.opType()) : null;
  }
}
