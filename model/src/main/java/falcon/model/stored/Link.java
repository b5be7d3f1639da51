package falcon.model.stored;

import falcon.model.Node;
import org.jspecify.annotations.Nullable;

/// A node on the way from a constant to a product.
///
/// @param value the output that is followed
/// @param step what it does
/// @param key equal for nodes that do the same
/// @param refusal why weights cannot be changed through it; null if they can
record Link(Node node, String value, WeightStep step, String key, @Nullable String refusal) {
  /// Returns whether products look through the node by themselves: an `Identity`, or a `Transpose`
  /// of a matrix.
  boolean isPlain() {
    return (node.is("Identity") || node.is("Transpose"))
        && step instanceof WeightStep.Arranged arranged
        && arranged.isPlain();
  }
}
