package falcon.model.shape;

import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.GraphOrder;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.UnusableNodeException;
import falcon.model.operator.Operands;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Inlines the bodies of control flow whose execution is determined by constants and shapes: an
/// `If` is replaced by its branch, a `Loop` by as many copies of its body as it has iterations, all
/// sharing the same constants.
///
/// Nodes for which this is not determined stay as they are.
///
/// Source: ONNX operator specification, If and Loop.
public final class ControlFlow {
  /// Approximate limit of the memory, in bytes, that copies of bodies and known numbers may take; a
  /// `Loop` that needs more is not unrolled.
  static final long MOST_BYTES = 32L << 20;

  /// The approximate memory, in bytes, of a node, including what it takes to copy it and to follow
  /// shapes through it; and of a character of a name.
  private static final long BYTES_A_NODE = 2500;

  private static final long BYTES_A_CHARACTER = 2;

  /// The greatest depth of nested bodies that is inlined; no real ONNX file is deeper.
  private static final int DEEPEST = 64;

  private final long opset;
  private final SettledValues values;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, String> opaque = new LinkedHashMap<>();
  private long bytes;
  private int depth;
  private boolean isChanged;

  private ControlFlow(Network network) {
    opset = network.opset();
    values = new SettledValues(network);
  }

  /// Inlines the bodies that constants and shapes determine.
  ///
  /// @return the network itself if there are none
  /// @throws IllegalArgumentException if the nodes of a body do not form a graph with the others
  public static Network inlined(Network network) {
    if (network.nodes().stream().noneMatch(ControlFlow::isOf)) {
      return network;
    }
    var flow = new ControlFlow(network);
    network.nodes().forEach(node -> flow.place(node, BodyScope.GRAPH));
    return flow.isChanged
        ? network.withNodes(flow.nodes, flow.readTensors(), flow.readOpaque())
        : network;
  }

  /// Inlines control flow again, with sizes for the axes that the file leaves open.
  ///
  /// @param exampleShapes shapes by input, without the axis of examples
  /// @throws IllegalArgumentException if there is no input of that name, or it contradicts the
  ///     shape
  public static Network withExampleShapes(Network network, Map<String, List<Long>> exampleShapes) {
    return inlined(network.withExampleShapes(exampleShapes));
  }

  /// Returns whether a node selects or repeats a body.
  static boolean isOf(Node node) {
    return node.is("If") || node.is("Loop");
  }

  /// Returns the constants from inlined bodies that some node reads.
  private Map<String, Tensor> readTensors() {
    var used = new LinkedHashMap<>(tensors);
    used.keySet().retainAll(read());
    return used;
  }

  /// Returns the constants from inlined bodies that some node reads and that [Tensor] cannot hold.
  private Map<String, String> readOpaque() {
    var used = new LinkedHashMap<>(opaque);
    used.keySet().retainAll(read());
    return used;
  }

  private Set<String> read() {
    var read = new HashSet<String>();
    nodes.forEach(node -> read.addAll(GraphOrder.valuesRead(node)));
    return read;
  }

  /// Returns an exception that explains why a control-flow node was not inlined.
  static UnusableNodeException left(Operands operands) {
    Node node = operands.node();
    int decisive = node.is("If") || node.input(0) == null ? 0 : 1;
    String advice =
        "Export the network traced, not scripted, for the sizes that it will get, or give them (%s)."
            .formatted(ModelOption.INPUT_SHAPE);
    for (int i = 0; i <= decisive; i++) {
      String input = node.input(i);
      if (input != null && operands.has(i) && operands.value(i).numbers() == null) {
        String what = node.is("If") ? "branch" : "number of iterations";
        return new UnusableNodeException(
            node, "its %s depends on data ('%s')".formatted(what, input), advice);
      }
    }
    return new UnusableNodeException(
        node,
        "what it runs depends on data or on the number of examples, or takes more than %d MiB written out"
            .formatted(MOST_BYTES >> 20),
        advice);
  }

  private void place(Node node, BodyScope scope) {
    Node placed = scope.of(node);
    int mark = nodes.size();
    if (isOf(placed) && bytes <= MOST_BYTES && depth < DEEPEST) {
      depth++;
      boolean isTaken = placed.is("If") ? choose(node, placed, scope) : unroll(node, placed, scope);
      depth--;
      if (isTaken) {
        isChanged = true;
        return;
      }
      nodes.subList(mark, nodes.size()).clear();
    }
    add(placed);
  }

  private void add(Node node) {
    nodes.add(node);
    if (bytes <= MOST_BYTES) {
      bytes += values.follow(node);
    }
  }

  /// Replaces an `If` by its branch.
  ///
  /// @param node the node with its names in the surrounding body
  /// @param placed the same node with its names in the graph
  /// @return false if it must stay
  private boolean choose(Node node, Node placed, BodyScope scope) {
    Double condition = placed.input(0) == null ? null : values.number(placed.inputs().getFirst());
    if (condition == null
        || !(node.attributes().get(condition == 0 ? "else_branch" : "then_branch")
            instanceof Attribute.GraphValue(Attribute.Subgraph body))
        || body.outputs().size() < placed.outputs().size()) {
      return false;
    }
    var inside = BodyScope.of(body, "", scope);
    Set<String> made = madeBy(body);
    var copied = new ArrayList<Integer>();
    for (int i = 0; i < placed.outputs().size(); i++) {
      String output = placed.outputs().get(i);
      if (made.remove(body.outputs().get(i)) && !output.isEmpty()) {
        inside.rename(body.outputs().get(i), output);
      } else {
        copied.add(i);
      }
    }
    run(body, inside);
    for (int i : copied) {
      copy(placed, inside.of(body.outputs().get(i)), placed.outputs().get(i));
    }
    return bytes <= MOST_BYTES;
  }

