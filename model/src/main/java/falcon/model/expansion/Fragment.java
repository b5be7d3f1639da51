package falcon.model.expansion;

import falcon.model.Attribute;
import falcon.model.Node;
import falcon.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Nodes that take the place of one node. They carry its name, and their values are named after its
/// first output.
final class Fragment {
  private final Node node;
  private final FreshNames names;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();

  Fragment(Node node, FreshNames names) {
    this.node = node;
    this.names = names;
  }

  /// Returns the node that is written out.
  Node node() {
    return node;
  }

  List<Node> nodes() {
    return nodes;
  }

  Map<String, Tensor> constants() {
    return constants;
  }

  /// Returns the name of an output.
  ///
  /// @return null if the node leaves it out
  @Nullable String output(int index) {
    return index < node.outputs().size() && !node.outputs().get(index).isEmpty()
        ? node.outputs().get(index)
        : null;
  }

  /// Adds a node whose value others of the fragment read.
  ///
  /// @param inputs names; null for one that is left out
  /// @return name of its output
  String add(String opType, Map<String, Attribute> attributes, @Nullable String... inputs) {
    String output = names.fresh(node.outputs().getFirst() + "/" + opType);
    make(output, opType, attributes, inputs);
    return output;
  }

  /// Adds a node that makes an output of the node that is written out.
  void make(
      String output, String opType, Map<String, Attribute> attributes, @Nullable String... inputs) {
    makeAll(List.of(output), opType, attributes, inputs);
  }

  /// Adds a node of several outputs.
  ///
  /// @return names of the outputs
  List<String> addAll(
      int outputs, String opType, Map<String, Attribute> attributes, @Nullable String... inputs) {
    var all = new ArrayList<String>();
    for (int i = 0; i < outputs; i++) {
      all.add(names.fresh(node.outputs().getFirst() + "/" + opType));
    }
    makeAll(all, opType, attributes, inputs);
    return all;
  }

  private void makeAll(
      List<String> outputs,
      String opType,
      Map<String, Attribute> attributes,
      @Nullable String... inputs) {
    var given = new ArrayList<String>();
    Arrays.stream(inputs).forEach(input -> given.add(input == null ? "" : input));
    while (!given.isEmpty() && given.getLast().isEmpty()) {
      given.removeLast();
    }
    nodes.add(new Node(node.name(), opType, "", given, outputs, attributes));
  }

  /// Adds one number.
  ///
  /// @return name of the constant
  String number(double value) {
    return constant(Tensor.ofFloats(List.of(), (float) value));
  }

  /// Adds a list of whole numbers.
  ///
  /// @return name of the constant
  String integers(long... values) {
    return constant(Tensor.ofLongs(List.of((long) values.length), values));
  }

  private String constant(Tensor tensor) {
    String name = names.fresh(node.outputs().getFirst() + "/Constant");
    constants.put(name, tensor);
    return name;
  }
}
