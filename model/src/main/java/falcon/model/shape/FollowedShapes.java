package falcon.model.shape;

import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.UnusableNodeException;
import falcon.model.ValueInfo;
import falcon.model.operator.InferredValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The shapes of a network as far as they can be inferred: values after a node that cannot be
/// inferred are omitted.
///
/// [ShapeInference] stops at the first node of unknown shapes; this class continues past it, so
/// that a network with one unknown operator can still be shown.
public final class FollowedShapes {
  private final Network network;
  private final Map<String, InferredValue> values = new LinkedHashMap<>();
  private final Map<String, Obstacle> obstacleByValue = new HashMap<>();
  private final List<Obstacle> obstacles = new ArrayList<>();
  private final IdentityHashMap<Node, Obstacle> obstacleByNode = new IdentityHashMap<>();

  private FollowedShapes(Network network) {
    this.network = network;
  }

  /// Infers shapes.
  ///
  /// @param inputShapes shapes of graph inputs by name; a missing input has the shape that the
  ///     network declares, with one example where the number of examples is open
  /// @throws IllegalArgumentException if a shape contradicts the graph
  public static FollowedShapes of(Network network, Map<String, List<Long>> inputShapes) {
    var followed = new FollowedShapes(network);
    for (ValueInfo input : network.inputs()) {
      List<Long> given = inputShapes.get(input.name());
      if (given != null) {
        List<Long> shape = ShapeInference.checked(network, input, inputShapes);
        followed.values.put(input.name(), ShapeInference.known(network, input, shape));
      } else {
        followed.input(network, input);
      }
    }
    network
        .initializers()
        .forEach((name, tensor) -> followed.values.put(name, InferredValue.of(tensor)));
    network
        .opaqueInitializers()
        .forEach((name, kind) ->
            followed.block(
                name,
                new Obstacle(
                    null,
                    "the shape of constant '%s' (%s) is not known".formatted(name, kind),
                    "Export the network with plain tensors.")));
    network.nodes().forEach(followed::node);
    return followed;
  }

  /// Returns the shape of a value.
  ///
  /// @return null if it is not known
  public @Nullable List<Long> of(String value) {
    InferredValue known = values.get(value);
    return known == null ? null : known.shape();
  }

  /// Returns the obstacle that keeps a node's inputs or outputs from being known.
  ///
  /// @return null if they are known
  public @Nullable Obstacle before(Node node) {
    for (String input : node.inputs()) {
      if (obstacleByValue.containsKey(input)) {
        return obstacleByValue.get(input);
      }
    }
    return node.outputs().isEmpty() ? null : obstacleByValue.get(node.outputs().getFirst());
  }

  /// Returns the obstacle at a node itself.
  ///
  /// @return null if there is none, or if an obstacle before it already hides the node's inputs
  public @Nullable Obstacle at(Node node) {
    return obstacleByNode.get(node);
  }

  /// Returns whether no implementation can run a node, because it contradicts its inputs.
  public boolean isContradictory(Node node) {
    Obstacle obstacle = at(node);
    return obstacle != null && obstacle.isContradiction();
  }

  /// Returns all obstacles to shape inference, inputs first, then nodes in graph order.
  public List<Obstacle> obstacles() {
    return List.copyOf(obstacles);
  }

  private void input(Network network, ValueInfo input) {
    try {
      List<Long> shape = ShapeInference.inputShape(network, input, 1);
      values.put(input.name(), ShapeInference.known(network, input, shape));
    } catch (IllegalArgumentException e) {
      block(
          input.name(),
          new Obstacle(
              null,
              String.valueOf(e.getMessage()),
              "Its sizes decide how often weights are used."));
      obstacles.add(obstacleByValue.get(input.name()));
    }
  }

  private void node(Node node) {
    Obstacle before = node.is("Constant") ? null : before(node);
    if (before == null) {
      try {
        List<InferredValue> results = ShapeInference.results(node, values);
        for (int i = 0; i < node.outputs().size(); i++) {
          if (i < results.size()) {
            values.put(node.outputs().get(i), results.get(i));
          }
        }
        before = unmade(node);
      } catch (UnusableNodeException e) {
        before = obstacle(node, e);
        obstacles.add(before);
        obstacleByNode.put(node, before);
      }
    } else if (!node.domain().isEmpty()) {
      obstacles.add(
          new Obstacle(
              node,
              "operators of this domain are not known",
              "Export the network without it, or ask for it to be added."));
    }
    for (String output : node.outputs()) {
      if (before != null && !output.isEmpty() && !values.containsKey(output)) {
        block(output, before);
      }
    }
  }

  /// Returns what is wrong at a node; names the inputs that control flow depends on.
  private Obstacle obstacle(Node node, UnusableNodeException e) {
    String inputs = ControlFlow.isOf(node) ? FlowInputs.of(network, node) : "";
    return inputs.isEmpty()
        ? new Obstacle(node, e.problem(), e.advice(), e.isContradiction())
        : new Obstacle(
            node,
            "its %s depends on %s"
                .formatted(node.is("If") ? "branch" : "number of iterations", inputs),
            "Fix that input for all samples (%s), or export the network traced, not scripted."
                .formatted(ModelOption.INPUT));
  }

  /// An output that somebody reads, that the node has and its shape rule does not.
  private @Nullable Obstacle unmade(Node node) {
    for (String output : node.outputs()) {
      if (!output.isEmpty() && !values.containsKey(output) && isRead(output)) {
        return new Obstacle(
            node,
            "the shape of its output '%s' is not known".formatted(output),
            "Export the network without it.");
      }
    }
    return null;
  }

  /// Returns whether a node reads a value or the network returns it.
  boolean isRead(String value) {
    return !network.consumers(value).isEmpty()
        || network.outputs().stream().anyMatch(output -> output.name().equals(value));
  }

  private void block(String value, Obstacle obstacle) {
    obstacleByValue.put(value, obstacle);
  }
}
