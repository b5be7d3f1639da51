package falcon.prune.plan;

import falcon.budget.Budget;
import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.projection.group.LayerLimits;
import falcon.projection.pattern.PatternItems;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.CostModel;
import falcon.prune.options.LayerCosts;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.ResourceAmount;
import falcon.prune.options.ResourceRequest;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The parts of a plan that concern further resources: costs, limits, and whether they can be met.
///
/// Costs are whole numbers and rounded up, limits rounded down: a mask that is within the plan's
/// budget is within the one that was asked for.
final class ResourcePlan {
  private final List<PlannedResource> resources;
  private final List<String> notes;
  private final CostTable costs;

  private ResourcePlan(List<PlannedResource> resources, List<String> notes, CostTable costs) {
    this.resources = List.copyOf(resources);
    this.notes = List.copyOf(notes);
    this.costs = costs;
  }

  /// Asks for the costs of all requested resources.
  ///
  /// @param subject the network; its cost table has no further resources
  /// @throws PruningException if costs are of another network, or an amount is in a unit that its
  ///     resource has not, or more than the dense network uses
  static ResourcePlan of(CostModel.Subject subject, BudgetRequest asked) {
    var resources = new ArrayList<PlannedResource>();
    var notes = new ArrayList<String>();
    var columns = new ArrayList<List<CostPattern>>();
    for (ResourceRequest request : asked.resources()) {
      LayerCosts costs = request.costs().of(subject);
      if (costs.byLayer().size() != subject.costs().layers().size()) {
        throw new IllegalArgumentException(
            "the costs of '%s' are of %d layers, the network has %d"
                .formatted(
                    request.name(), costs.byLayer().size(), subject.costs().layers().size()));
      }
      resources.add(planned(request, costs));
      notes.addAll(costs.notes());
      columns.add(costs.byLayer());
    }
    if (resources.isEmpty()) {
      return new ResourcePlan(resources, notes, subject.costs());
    }
    ResourceTable.Builder table =
        ResourceTable.builder(resources.stream().map(PlannedResource::name).toArray(String[]::new));
    for (int l = 0; l < subject.costs().layers().size(); l++) {
      CostTable.Layer layer = subject.costs().layers().get(l);
      int number = l;
      table.layer(
          layer.name(),
          layer.count(),
          joined(layer, columns.stream().map(column -> column.get(number)).toList()));
    }
    return new ResourcePlan(resources, notes, subject.costs().withFurther(table.build()));
  }

  private static PlannedResource planned(ResourceRequest request, LayerCosts costs) {
    long limit =
        switch (request.amount()) {
          case ResourceAmount.Share(double share) ->
              BigDecimal.valueOf(share)
                  .multiply(BigDecimal.valueOf(costs.dense()))
                  .setScale(0, RoundingMode.FLOOR)
                  .longValueExact();
          case ResourceAmount.Quantity quantity -> quantity(request, quantity, costs);
        };
    var planned =
        new PlannedResource(
            request.name(),
            request.amount().toString(),
            new PlannedResource.Measure(request.costs().unit(), costs.decimals()),
            new PlannedResource.Amounts(limit, costs.fixed(), costs.dense()));
    if (limit > costs.dense()) {
      throw new PruningException(
          PruningException.Kind.BUDGET,
          "The budget %s is more than the dense network uses (%s).%nAsk for at most 100%%."
              .formatted(request, planned.text(costs.dense())));
    }
    return planned;
  }

  private static long quantity(
      ResourceRequest request, ResourceAmount.Quantity quantity, LayerCosts costs) {
    Map<String, BigDecimal> units = request.costs().units();
    BigDecimal unit = units.get(quantity.unit());
    if (unit == null) {
      List<String> named = units.keySet().stream().filter(name -> !name.isEmpty()).toList();
      throw new PruningException(
          PruningException.Kind.USAGE,
          "The budget %s %s.%nSay a share (30%%), or a number%s."
              .formatted(
                  request,
                  quantity.unit().isEmpty()
                      ? "has no unit"
                      : "is in '%s', which '%s' is not measured in"
                          .formatted(quantity.unit(), request.name()),
                  named.isEmpty() ? " alone" : " in " + String.join(", ", named)));
    }
    BigDecimal limit =
        quantity
            .value()
            .multiply(unit)
            .movePointRight(costs.decimals())
            .setScale(0, RoundingMode.FLOOR);
    return limit.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValueExact();
  }

  /// Returns the costs of a layer's weights in several resources.
  private static CostPattern joined(CostTable.Layer layer, List<CostPattern> single) {
    if (single.stream().allMatch(pattern -> pattern.kindCount() == 1)) {
      return CostPattern.same(single.stream().mapToLong(pattern -> pattern.cost(0, 0)).toArray());
    }
    if (single.size() == 1) {
      return single.getFirst();
    }
    var kinds = new int[layer.count()];
    var kindOf = new TreeMap<List<Integer>, Integer>(ResourcePlan::compare);
    var costs = new ArrayList<long[]>();
    for (int j = 0; j < kinds.length; j++) {
      int weight = j;
      List<Integer> kind = single.stream().map(pattern -> pattern.kindOf(weight)).toList();
      Integer known = kindOf.get(kind);
      if (known == null) {
        known = costs.size();
        kindOf.put(kind, known);
        costs.add(
            single.stream()
                .mapToLong(pattern -> pattern.cost(pattern.kindOf(weight), 0))
                .toArray());
      }
      kinds[j] = known;
    }
    return CostPattern.repeating(kinds, costs.toArray(long[][]::new));
  }

