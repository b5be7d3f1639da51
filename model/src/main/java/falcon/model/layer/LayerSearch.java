package falcon.model.layer;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.operator.OperatorRules;
import falcon.model.operator.Product;
import falcon.model.shape.ExampleAxes;
import falcon.model.shape.FollowedShapes;
import falcon.model.shape.Obstacle;
import falcon.model.shape.OutputNeeds;
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

/// Finds the layers and products of a network and their costs.
final class LayerSearch {
  private final Network network;
  private final StoredWeights stored;
  private final LayerSelection selection;
  private final FollowedShapes shapes;
  private final ProductMacs products;
  private final long examples;
  private final ConstantValues constants;
  private final OutputNeeds needs;
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
    needs = OutputNeeds.of(network, shapes);
    String names = network.metadata().getOrDefault(Network.NOT_PRUNABLE, "");
    keptDense = Stream.of(names.split(",", -1)).map(String::strip).collect(Collectors.toSet());
  }

  static Layers run(
      Network network, Map<String, List<Long>> inputShapes, LayerSelection selection) {
    Network counted = inputShapes.isEmpty() ? ExampleAxes.found(network) : network;
    return new LayerSearch(StoredWeights.of(counted), inputShapes, selection).layers();
  }

  private Layers layers() {
    var usesByTensor = new LinkedHashMap<String, WeightUses>();
    var denseProducts = new ArrayList<DenseProduct>();
    for (Node node : network.nodes()) {
      if (constants.isConstant(node)) {
        continue; // computed once, by any runtime
      }
      Set<String> weights = weightsOf(node);
      weights.forEach(
          tensor -> usesByTensor.computeIfAbsent(tensor, name -> WeightUses.of(network, name)));
      boolean isLeftOut = needs.hindrance(node) != null;
      String reason = weights.isEmpty() && !isLeftOut ? denseReason(node) : null;
      if (reason != null) {
        denseProducts.add(denseProduct(node, reason));
      }
    }
    var layers = new ArrayList<Layer>();
    usesByTensor.forEach((tensor, uses) -> layers.add(layer(tensor, uses)));
    selection.requireMeaning(layers);
    List<Obstacle> obstacles = obstacles(false);
    List<BranchWeights> branches = inBranches(layers);
    return new Layers(
        layers,
        denseProducts,
        obstacles,
        obstacles(true),
        branches,
        PruningReach.of(network, selection, layers, denseProducts, obstacles, branches));
  }

  /// @param areLeftOut whether the main output needs none of them
  private List<Obstacle> obstacles(boolean areLeftOut) {
    return shapes.obstacles().stream()
        .filter(obstacle -> areLeftOut == isLeftOut(obstacle.node()))
        .toList();
  }

  private boolean isLeftOut(@Nullable Node node) {
    return node != null && needs.hindrance(node) != null;
  }

  private List<BranchWeights> inBranches(List<Layer> layers) {
    Set<String> listed = layers.stream().map(Layer::tensor).collect(Collectors.toSet());
    return BranchSearch.run(network, shapes).stream()
        .filter(weights -> !listed.contains(weights.tensor()))
        .toList();
  }

  /// Returns the names of the tensors that a node uses as weights, as they are or transposed.
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

  /// Returns whether a use makes the tensor a layer: numbers that are looked up are weights if they
  /// are the rows of a table.
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
      if (isLeftOut(use.node())) {
        continue;
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
    if (reason == null) {
      reason = leftOut(nodes);
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

  /// Returns why the main output needs none of the nodes.
  ///
  /// @return null if it needs one, or if they can be run
  private @Nullable String leftOut(List<Node> nodes) {
    Node hindrance = null;
    for (Node node : nodes) {
      hindrance = needs.hindrance(node);
      if (hindrance == null) {
        return null;
      }
    }
    return hindrance == null
        ? null
        : "it lies behind %s, which cannot be run and which output '%s' does not need"
            .formatted(hindrance.labelWithDomain(), needs.output());
  }

  private DenseProduct denseProduct(Node node, String reason) {
    Long macs = products.of(node);
    String uncounted = macs == null ? uncountedReason(node) : indivisible(macs);
    return new DenseProduct(
        node, macs == null || uncounted != null ? 0 : macs / examples, uncounted, reason);
  }

  /// Returns the reason why pruning leaves a node's product alone.
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

  /// Returns the reason why no implementation can run one of the nodes, null if all can be run.
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
    for (ValueInfo input : network.inputs()) {
      List<Long> shape = shapes.of(input.name());
      int axis = input.axisOfExamples();
      if (!network.isShared(input) && axis != ValueInfo.NO_AXIS) {
        return shape == null || axis >= shape.size() ? 1 : shape.get(axis);
      }
    }
    return 1;
  }
}
