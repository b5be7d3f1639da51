package falcon.model.layer;

import falcon.model.Node;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;

/// One place where a node works with a weight tensor.
///
/// @param node `Conv`, `ConvTranspose`, `Gemm`, `MatMul`, `LSTM`, `GRU`, `RNN` or `Gather`
/// @param operand which of the node's inputs the weights are: 1 is the usual place; 0 for a
///     `Gather` (an embedding) or weights on the left of a product; 1 or 2 (recurrent weights) for
///     an `LSTM`, `GRU` or `RNN`
/// @param isTransposed whether a `Transpose` of the two axes stands between tensor and node
public record WeightUse(Node node, int operand, boolean isTransposed) {
  /// Whether the weights are a table that the node looks rows up in.
  public boolean isLookup() {
    Product product = OperatorRules.product(node);
    return product != null && product.isLookup();
  }
}
