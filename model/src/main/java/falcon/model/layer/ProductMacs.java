package falcon.model.layer;

import falcon.model.Node;
import falcon.model.UnusableNodeException;
import falcon.model.operator.NodeShapes;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import falcon.model.shape.FollowedShapes;
import org.jspecify.annotations.Nullable;

/// Counts the multiply-accumulates of single nodes of a network, for all examples.
final class ProductMacs {
  /// Counts by the rule of an operator.
  @FunctionalInterface
  private interface Count {
    @Nullable Long of(Product product, NodeShapes shapes);
  }

  private final FollowedShapes shapes;

  ProductMacs(FollowedShapes shapes) {
    this.shapes = shapes;
  }

  /// Counts the multiply-accumulates of a node.
  ///
  /// @return null if the shape of an operand is not known, or contradicts the node
  /// @throws UnusableNodeException if the count is beyond 64 bits
  @Nullable Long of(Node node) {
    return count(node, Product::macs);
  }

  /// Counts the multiply-accumulates of a node that one of its weight tensors takes part in.
  ///
  /// @return null if the shape of an operand is not known, or contradicts the node
  /// @throws UnusableNodeException if the count is beyond 64 bits
  @Nullable Long of(WeightUse use) {
    return count(use.node(), (product, known) -> product.macs(known, use.operand()));
  }

  private @Nullable Long count(Node node, Count count) {
    Product product = OperatorRules.product(node);
    if (shapes.isContradictory(node)) {
      return null;
    }
    if (product == null) {
      return 0L;
    }
    try {
      return count.of(product, new NodeShapes(node, shapes::of));
    } catch (ArithmeticException | IndexOutOfBoundsException e) {
      throw new UnusableNodeException(
          node, "its multiply-accumulates are beyond counting", "Check its shapes.");
    }
  }
}
