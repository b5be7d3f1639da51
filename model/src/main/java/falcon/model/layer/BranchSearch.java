package falcon.model.layer;

import falcon.model.Attribute;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import falcon.model.shape.FollowedShapes;
import falcon.model.shape.Obstacle;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the weights in bodies of control flow that are not inlined.
final class BranchSearch {
  /// Operators that rearrange or convert a constant on its way to a product.
  private static final Set<String> PASSING =
      Set.of(
          "Identity",
          "Transpose",
          "Reshape",
          "Squeeze",
          "Unsqueeze",
          "Flatten",
          "Cast",
          "DequantizeLinear");

  private final Network network;
  private final FollowedShapes shapes;
  private final Map<String, BranchWeights> found = new LinkedHashMap<>();

  private BranchSearch(Network network, FollowedShapes shapes) {
    this.network = network;
    this.shapes = shapes;
  }

  static List<BranchWeights> run(Network network, FollowedShapes shapes) {
    var search = new BranchSearch(network, shapes);
    for (Node node : network.nodes()) {
      search.bodies(node, node, Map.of());
    }
    return List.copyOf(search.found.values());
  }

  /// @param outer names of tensors by the names that the bodies around have for them
  private void bodies(Node flow, Node node, Map<String, Named> outer) {
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.GraphValue(Attribute.Subgraph body)) {
        body(flow, body, outer);
      }
    }
  }

  private record Named(String name, Tensor tensor) {}

  private void body(Node flow, Attribute.Subgraph body, Map<String, Named> outer) {
    var tensors = new HashMap<>(outer);
    body.inputs().forEach(tensors::remove);
    body.tensors()
        .forEach((name, tensor) -> tensors.put(name, new Named(body.path() + name, tensor)));
    for (Node node : body.nodes()) {
      Tensor constant = node.constant();
      String first = node.outputs().isEmpty() ? "" : node.outputs().getFirst();
      if (constant != null) {
        tensors.put(first, new Named(body.path() + first, constant));
        continue;
      }
      Named passed = PASSING.contains(node.opType()) ? named(tensors, node.input(0)) : null;
      if (passed != null) {
        tensors.put(first, passed);
      }
      weights(flow, node, tensors);
      bodies(flow, node, tensors);
    }
  }

  private @Nullable Named named(Map<String, Named> tensors, @Nullable String value) {
    if (value == null || tensors.containsKey(value)) {
      return value == null ? null : tensors.get(value);
    }
    Tensor constant = network.initializers().get(value);
    return constant == null ? null : new Named(value, constant);
  }

  private void weights(Node flow, Node user, Map<String, Named> tensors) {
    Product product = OperatorRules.product(user);
    if (product == null || product.isLookup()) {
      return;
    }
    for (int operand : product.weights()) {
      Named named = named(tensors, user.input(operand));
      if (named != null && named.tensor().shape().size() > 1) {
        found.putIfAbsent(
            named.name(),
            new BranchWeights(
                named.name(),
                named.tensor().shape(),
                named.tensor().type(),
                flow,
                user,
                reason(flow)));
      }
    }
  }

  private String reason(Node flow) {
    Obstacle obstacle = shapes.at(flow);
    return "in a body of %s%s"
        .formatted(flow.label(), obstacle == null ? "" : ": " + obstacle.problem());
  }
}