  private static int compare(List<Integer> a, List<Integer> b) {
    for (int i = 0; i < a.size(); i++) {
      int order = Integer.compare(a.get(i), b.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  /// Returns the budgets, in the order of the request.
  List<PlannedResource> resources() {
    return resources;
  }

  /// Returns what a user should know of the costs.
  List<String> notes() {
    return notes;
  }

  /// Returns the cost table with the further resources.
  CostTable costs() {
    return costs;
  }

  /// Returns a budget with the limits of the further resources.
  ///
  /// @throws PruningException if one is below what is used whatever is pruned
  Budget limiting(Budget budget) {
    for (PlannedResource resource : resources) {
      if (resource.limit() < resource.fixed()) {
        throw outOfReach(resource, resource.fixed(), "");
      }
    }
    return budget.withFurther(
        ResourceBudget.of(
            resources.stream()
                .mapToLong(resource -> resource.limit() - resource.fixed())
                .toArray()));
  }

  /// Refuses floors on layers whose weights differ in cost, and budgets below what the layers must
  /// keep, or within which no single weight or block fits.
  ///
  /// @param limits limits with floors
  /// @throws PruningException if a budget cannot be met; the message names it, the least that is
  ///     possible, and what holds it up
  void requireRoom(LayerLimits limits, Budget budget) {
    if (resources.isEmpty()) {
      return;
    }
    requireEqualCosts(limits);
    PatternItems items = limits.pattern() == null ? null : PatternItems.of(costs, limits);
    ResourceTable table = table(items, limits);
    var floors = new TreeMap<Integer, Integer>();
    if (items == null) {
      limits.rangeByLayer().forEach((l, range) -> floors.put(l, range.minKept()));
    } else {
      for (int n = 0; n < items.parts().size(); n++) {
        floors.put(n, items.parts().get(n).minKept());
      }
    }
    for (int r = 0; r < resources.size(); r++) {
      int column = 2 + r;
      long floor = 0;
      for (Map.Entry<Integer, Integer> entry : floors.entrySet()) {
        floor += entry.getValue() * table.layers().get(entry.getKey()).pattern().cost(0, column);
      }
      if (floor > budget.further().limit(r)) {
        PlannedResource resource = resources.get(r);
        throw outOfReach(
            resource,
            resource.fixed() + floor,
            ", and %s what %s asks for".formatted(resource.text(floor), Option.MIN_KEEP));
      }
    }
    requireOneItem(table, budget);
  }

  private ResourceTable table(@Nullable PatternItems items, LayerLimits limits) {
    try {
      return items == null ? ResourceTable.ofAll(costs) : items.table();
    } catch (IllegalArgumentException e) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s.%nGive each layer one cost, or leave %s %s out."
              .formatted(
                  e.getMessage(),
                  Option.PATTERN,
                  Objects.requireNonNull(limits.pattern()).pattern()),
          e);
    }
  }

  private void requireEqualCosts(LayerLimits limits) {
    limits
        .rangeByLayer()
        .forEach((l, range) -> {
          ResourceTable.Layer layer = costs.further().layers().get(l);
          if (range.minKept() > 0 && layer.pattern().kindCount() > 1) {
            throw new PruningException(
                PruningException.Kind.USAGE,
                "%s sets a floor on layer '%s', whose weights differ in cost; only layers of equal costs can have one.%nName other layers there, or give this one a single cost."
                    .formatted(Option.MIN_KEEP, layer.name()));
          }
        });
  }

  private void requireOneItem(ResourceTable table, Budget budget) {
    var least = new long[table.resources().size()];
    Arrays.fill(least, Long.MAX_VALUE);
    var limits = new long[least.length];
    limits[0] = budget.maxNnz();
    limits[1] = budget.maxMacs();
    for (int r = 0; r < resources.size(); r++) {
      limits[2 + r] = budget.further().limit(r);
    }
    for (ResourceTable.Layer layer : table.layers()) {
      int[] counts = layer.pattern().countByKind(layer.count());
      for (int kind = 0; kind < counts.length; kind++) {
        boolean isWithin = counts[kind] > 0;
        for (int r = 0; r < least.length; r++) {
          long cost = layer.pattern().cost(kind, r);
          least[r] = counts[kind] > 0 ? Math.min(least[r], cost) : least[r];
          isWithin &= cost <= limits[r];
        }
        if (isWithin) {
          return;
        }
      }
    }
    for (int r = 0; r < resources.size(); r++) {
      if (least[2 + r] > limits[2 + r]) {
        PlannedResource resource = resources.get(r);
        throw outOfReach(
            resource,
            resource.fixed() + least[2 + r],
            ", and the cheapest weight %s".formatted(resource.text(least[2 + r])));
      }
    }
    throw new PruningException(
        PruningException.Kind.BUDGET,
        "The budgets contradict each other: every weight is too expensive for one of %s.%nAsk for more of one of them."
            .formatted(String.join(", ", table.resources())));
  }

  /// @param least the least possible use
  /// @param more what holds it up besides the fixed cost
  private static PruningException outOfReach(PlannedResource resource, long least, String more) {
    return new PruningException(
        PruningException.Kind.BUDGET,
        "The budget %s=%s allows %s, but %s is used whatever is pruned%s.%nAsk for at least %s (%.1f%% of %s)."
            .formatted(
                resource.name(),
                resource.request(),
                resource.text(resource.limit()),
                resource.text(resource.fixed()),
                more,
                resource.text(least),
                Math.ceil(10 * resource.percent(least)) / 10,
                resource.text(resource.total())));
  }
}
