package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import falcon.budget.SparsityPattern;
import falcon.budget.WeightRows;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.model.layer.WeightUse;
import falcon.model.layer.WeightUses;
import falcon.projection.group.LayerLimits;
import falcon.projection.pattern.PatternItems;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.torch.UnsupportedNetworkException;
import falcon.torch.layer.WeightOrder;
import falcon.torch.layer.WeightOrders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The parts of a plan that concern the pattern of the zeros.
final class PatternPlan {
  private PatternPlan() {}

  /// The rows of a layer, in the order in which it multiplies by them.
  private record OrderedRows(WeightOrder order) implements WeightRows {
    @Override
    public int groups() {
      return order.groups();
    }

    @Override
    public int outputs() {
      return order.outputs();
    }

    @Override
    public int rowLength() {
      return order.rowLength();
    }

    @Override
    public int[] indexes(int firstRow, int rows) {
      return order.indexes(firstRow, rows);
    }
  }

  /// Returns the rows of all layers for a pattern.
  ///
  /// @return null if any weight may be zero
  /// @throws PruningException if a layer is used in a way that does not tell outputs from inputs
  static @Nullable PatternLayout layout(Network network, CostTable costs, SparsityPattern pattern) {
    if (pattern.equals(SparsityPattern.SCATTERED)) {
      return null;
    }
    var rows = new ArrayList<WeightRows>();
    for (CostTable.Layer layer : costs.layers()) {
      rows.add(new OrderedRows(order(network, layer.name(), pattern)));
    }
    return new PatternLayout(pattern, rows);
  }