  /// Returns the values that nodes of a body compute, constants excluded.
  private static Set<String> madeBy(Attribute.Subgraph body) {
    var made = new HashSet<String>();
    for (Node node : body.nodes()) {
      if (node.constant() == null) {
        made.addAll(node.outputs());
      }
    }
    return made;
  }

  /// Replaces a `Loop` by its iterations.
  ///
  /// @param node the node with its names in the surrounding body
  /// @param placed the same node with its names in the graph
  /// @return false if it must stay
  private boolean unroll(Node node, Node placed, BodyScope scope) {
    int carried = placed.inputs().size() - 2;
    if (!(node.attributes().get("body") instanceof Attribute.GraphValue(Attribute.Subgraph body))
        || carried < 0
        || body.inputs().size() != carried + 2
        || body.outputs().size() <= carried
        || body.outputs().size() - 1 < placed.outputs().size()) {
      return false;
    }
    Double trips = number(placed, 0, Double.POSITIVE_INFINITY);
    Double isGoing = number(placed, 1, 1);
    List<String> state = placed.inputs().subList(2, placed.inputs().size());
    var rows = new ArrayList<List<String>>();
    for (long trip = 0; trips != null && isGoing != null && isGoing != 0 && trip < trips; trip++) {
      var inside = BodyScope.of(body, trip + "/", scope);
      constant(inside.of(body.inputs().get(0)), Tensor.ofLongs(List.of(), trip));
      constant(inside.of(body.inputs().get(1)), truth());
      for (int i = 0; i < carried; i++) {
        inside.rename(body.inputs().get(i + 2), state.get(i));
      }
      run(body, inside);
      if (bytes > MOST_BYTES) {
        return false;
      }
      List<String> results = inside.of(body.outputs());
      isGoing = values.number(results.getFirst());
      state = results.subList(1, carried + 1);
      rows.add(results.subList(carried + 1, results.size()));
    }
    return trips != null && isGoing != null && finish(placed, state, rows);
  }

  /// @param absent the value if the node omits the input
  private @Nullable Double number(Node node, int input, double absent) {
    String value = node.input(input);
    return value == null ? Double.valueOf(absent) : values.number(value);
  }

  private static Tensor truth() {
    return Tensor.ofBytes(DataType.BOOL, List.of(), new byte[] {1});
  }

  /// Adds nodes that write the outputs of a `Loop`.
  ///
  /// @param state last values of the loop-carried variables
  /// @param rows values that each iteration adds to the scan outputs
  /// @return false if a scan output has no rows
  private boolean finish(Node loop, List<String> state, List<List<String>> rows) {
    for (int i = 0; i < loop.outputs().size(); i++) {
      String output = loop.outputs().get(i);
      if (output.isEmpty()) {
        continue;
      }
      if (i < state.size()) {
        copy(loop, state.get(i), output);
      } else if (rows.isEmpty()) {
        return false; // without rows their shape is unknown
      } else {
        stack(loop, i - state.size(), rows, output);
      }
    }
    return true;
  }

  /// Stacks the values of all iterations along a new first axis.
  private void stack(Node loop, int column, List<List<String>> rows, String output) {
    var stacked = new ArrayList<String>();
    String axes = output + "/axes";
    if (opset >= 13) {
      constant(axes, Tensor.ofLongs(List.of(1L), 0));
    }
    Map<String, Attribute> inside =
        opset >= 13 ? Map.of() : Map.of("axes", new Attribute.IntegerList(List.of(0L)));
    for (int i = 0; i < rows.size(); i++) {
      String row = rows.get(i).get(column);
      stacked.add(output + "/" + i);
      List<String> inputs = opset >= 13 ? List.of(row, axes) : List.of(row);
      add(new Node(loop.name(), "Unsqueeze", "", inputs, List.of(stacked.getLast()), inside));
    }
    Map<String, Attribute> axis = Map.of("axis", new Attribute.IntegerValue(0));
    add(new Node(loop.name(), "Concat", "", stacked, List.of(output), axis));
  }

  private void copy(Node flow, String value, String output) {
    if (!output.isEmpty()) {
      add(new Node(flow.name(), "Identity", "", List.of(value), List.of(output), Map.of()));
    }
  }

  private void run(Attribute.Subgraph body, BodyScope inside) {
    bytes += BYTES_A_NODE * (1 + body.tensors().size());
    body.tensors().forEach((name, tensor) -> constant(inside.of(name), tensor));
    body.opaque().forEach((name, kind) -> opaque.put(inside.of(name), kind));
    for (Node node : body.nodes()) {
      if (bytes > MOST_BYTES) {
        return;
      }
      bytes += bytes(node);
      Tensor constant = node.constant();
      if (constant != null) {
        constant(inside.of(node.outputs().getFirst()), constant);
      } else {
        place(node, inside);
      }
    }
  }

  private void constant(String name, Tensor tensor) {
    tensors.put(name, tensor);
    values.constant(name, tensor);
  }

  /// Returns the approximate memory of a node's copy, nested bodies included.
  private static long bytes(Node node) {
    long bytes = BYTES_A_NODE;
    for (List<String> names : List.of(node.inputs(), node.outputs())) {
      for (String name : names) {
        bytes += BYTES_A_CHARACTER * name.length();
      }
    }
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.GraphValue(Attribute.Subgraph body)) {
        bytes += body.nodes().stream().mapToLong(ControlFlow::bytes).sum();
      } else if (attribute instanceof Attribute.GraphList(List<Attribute.Subgraph> bodies)) {
        for (Attribute.Subgraph body : bodies) {
          bytes += BYTES_A_NODE + body.nodes().stream().mapToLong(ControlFlow::bytes).sum();
        }
      }
    }
    return bytes;
  }
}
