package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Names for values that come into a graph: none that the graph or one of its bodies has already.
final class FreshNames {
  private final Set<String> taken = new HashSet<>();
  private long number;

  void take(Collection<String> names) {
    taken.addAll(names);
  }

  /// Takes all names of a node, those in its bodies included.
  void take(Node node) {
    taken.addAll(node.inputs());
    taken.addAll(node.outputs());
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.GraphValue(Attribute.Subgraph body)) {
        take(body);
      } else if (attribute instanceof Attribute.GraphList(List<Attribute.Subgraph> bodies)) {
        bodies.forEach(this::take);
      }
    }
  }

  private void take(Attribute.Subgraph body) {
    taken.addAll(body.inputs());
    taken.addAll(body.tensors().keySet());
    taken.addAll(body.opaque().keySet());
    body.nodes().forEach(this::take);
  }

  /// Returns whether a name is in use.
  boolean isTaken(String name) {
    return taken.contains(name);
  }

  /// Returns the name, or with a number behind it if it is in use.
  String fresh(String wanted) {
    String name = wanted;
    while (!taken.add(name)) {
      name = wanted + "#" + ++number;
    }
    return name;
  }
}
