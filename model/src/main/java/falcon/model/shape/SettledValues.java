package falcon.model.shape;

import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.operator.InferredValue;
import falcon.model.operator.OperatorRule;
import falcon.model.operator.OperatorRules;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Numbers that are *settled*: they follow from constants and shapes alone, whatever the inputs
/// contain and however many examples there are.
///
/// Where the number of examples is open, shapes are inferred for several numbers of examples. A
/// number is settled if it is the same for all of them, and so is every number that it is computed
/// from. A number that is only selected from others, the width from a shape for instance, needs to
/// be the same itself.
final class SettledValues {
  /// The numbers of examples that shapes are inferred for.
  private static final List<Long> BATCHES = List.of(1L, 2L, 3L);

  /// Greatest size of a constant whose numbers are kept: longer constants are weights, not sizes,
  /// indices or conditions.
  private static final int MOST_ELEMENTS = 64;

  /// Approximate memory of a known number during inference.
  private static final int BYTES_A_NUMBER = 100;

  private final List<Map<String, InferredValue>> byBatch = new ArrayList<>();
  private final Map<String, Node> makers = new HashMap<>();

  SettledValues(Network network) {
    boolean isOpen =
        network.inputs().stream()
            .anyMatch(input ->
                !network.isShared(input) && input.examples() instanceof Dimension.Symbolic);
    for (long batch : isOpen ? BATCHES : BATCHES.subList(0, 1)) {
      var values = new HashMap<String, InferredValue>();
      for (ValueInfo input : network.inputs()) {
        try {
          List<Long> shape = ShapeInference.inputShape(network, input, batch);
          values.put(input.name(), ShapeInference.known(network, input, shape));
        } catch (IllegalArgumentException _) {
          // an input of open shape: values that depend on it are not settled
        }
      }
      byBatch.add(values);
    }
    network.initializers().forEach(this::constant);
  }

  void constant(String name, Tensor tensor) {
    InferredValue value =
        tensor.size() > MOST_ELEMENTS
            ? InferredValue.ofShape(tensor.shape())
            : InferredValue.of(tensor);
    byBatch.forEach(values -> values.put(name, value));
  }

  /// Infers the shapes and numbers of a node's outputs.
  ///
  /// @return approximate number of bytes that their numbers take
  long follow(Node node) {
    node.outputs().forEach(output -> makers.put(output, node));
    long bytes = 0;
    for (Map<String, InferredValue> values : byBatch) {
      try {
        List<InferredValue> results = ShapeInference.results(node, values);
        for (int i = 0; i < Math.min(results.size(), node.outputs().size()); i++) {
          values.put(node.outputs().get(i), results.get(i));
          List<Double> numbers = results.get(i).numbers();
          bytes += numbers == null ? 0 : (long) BYTES_A_NUMBER * numbers.size();
        }
      } catch (UnusableNodeException _) {
        // the outputs are not settled
      }
    }
    return bytes;
  }

  /// Returns the number that a value consists of.
  ///
  /// @return null if it is not settled, or not a single number
  @Nullable Double number(String value) {
    InferredValue known = byBatch.getFirst().get(value);
    return known != null
            && known.numbers() != null
            && known.numbers().size() == 1
            && isSettled(value)
        ? known.numbers().getFirst()
        : null;
  }

  private boolean isSettled(String value) {
    var seen = new HashSet<String>();
    var open = new ArrayDeque<String>(List.of(value));
    while (!open.isEmpty()) {
      String next = open.pop();
      if (next.isEmpty() || !seen.add(next)) {
        continue;
      }
      if (!isSame(next)) {
        return false;
      }
      Node maker = makers.get(next);
      if (byBatch.size() > 1
          && maker != null
          && !OperatorRules.has(maker, OperatorRule.Trait.PICKS)) {
        maker.inputs().forEach(open::push);
      }
    }
    return true;
  }

  private boolean isSame(String value) {
    InferredValue first = byBatch.getFirst().get(value);
    return first != null
        && first.numbers() != null
        && byBatch.stream()
            .map(values -> values.get(value))
            .allMatch(other -> other != null && Objects.equals(other.numbers(), first.numbers()));
  }
}
