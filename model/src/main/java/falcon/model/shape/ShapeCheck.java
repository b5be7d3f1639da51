package falcon.model.shape;

import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.UnusableNodeException;
import falcon.model.operator.InferredValue;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Checks that nodes fit their inputs before anything is computed: native code terminates the
/// process on some meaningless attributes, and requests any amount of memory.
///
/// @param limit greatest number of elements of one value
public record ShapeCheck(long limit) {
  /// A value that a node reads.
  ///
  /// @param shape sizes of its axes
  /// @param wholeNumbers its elements, row-major, if they are few integers; null otherwise
  public record Value(List<Long> shape, @Nullable List<Long> wholeNumbers) {}

  /// Checks all nodes whose shapes can be inferred.
  ///
  /// @param inputShapes shape of each graph input, by name
  /// @return indices of the nodes whose shapes are only known when the network runs: [#require]
  ///     checks these
  /// @throws UnusableNodeException at the first node that contradicts its inputs, or whose output
  ///     has more elements than allowed: names file and node
  /// @throws IllegalArgumentException if an input has no shape, or one that contradicts the graph
  public BitSet unknownNodes(Network network, Map<String, List<Long>> inputShapes) {
    var followed = FollowedShapes.of(network, inputShapes);
    var unknown = new BitSet();
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      Obstacle own = followed.at(node);
      if (own != null && followed.isContradictory(node)) {
        throw own.refusal().in(network);
      }
      for (String output : node.outputs()) {
        List<Long> shape = followed.of(output);
        if (shape != null) {
          requireSize(network, node, shape);
        } else if (!output.isEmpty() && followed.isRead(output)) {
          unknown.set(i);
        }
      }
    }
    return unknown;
  }

  /// Checks a node whose operands are known.
  ///
  /// @param operands one for each input of the node; null where the node omits it
  /// @throws UnusableNodeException as [#unknownNodes]
  public void require(Network network, Node node, List<@Nullable Value> operands) {
    Map<String, InferredValue> values = new HashMap<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      Value value = operands.get(i);
      if (value != null) {
        List<Long> numbers = value.wholeNumbers();
        values.put(
            node.inputs().get(i),
            numbers == null
                ? InferredValue.ofShape(value.shape())
                : InferredValue.whole(value.shape(), numbers));
      }
    }
    var results = new ArrayList<InferredValue>();
    try {
      results.addAll(ShapeInference.results(node, values));
    } catch (UnusableNodeException e) {
      if (e.isContradiction()) {
        throw e.in(network);
      }
    }
    results.forEach(result -> requireSize(network, node, result.shape()));
  }

  private void requireSize(Network network, Node node, List<Long> shape) {
    double elements = shape.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b);
    if (elements > limit) {
      throw UnusableNodeException.contradiction(
              node,
              "its output has the shape %s, %.3g elements; the memory of this machine holds %.3g"
                  .formatted(shape, elements, (double) limit),
              "Give smaller inputs (%s), or export the network again."
                  .formatted(ModelOption.INPUT_SHAPE))
          .in(network);
    }
  }
}
