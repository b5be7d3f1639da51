package falcon.runtime.program;

import falcon.model.Node;
import falcon.runtime.operator.Layer;
import falcon.runtime.operator.Operands;
import falcon.runtime.operator.Operator;
import falcon.runtime.operator.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A node of the graph that is compiled, with its operator and its values.
///
/// @param layer what the node computes, if it is a product with constant weights that took in what
///     is behind it; null for any other node
record Operation(Operands operands, Operator operator, @Nullable Layer layer) {
  Operation(Operands operands, Operator operator) {
    this(operands, operator, null);
  }

  /// Creates a layer.
  Operation(Operands operands, Layer layer) {
    this(operands, layer.operator(), layer);
  }

  Node node() {
    return operands.node();
  }

  boolean is(String opType) {
    return layer == null && node().is(opType);
  }

  List<@Nullable Value> inputs() {
    return operands.inputs();
  }

  List<@Nullable Value> outputs() {
    return operands.outputs();
  }

  Value in(int input) {
    return operands.in(input);
  }

  Value out() {
    return operands.out();
  }

  /// Returns whether the output is the memory of the first input.
  boolean isView() {
    return operator.isView(operands);
  }
}
