package falcon.runtime.program;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The nodes that the outputs of a network depend on.
final class LiveNodes {
  private LiveNodes() {}

  static List<Node> of(Network network) {
    Set<String> needed = new HashSet<>();
    for (ValueInfo output : network.outputs()) {
      needed.add(output.name());
    }
    var live = new ArrayList<Node>();
    for (Node node : network.nodes().reversed()) {
      if (node.outputs().stream().anyMatch(needed::contains)) {
        live.add(node);
        needed.addAll(node.inputs());
      }
    }
    return List.copyOf(live.reversed());
  }
}
