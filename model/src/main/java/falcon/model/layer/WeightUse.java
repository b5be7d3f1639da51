package falcon.model.layer;

import falcon.model.Node;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;

/// One use of a weight tensor by a node.
///
/// @param node `Conv`, `ConvTranspose`, `Gemm`, `MatMul`, `LSTM`, `GRU`, `RNN` or `Gather`
/// @param operand index of the node's input that the weights are: usually 1; 0 for a `Gather` (an
///     embedding) or weights on the left of a product; 1 or 2 (recurrent weights) for an `LSTM`,
///     `GRU` or `RNN`
/// @param isTransposed whether a `Transpose` of the two axes is between tensor and node
public record WeightUse(Node node, int operand, boolean isTransposed) {
  /// Returns whether the weights are a table that the node looks rows up in.
  public boolean isLookup() {
    Product product = OperatorRules.product(node);
    return product != null && product.isLookup();
  }
}
