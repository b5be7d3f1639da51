package falcon.torch.execution;

import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import falcon.torch.fusion.Fusions;
import falcon.torch.operator.Operator;
import falcon.torch.operator.Operators;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/// A network's nodes in execution order, with the producer of each value and the number of its
/// readers.
public final class GraphProgram {
  private final Network network;
  private final Map<String, Integer> uses = new HashMap<>();
  private final Map<String, Integer> producedBy = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();
  private final List<Operator> operators;
  private final Fusions fusions;
  private final NodeChecks checks;

  public GraphProgram(Network network) {
    this.network = network;
    this.checks = new NodeChecks(network);
    this.operators = network.nodes().stream().map(Operators::of).toList();
    this.fusions = Fusions.of(network);
    for (int i = 0; i < network.nodes().size(); i++) {
      Node node = network.nodes().get(i);
      for (String input : node.inputs()) {
        if (!input.isEmpty()) { // an input that the node leaves out
          uses.merge(input, 1, Integer::sum);
        }
      }
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          producedBy.put(output, i);
        }
      }
      for (String inside : operators.get(i).inside(node)) {
        producedBy.put(inside, i);
      }
    }
    network.outputs().forEach(output -> outputs.add(output.name()));
  }

  public Network network() {
    return network;
  }

  /// Returns the checks of the nodes against their operands.
  NodeChecks checks() {
    return checks;
  }

  public List<Node> nodes() {
    return network.nodes();
  }

  /// @return names of the inputs that the user provides, in the network's order
  public List<String> inputs() {
    return network.inputs().stream().map(ValueInfo::name).toList();
  }

  /// @return name of the main output
  public String output() {
    return MainOutput.of(network).name();
  }

  /// Returns the operator of a node.
  Operator operator(int node) {
    return operators.get(node);
  }

  /// Returns the groups of nodes that can be computed as one.
  Fusions fusions() {
    return fusions;
  }

  /// @return index of the node that computes the value, −1 for the network's input
  public int producerOf(String value) {
    Integer producer = producedBy.get(value);
    return producer == null ? -1 : producer;
  }

  /// @return indices of the nodes that a node's result depends on, itself included
  public BitSet ancestors(int node) {
    return ancestors(node, _ -> true);
  }

  /// @param isWanted whether a node is needed; if it is not, it is omitted, and so are the nodes
  ///     that only it needs
  /// @return indices of the nodes that a node's result depends on, itself included
  public BitSet ancestors(int node, IntPredicate isWanted) {
    var needed = new BitSet(nodes().size());
    var open = new ArrayDeque<Integer>(List.of(node));
    while (!open.isEmpty()) {
      int index = open.pop();
      if (!needed.get(index) && isWanted.test(index)) {
        needed.set(index);
        for (String input : nodes().get(index).inputs()) {
          int producer = producerOf(input);
          if (producer >= 0) {
            open.push(producer);
          }
        }
      }
    }
    return needed;
  }

  /// @return whether the value depends on the node's outputs
  public boolean dependsOn(String value, int node) {
    int producer = producerOf(value);
    return producer >= node && ancestors(producer, index -> index >= node).get(node);
  }

  /// @return number of times that nodes read the value; an output of the network counts once more
  public int uses(String value) {
    return uses.getOrDefault(value, 0) + (outputs.contains(value) ? 1 : 0);
  }

  /// Returns the indices of the nodes whose results follow from integers and truth values among the
  /// constants: shapes, indices, masks. Weights, which may be replaced, are not among these
  /// constants.
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
