package falcon.model.operator;

import falcon.model.Node;
import java.util.List;

/// Shapes of `LSTM`, `GRU` and `RNN`.
final class RecurrentShapes {
  private RecurrentShapes() {}

  /// All steps' states, then the last one's (twice: `LSTM` has a cell beside it).
  ///
  /// ```
  /// layout 0:  [steps, directions, batch, hidden], [directions, batch, hidden]
  /// layout 1:  [batch, steps, directions, hidden], [batch, directions, hidden]
  /// ```
  static List<InferredValue> outputs(Operands operands) {
    Node node = operands.node();
    List<Long> input = operands.shape(0);
    List<Long> recurrence = operands.shape(2);
    if (input.size() != 3 || recurrence.size() != 3) {
      throw operands.mismatch("input and weights need three axes each");
    }
    String direction = node.text("direction", "forward");
    long directions =
        switch (direction) {
          case "forward", "reverse" -> 1;
          case "bidirectional" -> 2;
          default -> throw operands.mismatch("its direction is '%s'".formatted(direction));
        };
    long hidden = node.integer("hidden_size", recurrence.get(2));
    boolean isBatchFirst = node.integer("layout", 0) != 0;
    long batch = input.get(isBatchFirst ? 0 : 1);
    long steps = input.get(isBatchFirst ? 1 : 0);
    long gates =
        switch (node.opType()) {
          case "LSTM" -> 4;
          case "GRU" -> 3;
          default -> 1;
        };
    if (hidden < 1 || steps < 1) {
      throw operands.mismatch("it makes %d states of %d numbers".formatted(steps, hidden));
    }
    long rows = Math.multiplyExact(gates, hidden);
    require(operands, 1, List.of(directions, rows, input.get(2)));
    require(operands, 2, List.of(directions, rows, hidden));
    require(operands, 3, List.of(directions, Math.multiplyExact(2, rows)));
    require(operands, 4, List.of(batch));
    var all =
        isBatchFirst
            ? List.of(batch, steps, directions, hidden)
            : List.of(steps, directions, batch, hidden);
    var last =
        isBatchFirst ? List.of(batch, directions, hidden) : List.of(directions, batch, hidden);
    require(operands, 5, last);
    if (node.is("LSTM")) {
      require(operands, 6, last);
      require(operands, 7, List.of(directions, Math.multiplyExact(3, hidden)));
    }
    return List.of(
        InferredValue.ofShape(all), InferredValue.ofShape(last), InferredValue.ofShape(last));
  }

  private static void require(Operands operands, int input, List<Long> shape) {
    if (operands.has(input) && !operands.shape(input).equals(shape)) {
      throw operands.mismatch("input %d needs the shape %s".formatted(input, shape));
    }
  }
}
