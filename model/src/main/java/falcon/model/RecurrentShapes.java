package falcon.model;

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
    long directions = recurrence.get(0);
    long hidden = recurrence.get(2);
    boolean isBatchFirst = node.integer("layout", 0) != 0;
    long batch = input.get(isBatchFirst ? 0 : 1);
    long steps = input.get(isBatchFirst ? 1 : 0);
    var all =
        isBatchFirst
            ? List.of(batch, steps, directions, hidden)
            : List.of(steps, directions, batch, hidden);
    var last =
        isBatchFirst ? List.of(batch, directions, hidden) : List.of(directions, batch, hidden);
    return List.of(
        InferredValue.ofShape(all), InferredValue.ofShape(last), InferredValue.ofShape(last));
  }
}
