package falcon.model.shape;

import falcon.model.Attribute;
import falcon.model.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Maps the names in a control-flow body to the names that they have once the body is inlined into
/// the surrounding graph.
///
/// A name that the body defines itself shadows that of the graphs around it.
final class BodyScope {
  /// The scope of the graph itself, where every name stays as it is.
  static final BodyScope GRAPH = new BodyScope(null, "");

  private final @Nullable BodyScope around;

  /// The iteration of each surrounding loop, as a path.
  private final String iterations;

  private final Map<String, String> names = new HashMap<>();

  private BodyScope(@Nullable BodyScope around, String iterations) {
    this.around = around;
    this.iterations = iterations;
  }

  /// Creates the scope of a body: its names get the body's path as a prefix; values that each run
  /// of the body computes also get the iteration's number.
  ///
  /// @param iteration iteration of a loop with a slash after it, empty for a branch
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

  /// Gives a value of the body another name.
  void rename(String name, String other) {
    names.put(name, other);
  }

  /// Returns the inlined name of a name in the body.
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

  /// Returns a node of the body with inlined names; nested bodies remain bodies.
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

  /// Returns a nested body whose own names stay, while the names that it reads from outside are
  /// mapped.
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
