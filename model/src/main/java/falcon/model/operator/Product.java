package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What an operator multiplies, and how often.
///
/// Windows are counted dense, as the field does: a position at the border costs as many as one in
/// the middle, though some of its terms are padding.
public interface Product {
  /// Numbers of the operands that a node multiplies with each other, the data of a convolution or
  /// recurrent layer first.
  ///
  /// @return empty if it multiplies nothing
  List<Integer> factors(Node node);

  /// Numbers of the operands that are weights where they are constants; none by default.
  default List<Integer> weights() {
    return List.of();
  }

  /// Numbers of a node's operands that are weights where they are constants; those of [#weights()]
  /// by default.
  default List<Integer> weights(Node node) {
    return weights();
  }

  /// Whether its weights are a table that rows are looked up in, which costs nothing.
  default boolean isLookup() {
    return false;
  }

  /// Multiply-accumulates of a node for all examples.
  ///
  /// @return null if a shape that it takes is not known
  @Nullable Long macs(NodeShapes shapes);

  /// The part of them that one of its weight tensors has; all of them by default.
  ///
  /// @param operand one of [#weights]
  /// @return null if a shape that it takes is not known
  default @Nullable Long macs(NodeShapes shapes, int operand) {
    return macs(shapes);
  }
}
