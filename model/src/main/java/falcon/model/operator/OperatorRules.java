package falcon.model.operator;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The table of operators: the rule of each before a network runs.
///
/// A new operator is added to the class of its family, or to a class of its own, with a line in
/// `families`.
public final class OperatorRules {
  private static final Map<String, OperatorRule> BY_NAME = byName();

  private OperatorRules() {}

  private static Map<String, OperatorRule> byName() {
    var all = new HashMap<String, OperatorRule>();
    for (Consumer<Map<String, OperatorRule>> family : families()) {
      var own = new HashMap<String, OperatorRule>();
      family.accept(own);
      own.forEach((name, rule) -> {
        if (all.put(name, rule) != null) {
          throw new IllegalStateException("two families have the operator " + name);
        }
      });
    }
    return Map.copyOf(all);
  }

  private static List<Consumer<Map<String, OperatorRule>>> families() {
    return List.of(
        SameShapes::addTo,
        Broadcast::addTo,
        NormalizedShapes::addTo,
        WindowShapes::addTo,
        LinearShapes::addTo,
        ReductionShapes::addTo,
        EinsumShapes::addTo,
        AttentionShapes::addTo,
        RecurrentShapes::addTo,
        Rearrangement::addTo,
        SelectionShapes::addTo,
        IndexShapes::addTo,
        ResizeShapes::addTo,
        QuantizedShapes::addTo);
  }

  /// Returns the rule of a node's operator.
  ///
  /// @return null if it is not in ONNX's own domain, or not known
  public static @Nullable OperatorRule of(Node node) {
    return node.domain().isEmpty() ? BY_NAME.get(node.opType()) : null;
  }

  /// Returns the product that a node computes.
  ///
  /// @return null if it multiplies nothing
  public static @Nullable Product product(Node node) {
    OperatorRule rule = of(node);
    return rule == null ? null : rule.product();
  }

  /// Returns whether a node's operator is known to have a trait.
  public static boolean has(Node node, OperatorRule.Trait trait) {
    OperatorRule rule = of(node);
    return rule != null && rule.has(trait);
  }

  /// Infers the outputs of a node.
  ///
  /// @throws UnusableNodeException if the operator is unknown or does not fit its inputs
  public static List<InferredValue> results(Operands operands) {
    Node node = operands.node();
    OperatorRule rule = of(node);
    if (rule == null || rule.shapes() == null) {
      throw new UnusableNodeException(
          node,
          "the shapes that this operator makes are not known",
          "Export the network without it, or ask for it to be added.");
    }
    return rule.shapes().of(operands);
  }
}
