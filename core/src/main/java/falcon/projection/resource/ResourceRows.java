package falcon.projection.resource;

import falcon.budget.CostTable;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.projection.group.CostClasses;
import falcon.projection.group.LayerLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The rows `Σ_i a_ir z_i ≤ b_r` of the integer program, over the parts of a [CostOrder].
///
/// There is one row for each resource, and one row (a_ir = 1 inside the layer, 0 outside) for each
/// ceiling on a layer whose weights differ in cost: the ceiling of any other layer is that of its
/// class. Costs of a row are divided by their greatest common divisor and its budget rounded down
/// accordingly, which excludes no mask and tightens the bound. Rows whose budget cannot be exceeded
/// are left out.
final class ResourceRows {
  private final ResourceTable table;
  private final List<CostOrder.Part> parts;
  private final Map<Integer, LayerLimits.Range> rangeByPart = new HashMap<>();
  private final int rowCount;

  /// Costs `[parts, rows]`, divided by `divisor`.
  private final long[][] costs;

  private final long[] divisor;

  /// By row, the divided use when as many weights as the limits allow are kept, and when as few
  /// are.
  private final long[] most;

  private final long[] least;

  /// The ceilings that are rows, after the rows of the resources.
  private final List<Integer> ceilings = new ArrayList<>();

  /// @throws IllegalArgumentException if a limit names no layer, asks for more than it has, or is a
  ///     floor on a layer whose weights differ in cost
  ResourceRows(ResourceTable table, CostOrder order, LayerLimits limits) {
    this.table = table;
    parts = order.parts();
    limits.refuseOutside(
        table.layers().stream().map(ResourceTable.Layer::name).toList(),
        table.layers().stream().map(ResourceTable.Layer::count).toList());
    List<Integer> limitedLayers = new ArrayList<>();
    for (int n = 0; n < parts.size(); n++) {
      int l = parts.get(n).layer();
      LayerLimits.Range range = limits.rangeByLayer().get(l);
      ResourceTable.Layer layer = table.layers().get(l);
      if (range != null && parts.get(n).count() == layer.count()) {
        rangeByPart.put(n, range);
      } else if (range != null && !limitedLayers.contains(l)) {
        refuseFloor(layer, range);
        if (range.maxKept() < layer.count()) {
          limitedLayers.add(l);
          ceilings.add(range.maxKept());
        }
      }
    }
    int resources = table.resources().size();
    rowCount = resources + ceilings.size();
    costs = new long[parts.size()][rowCount];
    for (int n = 0; n < parts.size(); n++) {
      CostOrder.Part part = parts.get(n);
      for (int r = 0; r < resources; r++) {
        costs[n][r] = table.layers().get(part.layer()).pattern().cost(part.kind(), r);
      }
      int ceiling = limitedLayers.indexOf(part.layer());
      if (ceiling >= 0) {
        costs[n][resources + ceiling] = 1;
      }
    }
    divisor = new long[rowCount];
    most = new long[rowCount];
    least = new long[rowCount];
    for (int r = 0; r < rowCount; r++) {
      reduce(r);
    }
  }

  private static void refuseFloor(ResourceTable.Layer layer, LayerLimits.Range range) {
    if (range.minKept() > 0) {
      throw new IllegalArgumentException(
          "layer '%s' must keep %d weights, but its weights differ in cost; only layers of equal costs can have a floor"
              .formatted(layer.name(), range.minKept()));
    }
  }

  private void reduce(int r) {
    long common = 0;
    for (long[] cost : costs) {
      common = greatestCommonDivisor(common, cost[r]);
    }
    divisor[r] = Math.max(1, common);
    for (int n = 0; n < costs.length; n++) {
      costs[n][r] /= divisor[r];
      int count = parts.get(n).count();
      LayerLimits.Range range =
          rangeByPart.getOrDefault(n, new LayerLimits.Range(0, Integer.MAX_VALUE));
      most[r] += Math.min(count, range.maxKept()) * costs[n][r];
      least[r] += range.minKept() * costs[n][r];
    }
  }

  private static long greatestCommonDivisor(long a, long b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }

  /// Returns the divisor of a row's costs.
  long divisor(int row) {
    return divisor[row];
  }

  /// Returns the budget of a row in its divided unit.
  long limit(int row, ResourceBudget budget) {
    int resources = table.resources().size();
    return row < resources ? budget.limit(row) / divisor[row] : ceilings.get(row - resources);
  }

  /// Returns the rows that a mask could violate; the row of a resource has the resource's number.
  ///
  /// @throws IllegalArgumentException if the budget is below what the layers must keep
  int[] binding(ResourceBudget budget) {
    int[] rows = new int[rowCount];
    int count = 0;
    for (int r = 0; r < rowCount; r++) {
      if (limit(r, budget) < least[r]) {
        throw new IllegalArgumentException(
            "what the layers must keep uses %d of '%s', the budget allows %d"
                .formatted(least[r] * divisor[r], table.resources().get(r), budget.limit(r)));
      }
      if (most[r] > limit(r, budget)) {
        rows[count++] = r;
      }
    }
    return Arrays.copyOf(rows, count);
  }

  /// Returns whether every weight costs the same in a row, that is, 1.
  boolean isCount(int row) {
    return Arrays.stream(costs).allMatch(cost -> cost[row] == 1);
  }

  /// Returns the classes of a choice of rows.
  CostClasses classes(int[] rows) {
    List<CostClasses.Layer> layers = new ArrayList<>();
    for (int n = 0; n < parts.size(); n++) {
      long[] cost = costs[n];
      long[] chosen = Arrays.stream(rows).mapToLong(row -> cost[row]).toArray();
      CostOrder.Part part = parts.get(n);
      layers.add(new CostClasses.Layer(part.end(), part.count(), chosen, rangeByPart.get(n)));
    }
    return new CostClasses(rows.length, layers);
  }

  /// Returns the parts as layers whose MACs are the costs of a row; −1: costs of 0.
  CostTable costTable(int row) {
    CostTable.Builder builder = CostTable.builder();
    for (int n = 0; n < parts.size(); n++) {
      builder.layer("part " + n, parts.get(n).count(), row < 0 ? 0 : costs[n][row]);
    }
    return builder.build();
  }

  /// Returns the limits on parts that are whole layers.
  LayerLimits partLimits() {
    return new LayerLimits(rangeByPart);
  }

  /// Returns the use of a resource by a mask, in the resource's own unit.
  long used(int resource, int[] keptByPart) {
    long used = 0;
    for (int n = 0; n < keptByPart.length; n++) {
      used += keptByPart[n] * costs[n][resource];
    }
    return used * divisor[resource];
  }
}
