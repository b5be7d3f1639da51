package falcon.model.shape;

import falcon.model.GraphOrder;
import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import falcon.model.operator.OperatorRules;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What the main output needs of a network.
///
/// A node that cannot be run hinders nothing if that output does not need it: the node and what
/// lies behind it are left out. Everything else stays, other outputs included.
public final class OutputNeeds {
  private final Network network;
  private final @Nullable ValueInfo output;

  /// The node that cannot be run, by each node that is left out.
  private final IdentityHashMap<Node, Node> hindrances = new IdentityHashMap<>();

  private OutputNeeds(
      Network network, FollowedShapes shapes, Predicate<Node> canRun, @Nullable ValueInfo output) {
    this.network = network;
    this.output = output;
    if (output == null) {
      return;
    }
    Set<Node> needed = makersOf(List.of(output.name()));
    var makers = new HashMap<String, Node>();
    for (Node node : network.nodes()) {
      if (needed.contains(node)) {
        continue;
      }
      Node hindrance =
          !canRun.test(node) || shapes.isContradictory(node) || ControlFlow.isOf(node)
              ? node
              : null;
      for (String value : GraphOrder.valuesRead(node)) {
        hindrance = hindrance == null ? makers.get(value) : hindrance;
      }
      if (hindrance != null) {
        hindrances.put(node, hindrance);
        for (String made : node.outputs()) {
          makers.put(made, hindrance);
        }
      }
    }
  }

  /// Finds out what the main output needs.
  ///
  /// @param shapes of the network's values
  /// @param canRun whether a node's operator can be computed
  public static OutputNeeds of(Network network, FollowedShapes shapes, Predicate<Node> canRun) {
    return new OutputNeeds(network, shapes, canRun, mainOutput(network));
  }

  /// Finds out what the main output needs, where all operators of known shapes can be
  /// computed.
  public static OutputNeeds of(Network network, FollowedShapes shapes) {
    return of(network, shapes, OutputNeeds::hasShapes);
  }

  private static boolean hasShapes(Node node) {
    var rule = OperatorRules.of(node);
    return rule != null && rule.shapes() != null;
  }

  private static @Nullable ValueInfo mainOutput(Network network) {
    try {
      return network.outputs().isEmpty() ? null : MainOutput.of(network);
    } catch (IllegalArgumentException _) {
      return null; // who asks for that output says so
    }
  }

  /// Returns the node that keeps a node from being run, itself or one before it.
  ///
  /// @return null if the node stays
  public @Nullable Node hindrance(Node node) {
    return hindrances.get(node);
  }

  /// Returns the name of the main output; null if there is none.
  public @Nullable String output() {
    return output == null ? null : output.name();
  }

  /// Returns the network without the nodes that are left out. The output that counts is among its
  /// outputs, even if it is a value inside.
  public Network reduced() {
    if (output == null) {
      return network;
    }
    boolean isListed =
        network.outputs().stream().anyMatch(each -> each.name().equals(output.name()));
    if (hindrances.isEmpty() && isListed) {
      return network;
    }
    var nodes = new ArrayList<Node>();
    var lost = new HashSet<String>();
    for (Node node : network.nodes()) {
      if (hindrance(node) == null) {
        nodes.add(node);
      } else {
        lost.addAll(node.outputs());
      }
    }
    var outputs = new ArrayList<ValueInfo>();
    for (ValueInfo each : network.outputs()) {
      if (!lost.contains(each.name())) {
        outputs.add(each);
      }
    }
    if (!isListed) {
      outputs.add(output);
    }
    Network reduced = network.withNodes(nodes, outputs);
    if (!network.metadata().containsKey(MainOutput.METADATA)) {
      return reduced;
    }
    var metadata = new LinkedHashMap<>(network.metadata());
    metadata.put(MainOutput.METADATA, output.name());
    return reduced.withMetadata(metadata);
  }

  /// Returns the nodes that values depend on.
  private Set<Node> makersOf(List<String> values) {
    Set<Node> nodes = Collections.newSetFromMap(new IdentityHashMap<>());
    var open = new ArrayDeque<>(values);
    while (!open.isEmpty()) {
      Node maker = network.producer(open.pop());
      if (maker != null && nodes.add(maker)) {
        open.addAll(GraphOrder.valuesRead(maker));
      }
    }
    return nodes;
  }
}