  /// A table that is only looked up has no inputs: its own rows, the entries, take their place for
  /// a pattern along inputs.
  private static WeightOrder order(Network network, String tensor, SparsityPattern pattern) {
    WeightOrder order;
    try {
      order = WeightOrders.of(network, tensor);
    } catch (UnsupportedNetworkException e) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "Which axes of layer '%s' are inputs and outputs is not known, and %s %s needs that: %s%nLeave the layer out with %s %s."
              .formatted(
                  tensor, Option.PATTERN, pattern, e.getMessage(), ModelOption.EXCLUDE, tensor),
          e);
    }
    boolean isTable = WeightUses.of(network, tensor).uses().stream().allMatch(WeightUse::isLookup);
    return isTable && pattern instanceof SparsityPattern.AtMost
        ? WeightOrder.ofMatrices(1, order.groups(), order.outputs(), false)
        : order;
  }

  /// Returns the items of the pattern, in parts of equal cost. Every weight is looked at, so a plan
  /// asks once.
  ///
  /// @param limits limits without floors
  /// @return empty without a pattern
  static List<PatternItems.Part> parts(LayerLimits limits, CostTable costs) {
    return limits.pattern() == null ? List.of() : PatternItems.of(costs, limits).parts();
  }

  /// Returns the greatest number of weights that each layer may keep.
  ///
  /// @param limits limits without floors
  /// @param parts those of [#parts]
  static int[] most(LayerLimits limits, List<PatternItems.Part> parts, CostTable costs) {
    var most = new int[costs.layers().size()];
    if (limits.pattern() == null) {
      Mask keepable = limits.keepable();
      for (int l = 0; l < most.length; l++) {
        CostTable.Layer layer = costs.layers().get(l);
        most[l] = keepable == null ? layer.count() : keepable.keptCount(layer);
      }
    } else {
      for (PatternItems.Part part : parts) {
        most[part.layer()] += Math.toIntExact(part.weights());
      }
    }
    return most;
  }

  /// Refuses a floor that is a share of more weights than the pattern lets stay.
  ///
  /// @param limits limits without floors
  /// @param most greatest number of weights that the layer may keep
  /// @throws PruningException if the pattern is what stands in the way
  static void requirePossible(
      LayerLimits limits, KeepFloor floor, CostTable.Layer layer, int most) {
    Mask keepable = limits.keepable();
    int asked =
        Math.min(
            floor.of(layer.count()), keepable == null ? layer.count() : keepable.keptCount(layer));
    if (asked > most && floor.amount() instanceof Amount.Share) {
      throw new PruningException(
          PruningException.Kind.BUDGET,
          "%s %s asks for %,d of %,d weights of layer '%s', but %s %s lets %,d stay.%nAsk for less there, or leave the layer out with %s %s."
              .formatted(
                  Option.MIN_KEEP,
                  floor,
                  asked,
                  layer.count(),
                  layer.name(),
                  Option.PATTERN,
                  pattern(limits),
                  most,
                  ModelOption.EXCLUDE,
                  layer.name()));
    }
  }

  private static SparsityPattern pattern(LayerLimits limits) {
    PatternLayout layout = limits.pattern();
    return layout == null ? SparsityPattern.SCATTERED : layout.pattern();
  }

  /// Returns what the floors of the layers need: with blocks, whole ones.
  static Budget least(LayerLimits limits, CostTable costs) {
    long nnz = 0;
    long macs = 0;
    if (limits.pattern() == null) {
      for (var entry : limits.rangeByLayer().entrySet()) {
        nnz += entry.getValue().minKept();
        macs += entry.getValue().minKept() * costs.layers().get(entry.getKey()).macsPerWeight();
      }
    } else {
      for (PatternItems.Part part : PatternItems.of(costs, limits).parts()) {
        nnz += part.minWeights();
        macs += part.minWeights() * costs.layers().get(part.layer()).macsPerWeight();
      }
    }
    return new Budget(nnz, macs);
  }

  /// Returns the least number of weights that can be kept within a budget of multiply-accumulates,
  /// if any can; else 1.
  ///
  /// @param parts those of [#parts]
  static int fewestWeights(List<PatternItems.Part> parts, CostTable costs, long macs) {
    return parts.stream()
        .filter(part -> part.size() * costs.layers().get(part.layer()).macsPerWeight() <= macs)
        .mapToInt(PatternItems.Part::size)
        .min()
        .orElse(1);
  }

  /// Refuses a budget within which nothing can be kept, since a block of weights is kept as a
  /// whole.
  ///
  /// @param parts those of [#parts]
  /// @throws PruningException if no block is within the budget; the message has the cheapest one
  static void requireOneItem(
      LayerLimits limits,
      List<PatternItems.Part> parts,
      CostTable costs,
      Budget budget,
      BudgetRequest asked) {
    if (limits.pattern() == null) {
      return;
    }
    long cheapest = Long.MAX_VALUE;
    int size = 0;
    for (PatternItems.Part part : parts) {
      long macs = part.size() * costs.layers().get(part.layer()).macsPerWeight();
      if (budget.allows(part.size(), macs)) {
        return;
      }
      if (macs < cheapest) {
        cheapest = macs;
        size = part.size();
      }
    }
    throw new PruningException(
        PruningException.Kind.BUDGET,
        "The budget (%s) allows %d MACs and %d weights, but with %s %s the cheapest weights cost %d MACs, %d at a time.%nAsk for at least %d MACs and %d weights."
            .formatted(
                asked,
                budget.maxMacs(),
                budget.maxNnz(),
                Option.PATTERN,
                pattern(limits),
                cheapest,
                size,
                cheapest,
                size));
  }

  /// Returns what a user should know of the pattern before the run: where it alone decides how much
  /// stays.
  ///
  /// @param parts those of [#parts]
  static List<String> warnings(
      LayerLimits limits, List<PatternItems.Part> parts, CostTable costs, Budget budget) {
    if (limits.pattern() == null) {
      return List.of();
    }
    long nnz = 0;
    long macs = 0;
    for (PatternItems.Part part : parts) {
      nnz += part.weights();
      macs += part.weights() * costs.layers().get(part.layer()).macsPerWeight();
    }
    return nnz < budget.maxNnz() && macs < budget.maxMacs()
        ? List.of(
            "%s %s lets %,d MACs and %,d weights stay, less than the budget of %,d and %,d: the budget decides nothing."
                .formatted(
                    Option.PATTERN, pattern(limits), macs, nnz, budget.maxMacs(), budget.maxNnz()))
        : List.of();
  }
}
