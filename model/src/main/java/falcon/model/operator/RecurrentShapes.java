package falcon.model.operator;

import falcon.model.Node;
import falcon.model.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Shape inference of `LSTM`, `GRU` and `RNN`.
final class RecurrentShapes {
  private RecurrentShapes() {}

  static void addTo(Map<String, OperatorRule> all) {
    all.put("LSTM", rule().learns(1, 2, 3, 5, 6, 7));
    all.put("GRU", rule().learns(1, 2, 3, 5));
    all.put("RNN", rule().learns(1, 2, 3, 5));
  }

  private static OperatorRule rule() {
    return OperatorRule.of(RecurrentShapes::outputs)
        .multiplies(new RecurrentProduct())
        .with(OperatorRule.Trait.FINITE);
  }

  /// Counts every weight `[directions, gates · hidden, inputs or hidden]` once per time step.
  private static final class RecurrentProduct implements Product {
    @Override
    public List<Integer> factors(Node node) {
      return List.of(0, 1, 2);
    }

    @Override
    public List<Integer> weights() {
      return List.of(1, 2);
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes) {
      Long input = macs(shapes, 1);
      Long recurrent = macs(shapes, 2);
      return input == null || recurrent == null ? null : Math.addExact(input, recurrent);
    }

    @Override
    public @Nullable Long macs(NodeShapes shapes, int operand) {
      List<Long> steps = shapes.input(0);
      List<Long> weights = shapes.input(operand);
      return steps == null || weights == null
          ? null
          : Math.multiplyExact(Tensor.elements(steps.subList(0, 2)), Tensor.elements(weights));
    }
  }

  /// Infers the outputs: the states of all steps, then the state of the last one (twice: `LSTM`
  /// also has a cell state).
  ///
  /// ```
  /// layout 0:  [steps, directions, batch, hidden], [directions, batch, hidden]
  /// layout 1:  [batch, steps, directions, hidden], [batch, directions, hidden]
  /// ```
  private static List<InferredValue> outputs(Operands operands) {
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
