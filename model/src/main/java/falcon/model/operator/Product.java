package falcon.model.operator;

import falcon.model.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The operands that an operator multiplies, and the number of multiply-accumulates.
///
/// Windows are counted dense, as is usual in the literature: a position at the border costs as many
/// as one in the middle, though some of its terms are padding.
public interface Product {
  /// Returns the indices of the operands that a node multiplies with each other; the data of a
  /// convolution or recurrent layer comes first.
  ///
  /// @return empty if it multiplies nothing
  List<Integer> factors(Node node);

  /// Returns the indices of the operands that are weights if they are constants; none by default.
  default List<Integer> weights() {
    return List.of();
  }

  /// Numbers of a node's operands that are weights where they are constants; those of [#weights()]
  /// by default.
  default List<Integer> weights(Node node) {
    return weights();
  }

  /// Returns whether the weights are a table that rows are looked up in, which costs nothing.
  default boolean isLookup() {
    return false;
  }

  /// Returns the multiply-accumulates of a node for all examples.
  ///
  /// @return null if the shape of an operand is not known
  @Nullable Long macs(NodeShapes shapes);

  /// Returns the multiply-accumulates that one weight tensor of a node takes part in; by default
  /// all of the node's.
  ///
  /// @param operand one of [#weights]
  /// @return null if the shape of an operand is not known
  default @Nullable Long macs(NodeShapes shapes, int operand) {
    return macs(shapes);
  }
}
