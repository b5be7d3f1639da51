package falcon.model.layer;

import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.operator.OperatorRules;
import falcon.model.shape.Obstacle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// How much of a network pruning reaches: its multiply-accumulates and weights that can be pruned,
/// those that cannot, and why not. Immutable.
///
/// Layers that the user's own selection leaves out are in the totals of the network, but are no
/// obstacles.
public final class PruningReach {
  /// Share of the network's multiply-accumulates out of reach from which [#texts] has it.
  public static final double NOTEWORTHY_SHARE = 0.1;

  /// Number of names that a text lists for one reason.
  private static final int LISTED_NAMES = 3;

  private final Sums sums;
  private final List<Part> unprunable;
  private final List<Part> uncounted;
  private final List<Part> unknown;
  private final List<Part> inBranches;

  private PruningReach(
      Sums sums,
      List<Part> unprunable,
      List<Part> uncounted,
      List<Part> unknown,
      List<Part> inBranches) {
    this.sums = sums;
    this.unprunable = List.copyOf(unprunable);
    this.uncounted = List.copyOf(uncounted);
    this.unknown = List.copyOf(unknown);
    this.inBranches = List.copyOf(inBranches);
  }

  /// A layer, a product, or an operator.
  ///
  /// @param name name of the weight tensor, or of the node
  /// @param operator its operator
  /// @param macs its multiply-accumulates for one example, 0 if they are not known
  /// @param weights number of its weights, 0 for a product of activations
  /// @param reason why it is not pruned, or not counted
  public record Part(String name, String operator, long macs, long weights, String reason) {}

  /// Multiply-accumulates as far as known.
  private record Sums(long prunableMacs, long allMacs, long prunableWeights, long allWeights) {}

  static PruningReach of(
      Network network,
      LayerSelection selection,
      List<Layer> layers,
      List<DenseProduct> products,
      List<Obstacle> obstacles,
      List<BranchWeights> branches) {
    var unprunable = new ArrayList<Part>();
    var uncounted = new ArrayList<Part>();
    long prunableMacs = 0;
    long allMacs = 0;
    long prunableWeights = 0;
    long allWeights = 0;
    for (Layer layer : layers) {
      allMacs = Math.addExact(allMacs, layer.macs());
      allWeights = Math.addExact(allWeights, layer.weights());
      String reason = layer.notPrunableReason();
      if (layer.uncountedReason() != null) {
        uncounted.add(part(layer, layer.uncountedReason()));
      }
      if (reason == null) {
        prunableMacs = Math.addExact(prunableMacs, layer.macs());
        prunableWeights = Math.addExact(prunableWeights, layer.weights());
      } else if (!reason.equals(selection.leftOut(layer.tensor()))) {
        unprunable.add(part(layer, reason));
      }
    }
    for (DenseProduct product : products) {
      allMacs = Math.addExact(allMacs, product.macs());
      unprunable.add(part(product, product.reason()));
      if (product.uncountedReason() != null) {
        uncounted.add(part(product, product.uncountedReason()));
      }
    }
    List<Part> unknown = unknown(network, layers, obstacles);
    List<Part> inBranches = branches.stream().map(PruningReach::part).toList();
    allWeights = Math.addExact(allWeights, weights(unknown) + weights(inBranches));
    unprunable.sort(Comparator.comparingLong(Part::macs).reversed());
    return new PruningReach(
        new Sums(prunableMacs, allMacs, prunableWeights, allWeights),
        unprunable,
        uncounted,
        unknown,
        inBranches);
  }

  private static Part part(Layer layer, String reason) {
    return new Part(layer.tensor(), layer.opType(), layer.macs(), layer.weights(), reason);
  }

  private static Part part(DenseProduct product, String reason) {
    return new Part(name(product.node()), product.node().opType(), product.macs(), 0, reason);
  }

  private static Part part(BranchWeights weights) {
    return new Part(
        weights.tensor(), weights.user().opType(), 0, weights.weights(), weights.reason());
  }

  private static long weights(List<Part> parts) {
    return parts.stream().mapToLong(Part::weights).sum();
  }

  /// Nodes that nobody knows and that read tables of numbers, which may well be weights.
  private static List<Part> unknown(Network network, List<Layer> layers, List<Obstacle> obstacles) {
    Set<String> taken = layers.stream().map(Layer::tensor).collect(Collectors.toSet());
    var seen = new HashSet<>(taken);
    var parts = new ArrayList<Part>();
    for (Obstacle obstacle : obstacles) {
      Node node = obstacle.node();
      if (node == null || OperatorRules.of(node) != null) {
        continue;
      }
      long weights = 0;
      for (String input : node.inputs()) {
        Tensor tensor = network.initializers().get(input);
        if (tensor != null
            && tensor.type().isFloatingPoint()
            && tensor.shape().size() > 1
            && seen.add(input)) {
          weights += tensor.size();
        }
      }
      if (weights > 0) {
        parts.add(new Part(name(node), node.opType(), 0, weights, obstacle.problem()));
      }
    }
    return parts;
  }

