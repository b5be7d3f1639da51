package falcon.model.shape;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the names in a body of control flow are called once it stands in the graph around it.
///
/// A name that the body makes itself hides that of the graphs around it.
final class BodyScope {
  /// The graph itself, where everything keeps its name.
  static final BodyScope GRAPH = new BodyScope(null, "");

  private final @Nullable BodyScope around;

  /// Which iteration of each loop around this is.
  private final String iterations;

  private final Map<String, String> names = new HashMap<>();

  private BodyScope(@Nullable BodyScope around, String iterations) {
    this.around = around;
    this.iterations = iterations;
  }

  /// Names inside of a body: the body's path stands before them, and for values that each run of it
  /// makes anew the iteration.
  ///
  /// @param iteration of a loop with a slash behind it, empty for a branch
  static BodyScope of(Attribute.Subgraph body, String iteration, BodyScope around) {
    var scope = new BodyScope(around, around.iterations + iteration);
    String prefix = body.path() + scope.iterations;
    body.inputs().forEach(name -> scope.names.put(name, prefix + name));
    for (Node node : body.nodes()) {
      String place = node.constant() == null ? prefix : body.path();
      node.outputs().forEach(name -> scope.names.put(name, place + name));
    }
    body.tensors().keySet().forEach(name -> scope.names.put(name, body.path() + name));
    body.opaque().keySet().forEach(name -> scope.names.put(name, body.path() + name));
    return scope;
  }

  /// Calls a value of the body otherwise.
  void rename(String name, String other) {
    names.put(name, other);
  }

  /// What a name of the body is called.
  String of(String name) {
    if (name.isEmpty()) {
      return name;
    }
    for (BodyScope scope = this; scope != null; scope = scope.around) {
      String found = scope.names.get(name);
      if (found != null) {
        return found;
      }
    }
    return name;
  }

  List<String> of(List<String> all) {
    return all.stream().map(this::of).toList();
  }

  /// A node of the body as it stands in the graph; bodies that it has itself stay bodies.
  Node of(Node node) {
    if (around == null) {
      return node;
    }
    var attributes = new LinkedHashMap<>(node.attributes());
    attributes.replaceAll((_, attribute) ->
        switch (attribute) {
          case Attribute.GraphValue(Attribute.Subgraph body) ->
              new Attribute.GraphValue(within(body));
          case Attribute.GraphList(List<Attribute.Subgraph> bodies) ->
              new Attribute.GraphList(bodies.stream().map(this::within).toList());
          default -> attribute;
        });
    return new Node(
        node.name(),
        node.opType(),
        node.domain(),
        of(node.inputs()),
        of(node.outputs()),
        attributes);
  }

  /// A body whose own names stay, while those that it takes from around it follow.
  private Attribute.Subgraph within(Attribute.Subgraph body) {
    var inside = new BodyScope(this, iterations);
    body.inputs().forEach(name -> inside.names.put(name, name));
    body.tensors().keySet().forEach(name -> inside.names.put(name, name));
    body.opaque().keySet().forEach(name -> inside.names.put(name, name));
    body.nodes().forEach(node -> node.outputs().forEach(name -> inside.names.put(name, name)));
    var nodes = new ArrayList<Node>();
    body.nodes().forEach(node -> nodes.add(inside.of(node)));
    return new Attribute.Subgraph(
        body.path(),
        nodes,
        body.inputs(),
        inside.of(body.outputs()),
        body.tensors(),
        body.opaque());
  }
}
