package falcon.runtime.program;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.UnusableNodeException;
import falcon.runtime.operator.Operators;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The operators of a network that the runtime does not compute.
public final class MissingOperators {
  static final String INSTEAD =
      "Run this network by ONNX Runtime, which has all of ONNX's operators.";

  /// Nodes that a message names of each operator.
  private static final int MOST_NODES = 3;

  private MissingOperators() {}

  /// Describes all missing operators that the outputs depend on.
  ///
  /// @return one line for each: its name, how many nodes, and the first of them; empty if none is
  ///     missing
  public static List<String> of(Network network) {
    Map<String, List<Node>> missing = new LinkedHashMap<>();
    for (Node node : LiveNodes.of(network)) {
      if (Operators.of(node) == null) {
        String name = node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType();
        missing.computeIfAbsent(name, _ -> new ArrayList<>()).add(node);
      }
    }
    var lines = new ArrayList<String>();
    missing.forEach((name, nodes) -> {
      List<String> labels = nodes.stream().limit(MOST_NODES).map(Node::label).toList();
      String more = nodes.size() > MOST_NODES ? ", … (%d nodes)".formatted(nodes.size()) : "";
      lines.add("%s: %s%s".formatted(name, String.join(", ", labels), more));
    });
    return lines;
  }

  static UnusableNodeException missing(Node node) {
    return new UnusableNodeException(node, "the operator is not computed here", INSTEAD);
  }
}
