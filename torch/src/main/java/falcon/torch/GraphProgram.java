package falcon.torch;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A network's nodes in running order, which of them makes a value and how often it is read.
final class GraphProgram {
  private final Network network;
  private final Map<String, Integer> uses = new HashMap<>();
  private final Map<String, Integer> producedBy = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();

  GraphProgram(Network network) {
    this.network = network;
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      for (String input : node.inputs()) {
        uses.merge(input, 1, Integer::sum);
      }
      for (String output : node.outputs()) {
        producedBy.put(output, i);
      }
    }
    network.outputs().forEach(output -> outputs.add(output.name()));
  }

  Network network() {
    return network;
  }

  List<Node> nodes() {
    return network.nodes();
  }

  /// @return names of the inputs that the user gives, in the network's order
  List<String> inputs() {
    return network.inputs().stream().map(ValueInfo::name).toList();
  }

  String output() {
    return network.outputs().getFirst().name();
  }

  /// @return number of the node that makes the value, −1 for the network's input
  int producerOf(String value) {
    Integer producer = producedBy.get(value);
    return producer == null ? -1 : producer;
  }

  /// @return numbers of the nodes that a node's result depends on, itself included, in running order
  List<Integer> ancestors(int node) {
    var needed = new TreeSet<Integer>();
    var open = new ArrayDeque<Integer>(List.of(node));
    while (!open.isEmpty()) {
      int index = open.pop();
      if (needed.add(index)) {
        for (String input : nodes().get(index).inputs()) {
          int producer = producerOf(input);
          if (producer >= 0) {
            open.push(producer);
          }
        }
      }
    }
    return List.copyOf(needed);
  }

  /// @return whether the value depends on what the node makes
  boolean dependsOn(String value, int node) {
    int producer = producerOf(value);
    return producer >= 0 && ancestors(producer).contains(node);
  }

  /// @return how often nodes read the value; an output of the network counts once more
  int uses(String value) {
    return uses.getOrDefault(value, 0) + (outputs.contains(value) ? 1 : 0);
  }

  /// Values that all information from the inputs to the output passes through, in running order: once
  /// such a value is there, no later node reads anything older that depends on the inputs.
  List<String> cutValues() {
    var cuts = new ArrayList<String>();
    var readsLeft = new HashMap<String, Integer>();
    inputs().forEach(input -> readsLeft.put(input, uses(input)));
    Set<String> dependent = new HashSet<>(inputs());
    for (Node node : nodes()) {
      boolean isDependent = node.inputs().stream().anyMatch(dependent::contains);
      if (isDependent) {
        for (String operand : node.inputs()) {
          readsLeft.computeIfPresent(operand, (_, left) -> left - 1);
        }
        for (String made : node.outputs()) {
          dependent.add(made);
          readsLeft.put(made, uses(made));
        }
        readsLeft.values().removeIf(left -> left == 0);
        String made = node.outputs().getFirst();
        if (readsLeft.size() == 1 && readsLeft.containsKey(made)) {
          cuts.add(made);
        }
      }
    }
    return cuts;
  }

  /// Numbers of the nodes whose results follow from whole numbers and truth values among the
  /// constants: shapes, indices, masks. Weights, which may be replaced, are not among them.
  List<Integer> foldable() {
    var known = new HashSet<String>();
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (!tensor.type().isFloatingPoint()) {
            known.add(name);
          }
        });
    var foldable = new ArrayList<Integer>();
    for (int i = 0; i < nodes().size(); i++) {
      Node node = nodes().get(i);
      if (Operators.supports(node)
          && node.inputs().stream().allMatch(input -> input.isEmpty() || known.contains(input))) {
        foldable.add(i);
        known.addAll(node.outputs());
      }
    }
    return foldable;
  }
}
