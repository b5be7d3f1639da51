package falcon.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The layers of a network: every `Conv`, `Gemm` and `MatMul` with constant weights, in graph order.
///
/// MACs are multiply-accumulates of one example; biases, normalisation and activations are not
/// counted.
public final class Layers {
  private final List<Layer> all;

  private Layers(List<Layer> all) {
    this.all = List.copyOf(all);
  }

  /// Finds the layers, for one example of the size that the network fixes.
  ///
  /// @throws IllegalArgumentException if the network leaves the size of an example open
  /// @throws UnusableNodeException at a node whose shapes cannot be followed
  public static Layers of(Network network) {
    return of(network, ShapeInference.inputShapes(network, 1));
  }

  /// Finds the layers, for inputs of that shape.
  ///
  /// @param inputShapes shape of each graph input; the first axis of the first input counts examples
  /// @throws IllegalArgumentException if a shape contradicts the graph, or the number of examples
  ///     does not divide the work
  /// @throws UnusableNodeException at a node whose shapes cannot be followed
  public static Layers of(Network network, Map<String, List<Long>> inputShapes) {
    Shapes shapes = ShapeInference.infer(network, inputShapes);
    long examples = examples(network, inputShapes);
    var usesByTensor = new LinkedHashMap<String, List<Node>>();
    for (Node node : network.nodes()) {
      String weights = weightsOf(network, node);
      if (weights != null) {
        usesByTensor.computeIfAbsent(weights, _ -> new ArrayList<>()).add(node);
      }
    }
    var layers = new ArrayList<Layer>();
    Set<String> kept = keptDense(network);
    usesByTensor.forEach(
        (tensor, uses) -> layers.add(layer(network, shapes, examples, tensor, uses, kept)));
    return new Layers(layers);
  }

  /// All layers.
  public List<Layer> all() {
    return all;
  }

  /// The layers that may be pruned.
  public List<Layer> prunable() {
    return all.stream().filter(Layer::isPrunable).toList();
  }

  /// Number of weights that may be pruned.
  public int prunableWeights() {
    return prunable().stream().map(Layer::weights).reduce(0, Math::addExact);
  }

  /// Multiply-accumulates of the weights that may be pruned, for one example.
  public long prunableMacs() {
    return prunable().stream().map(Layer::macs).reduce(0L, Math::addExact);
  }

  /// Multiply-accumulates of all layers, for one example.
  public long totalMacs() {
    return all.stream().map(Layer::macs).reduce(0L, Math::addExact);
  }

  private static Layer layer(
      Network network,
      Shapes shapes,
      long examples,
      String name,
      List<Node> uses,
      Set<String> keptDense) {
    Tensor tensor = network.tensor(name);
    long macs = 0;
    for (Node use : uses) {
      macs = Math.addExact(macs, macs(use, shapes));
    }
    // every weight takes part equally often, so this division is exact
    long usesOfAWeight = macs / Math.max(1, tensor.size());
    if (usesOfAWeight % examples != 0) {
      throw new IllegalArgumentException(
          "%s works on %d positions, which %d examples do not divide; give the network one example"
              .formatted(uses.getFirst().label(), usesOfAWeight, examples));
    }
    String reason = notPrunableReason(network, name, tensor, uses, keptDense);
    return new Layer(name, tensor.shape(), uses, usesOfAWeight / examples, reason);
  }

  /// Multiply-accumulates of one node, for all examples.
  private static long macs(Node node, Shapes shapes) {
    long outputs = Tensor.elements(shapes.of(node.outputs().getFirst()));
    List<Long> weights = shapes.of(node.inputs().get(1));
    long terms =
        switch (node.opType()) {
          // [out, in / group, kernel…]: an output is a sum over all axes but the first
          case "Conv" -> Tensor.elements(weights.subList(1, weights.size()));
          case "Gemm" -> weights.get(node.integer("transB", 0) == 1 ? 1 : 0);
          default -> shapes.of(node.inputs().getFirst()).getLast();
        };
    return Math.multiplyExact(outputs, terms);
  }

  /// Name of the tensor that a node uses as weights.
  private static @Nullable String weightsOf(Network network, Node node) {
    if (node.is("Conv") || node.is("Gemm") || node.is("MatMul")) {
      String right = node.input(1);
      if (right != null && network.initializers().containsKey(right)) {
        return right;
      }
      String left = node.input(0);
      if (node.is("MatMul") && left != null && network.initializers().containsKey(left)) {
        return left;
      }
    }
    return null;
  }

  private static @Nullable String notPrunableReason(
      Network network, String name, Tensor tensor, List<Node> uses, Set<String> keptDense) {
    if (keptDense.contains(name)) {
      return "the architecture keeps it dense";
    }
    if (!tensor.type().isFloatingPoint()) {
      return "its elements are " + tensor.type();
    }
    if (tensor.shape().size() < 2) {
      return "it is a vector";
    }
    for (Node reader : network.consumers(name)) {
      if (!uses.contains(reader)) {
        return reader.label() + " reads it, too";
      }
      if (reader.inputs().indexOf(name) != reader.inputs().lastIndexOf(name)) {
        return reader.label() + " reads it twice";
      }
    }
    return network.outputs().stream().anyMatch(output -> output.name().equals(name))
        ? "it is an output of the network"
        : null;
  }

  private static Set<String> keptDense(Network network) {
    String names = network.metadata().getOrDefault(Network.NOT_PRUNABLE, "");
    return Stream.of(names.split(",", -1)).map(String::strip).collect(Collectors.toSet());
  }

  private static long examples(Network network, Map<String, List<Long>> inputShapes) {
    if (network.inputs().isEmpty()) {
      return 1;
    }
    List<Long> first = inputShapes.get(network.inputs().getFirst().name());
    return first == null || first.isEmpty() ? 1 : first.getFirst();
  }
}
