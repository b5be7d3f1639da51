package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.GraphOrder;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes out the nodes of a graph that stand for several others: calls of local functions become
/// the nodes of the function, and operators of ONNX Runtime become operators of ONNX.
///
/// Nodes in bodies of control flow are written out in place. A constant in a function is one tensor
/// that all calls share, as in the file.
public final class Expansion {
  /// Greatest number of bytes that the copies of functions take, about.
  static final long MOST_BYTES = 128L << 20;

  /// Bytes of a copied node, about, and of a character of its names.
  private static final long BYTES_A_NODE = 1000;

  private static final long BYTES_A_CHARACTER = 2;

  /// Greatest depth of calls within calls.
  private static final int DEEPEST = 64;

  private final Source source;
  private final FreshNames names = new FreshNames();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private long bytes;
  private int depth;

  private Expansion(Source source, List<Node> nodes, Collection<String> given) {
    this.source = source;
    names.take(given);
    nodes.forEach(names::take);
  }

  /// What is known of the file.
  public interface Source {
    /// Returns whether the file defines functions.
    boolean hasFunctions();

    /// Returns the function that a node calls.
    ///
    /// @return null if it calls none
    @Nullable LocalFunction function(Node node);

    /// Returns the version of ONNX's own operator set.
    long opset();

    /// Returns the name that a tensor in an attribute of a call has in the file.
    ///
    /// @return null if it has none
    @Nullable String nameOf(Tensor tensor);

    /// Returns the shape of a constant.
    ///
    /// @return null if the value is not known to be one
    @Nullable List<Long> constantShape(String value);

    /// Returns the number of axes of a value.
    ///
    /// @return null if the file does not say
    @Nullable Integer rank(String value);
  }

  /// A graph whose nodes are written out.
  ///
  /// @param nodes all nodes, without `Constant` nodes of functions
  /// @param constants constants that functions hold, by their names in the graph
  public record Result(List<Node> nodes, Map<String, Tensor> constants) {}

  /// Writes out the nodes of a graph.
  ///
  /// @param nodes nodes of the main graph, in file order
  /// @param given names of inputs and constants
  /// @throws IllegalArgumentException if a function calls itself, its nodes mean something else in
  ///     the operator set of the graph, or the nodes would take more than [#MOST_BYTES]
  public static Result of(Source source, List<Node> nodes, Collection<String> given) {
    if (!source.hasFunctions() && !areToBeWritten(nodes)) {
      return new Result(nodes, Map.of());
    }
    var expansion = new Expansion(source, nodes, given);
    return new Result(expansion.expanded(nodes), expansion.constants);
  }

  /// Returns whether one of the nodes, or of those in their bodies, is an operator of ONNX Runtime.
  private static boolean areToBeWritten(List<Node> nodes) {
    for (Node node : nodes) {
      if (RuntimeOperators.isKnown(node)) {
        return true;
      }
      for (Attribute attribute : node.attributes().values()) {
        if (attribute instanceof Attribute.GraphValue(Attribute.Subgraph body)
            && areToBeWritten(body.nodes())) {
          return true;
        }
        if (attribute instanceof Attribute.GraphList(List<Attribute.Subgraph> bodies)) {
          for (Attribute.Subgraph body : bodies) {
            if (areToBeWritten(body.nodes())) {
              return true;
            }
          }
        }
      }
    }
    return false;
  }

  private List<Node> expanded(List<Node> nodes) {
    var all = new ArrayList<Node>();
    nodes.forEach(node -> place(node, all::add));
    return all;
  }

  private void place(Node node, Consumer<Node> to) {
    LocalFunction function = source.function(node);
    if (function != null) {
      call(node, function, to);
      return;
    }
    var fragment = new Fragment(node, names);
    if (RuntimeOperators.write(fragment, source)) {
      fragment.nodes().forEach(to);
      constants.putAll(fragment.constants());
    } else {
      to.accept(withBodies(node));
    }
  }

  /// Returns a node whose bodies are written out.
  private Node withBodies(Node node) {
    boolean hasBody =
        node.attributes().values().stream()
            .anyMatch(attribute ->
                attribute instanceof Attribute.GraphValue
                    || attribute instanceof Attribute.GraphList);
    if (!hasBody) {
      return node;
    }
    var attributes = new LinkedHashMap<>(node.attributes());
    attributes.replaceAll((_, attribute) ->
        switch (attribute) {
          case Attribute.GraphValue(Attribute.Subgraph body) ->
              new Attribute.GraphValue(expanded(body));
          case Attribute.GraphList(List<Attribute.Subgraph> bodies) ->
              new Attribute.GraphList(bodies.stream().map(this::expanded).toList());
          default -> attribute;
        });
    return new Node(
        node.name(), node.opType(), node.domain(), node.inputs(), node.outputs(), attributes);
  }

