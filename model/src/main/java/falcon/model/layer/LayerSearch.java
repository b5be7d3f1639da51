package falcon.model.layer;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import falcon.model.shape.FollowedShapes;
import falcon.model.shape.Obstacle;
import falcon.model.stored.StoredWeights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Finds the layers and products of a network and what they cost.
final class LayerSearch {
  private final Network network;
  private final StoredWeights stored;
  private final LayerSelection selection;
  private final FollowedShapes shapes;
  private final ProductMacs products;
  private final long examples;
  private final ConstantValues constants;
  private final Set<String> keptDense;

  private LayerSearch(
      StoredWeights stored, Map<String, List<Long>> inputShapes, LayerSelection selection) {
    this.network = stored.network();
    this.stored = stored;
    this.selection = selection;
    shapes = FollowedShapes.of(network, inputShapes);
    products = new ProductMacs(shapes);
    examples = examples();
    constants = ConstantValues.of(network);
    String names = network.metadata().getOrDefault(Network.NOT_PRUNABLE, "");
    keptDense = Stream.of(names.split(",", -1)).map(String::strip).collect(Collectors.toSet());
  }

  static Layers run(
      Network network, Map<String, List<Long>> inputShapes, LayerSelection selection) {
    return new LayerSearch(StoredWeights.of(network), inputShapes, selection).layers();
  }

  private Layers layers() {
    var usesByTensor = new LinkedHashMap<String, WeightUses>();
    var denseProducts = new ArrayList<DenseProduct>();
    for (Node node : network.nodes()) {
      if (constants.isConstant(node)) {
        continue; // computed once, whoever does it
      }
      Set<String> weights = weightsOf(node);
      weights.forEach(
          tensor -> usesByTensor.computeIfAbsent(tensor, name -> WeightUses.of(network, name)));
      String reason = weights.isEmpty() ? denseReason(node) : null;
      if (reason != null) {
        denseProducts.add(denseProduct(node, reason));
      }
    }
    var layers = new ArrayList<Layer>();
    usesByTensor.forEach((tensor, uses) -> layers.add(layer(tensor, uses)));
    selection.requireMeaning(layers);
    return new Layers(layers, denseProducts, shapes.obstacles());
  }

  /// Names of the tensors that a node uses as weights, as they are or turned over.
  private Set<String> weightsOf(Node node) {
    var tensors = new LinkedHashSet<String>();
    Product product = OperatorRules.product(node);
    List<Integer> operands = product == null ? List.of() : product.weights(node);
    for (int operand : operands) {
      String value = node.input(operand);
      String tensor = value == null ? null : constants.tensorBehind(value);
      if (tensor != null) {
        for (WeightUse use : WeightUses.of(network, tensor).uses()) {
          if (use.node().equals(node) && use.operand() == operand && isLayer(use, tensor)) {
            tensors.add(tensor);
          }
        }
      }
    }
    return tensors;
  }

  /// Numbers that are looked up are weights if they are the rows of a table.
  private boolean isLayer(WeightUse use, String name) {
    Tensor tensor = network.tensor(name);
    return !use.isLookup() || (tensor.type().isFloatingPoint() && tensor.shape().size() > 1);
  }

  private Layer layer(String name, WeightUses found) {
    Tensor tensor = network.tensor(name);
    List<WeightUse> uses =
        found.uses().stream().filter(use -> !constants.isConstant(use.node())).toList();
    var nodes = new ArrayList<Node>();
    long macs = 0;
    String uncounted = null;
    for (WeightUse use : uses) {
      if (!nodes.contains(use.node())) {
        nodes.add(use.node());
      }
      Long cost = products.of(use);
      if (cost == null) {
        uncounted = uncountedReason(use.node());
      } else {
        macs = Math.addExact(macs, cost);
      }
    }
    // every weight takes part equally often, so this division is exact
    long positions = macs / Math.max(1, tensor.size());
    if (uncounted == null) {
      uncounted = indivisible(positions);
    }
    String reason = new PruningObstacle(network, constants, name, found).reason(selection);
    String contradiction = contradiction(nodes);
    if (reason == null && contradiction != null) {
      reason = contradiction;
    }
    boolean isDense = keptDense.contains(name);
    return new Layer(
        name,
        tensor.shape(),
        nodes,
        uncounted == null ? positions / examples : 0,
        uncounted,
        reason == null && isDense ? "the architecture keeps it dense" : reason,
        reason == null);
  }

  private DenseProduct denseProduct(Node node, String reason) {
    Long macs = products.of(node);
    String uncounted = macs == null ? uncountedReason(node) : indivisible(macs);
    return new DenseProduct(
        node, macs == null || uncounted != null ? 0 : macs / examples, uncounted, reason);
  }

  /// Why a node's product is one that pruning leaves alone.
  ///
  /// @return null if it multiplies nothing
  private @Nullable String denseReason(Node node) {
    Product product = OperatorRules.product(node);
    List<Integer> operands = product == null ? List.of() : product.factors(node);
    for (int operand : operands) {
      String value = node.input(operand);
      if (value != null && constants.isConstant(value)) {
        String reason = stored.reason(value);
        return reason == null ? constants.whyNoWeights(node, value) : reason;
      }
    }
    return operands.isEmpty() ? null : "product of activations";
  }

  /// Why one of the nodes can be run by nobody, null if each can.
  private @Nullable String contradiction(List<Node> nodes) {
    for (Node node : nodes) {
      Obstacle obstacle = shapes.at(node);
      if (obstacle != null && shapes.isContradictory(node)) {
        return "%s contradicts itself: %s".formatted(node.label(), obstacle.problem());
      }
    }
    return null;
  }

  private String uncountedReason(Node node) {
    Obstacle obstacle = shapes.before(node);
    return obstacle != null
        ? obstacle.toString()
        : "the products of %s are not counted".formatted(node.label());
  }

  private @Nullable String indivisible(long count) {
    return count % examples == 0
        ? null
        : "%d positions are not divided by the %d examples that the network takes"
            .formatted(count, examples);
  }

  private long examples() {
    if (network.inputs().isEmpty()) {
      return 1;
    }
    List<Long> first = shapes.of(network.inputs().getFirst().name());
    return first == null || first.isEmpty() ? 1 : first.getFirst();
  }
}
