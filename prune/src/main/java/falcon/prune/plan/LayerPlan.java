package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import falcon.budget.SparsityPattern;
import falcon.model.Network;
import falcon.model.WeightStorage;
import falcon.model.layer.Layer;
import falcon.model.layer.LayerSelection;
import falcon.model.layer.Layers;
import falcon.projection.group.LayerLimits;
import falcon.projection.pattern.PatternItems;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.NnzRule;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The parts of a plan that concern single layers: floors, and unknown costs.
final class LayerPlan {
  private LayerPlan() {}

  /// Returns the limits of the layers that hold whatever is asked of single ones: weights that the
  /// file can store as zero alone, which are never kept, and the pattern of the zeros.
  ///
  /// @throws PruningException if it is not known which axes of a layer the pattern is along
  static LayerLimits limits(Network network, CostTable costs, SparsityPattern pattern) {
    Mask keepable = keepable(network, costs);
    PatternLayout layout = PatternPlan.layout(network, costs, pattern);
    return keepable == null && layout == null
        ? LayerLimits.NONE
        : new LayerLimits(Map.of(), keepable, layout);
  }

  /// Returns the limits of the layers with the floors that were asked for.
  ///
  /// @param limits the limits without floors
  /// @param parts the items of their pattern ([PatternPlan#parts])
  /// @throws PruningException if a pattern of names matches no prunable layer, or the floors alone
  ///     are above what the pattern of zeros or the budget allows
  static LayerLimits withFloors(
      LayerLimits limits,
      List<PatternItems.Part> parts,
      CostTable costs,
      List<KeepFloor> floors,
      Budget budget) {
    int[] most = PatternPlan.most(limits, parts, costs);
    List<String> names = costs.layers().stream().map(CostTable.Layer::name).toList();
    var floorByLayer = new TreeMap<Integer, KeepFloor>();
    for (KeepFloor floor : floors) {
      requireMatch(floor, names);
      for (int l = 0; l < names.size(); l++) {
        if (floor.layers().matches(names.get(l))) {
          floorByLayer.put(l, floor); // the last that fits counts
        }
      }
    }
    var ranges = new TreeMap<Integer, LayerLimits.Range>();
    floorByLayer.forEach((l, floor) -> {
      CostTable.Layer layer = costs.layers().get(l);
      PatternPlan.requirePossible(limits, floor, layer, most[l]);
      ranges.put(
          l, new LayerLimits.Range(Math.min(most[l], floor.of(layer.count())), Integer.MAX_VALUE));
    });
    if (ranges.isEmpty()) {
      return limits;
    }
    var floored = new LayerLimits(ranges, limits.keepable(), limits.pattern());
    Budget least = PatternPlan.least(floored, costs);
    if (!budget.allows(least.maxNnz(), least.maxMacs())) {
      throw new PruningException(
          PruningException.Kind.BUDGET,
          "%s asks for %,d weights and %,d MACs, the budget allows %,d and %,d.%nAsk for less there, or for a larger budget."
              .formatted(
                  Option.MIN_KEEP,
                  least.maxNnz(),
                  least.maxMacs(),
                  budget.maxNnz(),
                  budget.maxMacs()));
    }
    return floored;
  }

  /// Returns the weights that can be anything but zero; null if all can.
  private static @Nullable Mask keepable(Network network, CostTable costs) {
    boolean[] keepable = null;
    for (CostTable.Layer layer : costs.layers()) {
      WeightStorage storage = network.storage(layer.name());
      BitSet variable = storage == null ? null : storage.variable();
      if (variable != null) {
        if (keepable == null) {
          keepable = new boolean[costs.weightCount()];
          Arrays.fill(keepable, true);
        }
        for (int i = 0; i < layer.count(); i++) {
          keepable[layer.offset() + i] = variable.get(i);
        }
      }
    }
    return keepable == null ? null : Mask.ofKept(keepable);
  }

  private static void requireMatch(KeepFloor floor, List<String> names) {
    try {
      LayerSelection.requireMatch(Option.MIN_KEEP, floor.layers(), names);
    } catch (IllegalArgumentException e) {
      throw new PruningException(PruningException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
  }

  /// Refuses a budget of MACs for a network whose MACs are not known.
  ///
  /// @throws PruningException if the request limits the MACs, or derives the number of weights from
  ///     them; the message names the layer whose MACs are not known
  static void refuseUncounted(Layers layers, BudgetRequest asked) {
    boolean isLimited = !asked.macs().equals(new Amount.Share(1));
    if (isLimited || asked.nnz() instanceof NnzRule.Auto) {
      Layer first =
          layers.prunable().stream().filter(layer -> !layer.isCounted()).findFirst().orElseThrow();
      throw new PruningException(
          PruningException.Kind.INPUT,
          "The MACs of layer '%s' are not known: %s.%nGive a budget of weights instead: %s 30%% without %s."
              .formatted(first.tensor(), first.uncountedReason(), Option.NNZ, Option.MACS));
    }
  }
}