  private Attribute.Subgraph expanded(Attribute.Subgraph body) {
    return new Attribute.Subgraph(
        body.path(),
        expanded(body.nodes()),
        body.inputs(),
        body.outputs(),
        body.tensors(),
        body.opaque());
  }

  /// Writes out the call of a function.
  private void call(Node node, LocalFunction function, Consumer<Node> to) {
    if (depth == DEEPEST) {
      throw new IllegalArgumentException(
          "function '%s' calls itself, or functions call each other more than %d deep"
              .formatted(node.opType(), DEEPEST));
    }
    CallScope scope = scope(node, function);
    var inside = new ArrayList<Node>();
    for (Node own : function.nodes()) {
      Versions.requireSame(node, function, own, source.opset());
      if (!isConstant(own, function, scope)) {
        inside.add(own);
      }
    }
    Map<Integer, String> copied = nameOutputs(node, function, inside, scope);
    depth++;
    for (Node own : inside) {
      Node called = scope.of(own);
      count(called);
      place(called, to);
    }
    depth--;
    copied.forEach((output, name) ->
        to.accept(
            new Node(
                node.name(),
                "Identity",
                "",
                List.of(scope.of(function.outputs().get(output))),
                List.of(name),
                Map.of())));
  }

  private CallScope scope(Node node, LocalFunction function) {
    var attributes = new LinkedHashMap<>(function.defaults());
    attributes.putAll(node.attributes());
    String called = node.outputs().stream().filter(name -> !name.isEmpty()).findFirst().orElse("");
    String prefix = names.fresh(called + "/");
    CallScope scope = CallScope.of(prefix, attributes, this::given);
    for (int i = 0; i < function.inputs().size(); i++) {
      String input = node.input(i);
      scope.name(function.inputs().get(i), input == null ? "" : input);
    }
    for (Node own : function.nodes()) {
      for (String output : own.outputs()) {
        if (!output.isEmpty()) {
          scope.name(output, prefix + output);
        }
      }
    }
    return scope;
  }

  /// Names the values that are outputs of a call.
  ///
  /// @return the outputs that need a copy since the function returns an input, a constant or a
  ///     value twice: their names by number
  private static Map<Integer, String> nameOutputs(
      Node node, LocalFunction function, List<Node> inside, CallScope scope) {
    var made = new HashSet<String>();
    inside.forEach(own -> made.addAll(own.outputs()));
    var copied = new LinkedHashMap<Integer, String>();
    if (node.outputs().size() > function.outputs().size()) {
      throw new IllegalArgumentException(
          "%s has %d outputs, its function %d"
              .formatted(node.label(), node.outputs().size(), function.outputs().size()));
    }
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      if (output.isEmpty()) {
        continue;
      }
      if (made.remove(function.outputs().get(i))) {
        scope.name(function.outputs().get(i), output);
      } else {
        copied.put(i, output);
      }
    }
    return copied;
  }

  /// Makes a constant of the graph of a `Constant` node of a function.
  ///
  /// @return false if it is another node, or its value is of a kind that [Tensor] cannot hold
  private boolean isConstant(Node own, LocalFunction function, CallScope scope) {
    if (!own.is("Constant") || own.outputs().size() != 1) {
      return false;
    }
    String output = own.outputs().getFirst();
    Tensor tensor = own.constant();
    if (tensor != null) {
      String name = function.path() + output;
      if (!constants.containsKey(name) && names.isTaken(name)) {
        throw new IllegalArgumentException("two values are named '%s'".formatted(name));
      }
      constants.put(name, tensor);
      names.take(List.of(name));
      scope.name(output, name);
      return true;
    }
    tensor = scope.of(own).constant();
    if (tensor == null) {
      return false;
    }
    String given = given(tensor);
    if (given == null) {
      given = scope.of(output);
      constants.put(given, tensor);
    }
    scope.name(output, given);
    return true;
  }

  /// Makes a constant of the graph of a tensor in an attribute of a call.
  ///
  /// @return null if the tensor is none of the file's
  private @Nullable String given(Tensor tensor) {
    String name = source.nameOf(tensor);
    if (name != null) {
      constants.put(name, tensor);
    }
    return name;
  }

  private void count(Node node) {
    bytes += BYTES_A_NODE;
    for (String name : GraphOrder.valuesRead(node)) {
      bytes += BYTES_A_CHARACTER * name.length();
    }
    for (String name : node.outputs()) {
      bytes += BYTES_A_CHARACTER * name.length();
    }
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.GraphValue(Attribute.Subgraph body)) {
        body.nodes().forEach(this::count);
      } else if (attribute instanceof Attribute.GraphList(List<Attribute.Subgraph> bodies)) {
        bodies.forEach(body -> body.nodes().forEach(this::count));
      }
    }
    if (bytes > MOST_BYTES) {
      throw new IllegalArgumentException(
          "its functions, written out, take more than %d MiB".formatted(MOST_BYTES >> 20));
    }
  }
}