  /// Returns the name of a node, or of its output where it has none.
  private static String name(Node node) {
    return node.name().isEmpty() && !node.outputs().isEmpty()
        ? node.outputs().getFirst()
        : node.name();
  }

  /// Multiply-accumulates of all layers and products for one example.
  ///
  /// @return null if some of them are not known
  public @Nullable Long allMacs() {
    return isCounted() ? sums.allMacs() : null;
  }

  /// Returns the number of weights of all layers, of operators that Falcon does not know, and of
  /// branches that data decide about.
  public long allWeights() {
    return sums.allWeights();
  }

  /// Multiply-accumulates for one example, as far as known, that stay whatever is pruned.
  public long fixedMacs() {
    return sums.allMacs() - sums.prunableMacs();
  }

  /// Returns the number of weights that stay whatever is pruned.
  public long fixedWeights() {
    return sums.allWeights() - sums.prunableWeights();
  }

  /// Layers and products that cannot be pruned, those of most multiply-accumulates first.
  public List<Part> unprunable() {
    return unprunable;
  }

  /// Layers and products whose multiply-accumulates are not known.
  public List<Part> uncounted() {
    return uncounted;
  }

  /// Operators that Falcon does not know and that read weights.
  public List<Part> unknown() {
    return unknown;
  }

  /// Multiply-accumulates for one example, as far as known, of what cannot be pruned.
  public long unprunableMacs() {
    return unprunable.stream().mapToLong(Part::macs).sum();
  }

  /// Share of the known multiply-accumulates that cannot be pruned, 0 to 1.
  public double unprunableShare() {
    return sums.allMacs() == 0 ? 0 : (double) unprunableMacs() / sums.allMacs();
  }

  private boolean isCounted() {
    return uncounted.isEmpty() && unknown.isEmpty() && inBranches.isEmpty();
  }

  /// What a user should know before pruning, one or two sentences a text: what cannot be pruned, if
  /// that is more than [#NOTEWORTHY_SHARE] of the multiply-accumulates, and what is not counted,
  /// each with layers and reasons. Empty if there is nothing to say.
  public List<String> texts() {
    var texts = new ArrayList<String>();
    if (unprunableShare() > NOTEWORTHY_SHARE) {
      texts.add(
          "%.1f %% of the network's MACs (%,d of %,d) lie in layers that cannot be pruned: %s."
              .formatted(
                  100 * unprunableShare(),
                  unprunableMacs(),
                  sums.allMacs(),
                  byReason(unprunable.stream().filter(part -> part.macs() > 0).toList())));
    }
    if (!uncounted.isEmpty()) {
      texts.add(
          "The MACs of some layers or products are not known, so that the network's are not, either: %s."
              .formatted(byReason(uncounted)));
    }
    if (!unknown.isEmpty()) {
      texts.add(
          "%,d weights belong to operators that Falcon does not know; they are neither counted nor pruned: %s."
              .formatted(weights(unknown), byReason(unknown)));
    }
    if (!inBranches.isEmpty()) {
      texts.add(
          "%,d weights are in branches or loops that data decide about; they are neither counted nor pruned: %s."
              .formatted(weights(inBranches), byReason(inBranches)));
    }
    return texts;
  }

  /// Returns why nothing can be pruned, by reason; empty if there are no layers and products.
  public String reasons() {
    var all = new ArrayList<>(unprunable);
    all.addAll(unknown);
    all.addAll(inBranches);
    return byReason(all);
  }

  /// Names by reason: `product of activations ('a', 'b', 'c' and 5 more); it is a vector ('d')`.
  private static String byReason(List<Part> parts) {
    Map<String, List<String>> names = new LinkedHashMap<>();
    for (Part part : parts) {
      names
          .computeIfAbsent(part.reason(), _ -> new ArrayList<>())
          .add("%s '%s'".formatted(part.operator(), part.name()));
    }
    return names.entrySet().stream()
        .map(entry -> "%s (%s)".formatted(entry.getKey(), listed(entry.getValue())))
        .collect(Collectors.joining("; "));
  }

  private static String listed(List<String> names) {
    String first = names.stream().limit(LISTED_NAMES).collect(Collectors.joining(", "));
    int more = names.size() - LISTED_NAMES;
    return more > 0 ? "%s and %,d more".formatted(first, more) : first;
  }
}
