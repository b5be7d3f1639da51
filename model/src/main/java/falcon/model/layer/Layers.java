package falcon.model.layer;

import falcon.model.Network;
import falcon.model.shape.Obstacle;
import java.util.List;
import java.util.Map;

/// The layers of a network: every constant tensor that a `Conv`, `ConvTranspose`, `Gemm`, `MatMul`,
/// `LSTM`, `GRU`, `RNN` or `Gather` (an embedding) uses as weights, in graph order.
///
/// MACs are multiply-accumulates of one example; the first axis of the first input counts examples.
/// Windows are counted dense (padding costs as much as pixels), sequences at full length. Biases,
/// normalisation, activations and other element-wise work are not counted.
///
/// A network with operators of unknown shapes has layers, too: the layers after one of those
/// operators are not counted ([Layer#uncountedReason]), and [#obstacles] names it.
public final class Layers {
  private final List<Layer> all;
  private final List<DenseProduct> denseProducts;
  private final List<Obstacle> obstacles;
  private final List<Obstacle> leftOut;
  private final List<BranchWeights> inBranches;
  private final PruningReach reach;

  Layers(
      List<Layer> all,
      List<DenseProduct> denseProducts,
      List<Obstacle> obstacles,
      List<Obstacle> leftOut,
      List<BranchWeights> inBranches,
      PruningReach reach) {
    this.all = List.copyOf(all);
    this.denseProducts = List.copyOf(denseProducts);
    this.obstacles = List.copyOf(obstacles);
    this.leftOut = List.copyOf(leftOut);
    this.inBranches = List.copyOf(inBranches);
    this.reach = reach;
  }

  /// Finds the layers, for one example of the size that the network declares.
  public static Layers of(Network network) {
    return of(network, LayerSelection.DEFAULT);
  }

  /// Finds the layers for one example, where only selected ones may be pruned.
  ///
  /// @throws IllegalArgumentException if a pattern of the selection has no effect: names it
  public static Layers of(Network network, LayerSelection selection) {
    return LayerSearch.run(network, Map.of(), selection);
  }

  /// Finds the layers, for inputs of given shapes.
  ///
  /// @param inputShapes shape of each graph input; the first axis of the first input counts
  ///     examples
  /// @throws IllegalArgumentException if a shape contradicts the graph
  public static Layers of(Network network, Map<String, List<Long>> inputShapes) {
    return LayerSearch.run(network, inputShapes, LayerSelection.DEFAULT);
  }

  /// Returns all layers.
  public List<Layer> all() {
    return all;
  }

  /// Returns the layers that may be pruned.
  public List<Layer> prunable() {
    return all.stream().filter(Layer::isPrunable).toList();
  }

  /// Returns the layers whose weights may change: the prunable ones, and those that stay dense only
  /// because the architecture requires it.
  public List<Layer> adaptable() {
    return all.stream().filter(Layer::isAdaptable).toList();
  }

  /// Returns the products whose cost pruning does not reduce, in graph order.
  public List<DenseProduct> denseProducts() {
    return denseProducts;
  }

  /// Returns the obstacles to shape inference, inputs first, then nodes in graph order; empty if
  /// everything is counted.
  public List<Obstacle> obstacles() {
    return obstacles;
  }

  /// Returns how much of the network pruning reaches, and what it does not reach and why.
  public PruningReach reach() {
    return reach;
  }

  /// Returns the nodes that cannot be run and that the main output does not need: they and what
  /// depends on them are left out and stay as they are.
  public List<Obstacle> leftOut() {
    return leftOut;
  }

  /// Returns the weights in bodies of control flow that data decide about; they are not among
  /// [#all].
  public List<BranchWeights> inBranches() {
    return inBranches;
  }

  /// Returns whether the multiply-accumulates of all layers and products are known, and no weights
  /// are in bodies that data decide about.
  public boolean isCounted() {
    return inBranches.isEmpty()
        && all.stream().allMatch(Layer::isCounted)
        && denseProducts.stream().allMatch(DenseProduct::isCounted);
  }

  /// Returns the number of weights that may be pruned.
  public int prunableWeights() {
    return prunable().stream().map(Layer::weights).reduce(0, Math::addExact);
  }

  /// Returns the multiply-accumulates of the weights that may be pruned, for one example, as far as
  /// known.
  public long prunableMacs() {
    return prunable().stream().map(Layer::macs).reduce(0L, Math::addExact);
  }

  /// Returns the multiply-accumulates of all layers, for one example, as far as known.
  public long layerMacs() {
    return all.stream().map(Layer::macs).reduce(0L, Math::addExact);
  }

  /// Returns the multiply-accumulates of all layers and all dense products, for one example, as far
  /// as known.
  public long totalMacs() {
    return denseProducts.stream().map(DenseProduct::macs).reduce(layerMacs(), Math::addExact);
  }
}
