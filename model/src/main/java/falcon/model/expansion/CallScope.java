package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Names and attributes of a function's nodes in one of its calls.
///
/// Bodies of control flow stay bodies. What they make is named by the call, too, so that the copies
/// of two calls can be inlined side by side; their constants keep their names and are shared.
final class CallScope {
  private final @Nullable CallScope around;
  private final String prefix;
  private final Map<String, Attribute> attributes;
  private final Constants constants;
  private final Map<String, String> names = new HashMap<>();

  /// Makes constants of the graph out of constants that a call gives as attributes.
  @FunctionalInterface
  interface Constants {
    /// @param tensor value of a `Constant` node in a body
    /// @return name of the constant in the graph; null if the node stays in its body
    @Nullable String of(Tensor tensor);
  }

  private CallScope(
      @Nullable CallScope around,
      String prefix,
      Map<String, Attribute> attributes,
      Constants constants) {
    this.around = around;
    this.prefix = prefix;
    this.attributes = attributes;
    this.constants = constants;
  }

  /// Returns the scope of a call.
  ///
  /// @param prefix a prefix for the values that the call makes
  /// @param attributes the function's attributes by name
  static CallScope of(String prefix, Map<String, Attribute> attributes, Constants constants) {
    return new CallScope(null, prefix, attributes, constants);
  }

  /// Sets what a value of the function is called.
  void name(String own, String called) {
    names.put(own, called);
  }

  String of(String name) {
    if (name.isEmpty()) {
      return name;
    }
    for (CallScope scope = this; scope != null; scope = scope.around) {
      String found = scope.names.get(name);
      if (found != null) {
        return found;
      }
    }
    return name;
  }

  private List<String> of(List<String> all) {
    return all.stream().map(this::of).toList();
  }

  /// Returns a node of the function as the call has it.
  Node of(Node node) {
    return new Node(
        node.name(),
        node.opType(),
        node.domain(),
        of(node.inputs()),
        of(node.outputs()),
        attributes(node));
  }

  /// Returns the attributes of a node; a reference to an attribute that the call leaves out and
  /// that has no default is left out, too.
  Map<String, Attribute> attributes(Node node) {
    var resolved = new LinkedHashMap<String, Attribute>();
    node.attributes()
        .forEach((name, attribute) -> {
          Attribute value =
              switch (attribute) {
                case Attribute.Reference(String referred) -> attributes.get(referred);
                case Attribute.GraphValue(Attribute.Subgraph body) ->
                    new Attribute.GraphValue(within(body));
                case Attribute.GraphList(List<Attribute.Subgraph> bodies) ->
                    new Attribute.GraphList(bodies.stream().map(this::within).toList());
                default -> attribute;
              };
          if (value != null) {
            resolved.put(name, value);
          }
        });
    return resolved;
  }

  private Attribute.Subgraph within(Attribute.Subgraph body) {
    var inside = new CallScope(this, prefix, attributes, constants);
    var nodes = new ArrayList<Node>();
    body.inputs().forEach(name -> inside.names.put(name, prefix + name));
    body.tensors().keySet().forEach(name -> inside.names.put(name, name));
    body.opaque().keySet().forEach(name -> inside.names.put(name, name));
    for (Node node : body.nodes()) {
      String given = given(node);
      if (given != null) {
        inside.names.put(node.outputs().getFirst(), given);
        continue;
      }
      String place = node.constant() == null ? prefix : "";
      node.outputs().forEach(name -> inside.names.put(name, name.isEmpty() ? name : place + name));
      nodes.add(node);
    }
    nodes.replaceAll(inside::of);
    return new Attribute.Subgraph(
        body.path(),
        nodes,
        inside.of(body.inputs()),
        inside.of(body.outputs()),
        body.tensors(),
        body.opaque());
  }

  /// Returns the name in the graph of a `Constant` whose value is an attribute of the call.
  ///
  /// @return null if it is another node, or one that stays
  private @Nullable String given(Node node) {
    if (!node.is("Constant")
        || node.attributes().values().stream().noneMatch(Attribute.Reference.class::isInstance)) {
      return null;
    }
    Tensor tensor = of(node).constant();
    return tensor == null ? null : constants.of(tensor);
  }
}
