package falcon.projection.pattern;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import falcon.budget.SparsityPattern;
import falcon.projection.Problem;
import falcon.projection.group.LayerLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// A projection with a pattern, and what can be said of a mask from the definition of the pattern
/// alone.
record PatternProblem(
    Problem problem, SparsityPattern pattern, List<ShuffledRows> rows, LayerLimits limits) {
  /// The weights that are kept together or not at all: one, or those of a block.
  record Item(int layer, List<Integer> weights) {}

  /// Returns a small problem of a random kind.
  static PatternProblem small(long seed, int maxWeights) {
    var random = new SplittableRandom(seed);
    SparsityPattern pattern =
        random.nextBoolean()
            ? SparsityPattern.BLOCKS
            : SparsityPattern.parse(
                List.of("1:2", "2:4", "1:4", "3:4", "2:3", "4:8").get(random.nextInt(6)));
    long[] costs = {0, 1, 3, 7, 64};
    CostTable.Builder table = CostTable.builder();
    var rows = new ArrayList<ShuffledRows>();
    for (int left = maxWeights; left > 0; ) {
      int groups = 1 + random.nextInt(2);
      int outputs = 1 + random.nextInt(9);
      int length = 1 + random.nextInt(9);
      if (groups * outputs * length <= left) {
        table.layer(
            "layer" + rows.size(), groups * outputs * length, costs[random.nextInt(costs.length)]);
        rows.add(ShuffledRows.of(groups, outputs, length, random));
      }
      left -= 1 + groups * outputs * length;
    }
    if (rows.isEmpty()) {
      table.layer("layer0", 6, 2);
      rows.add(ShuffledRows.of(1, 6, 1, random));
    }
    CostTable costTable = table.build();
    int count = costTable.weightCount();
    float[] saliency = Problem.saliencies(random, count, random.nextInt(6));
    Budget budget =
        new Budget(
            random.nextInt(3) == 0 ? Long.MAX_VALUE : random.nextInt(count + 2),
            random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextLong(costTable.totalMacs() + 2));
    Mask keepable = null;
    if (random.nextInt(4) == 0) {
      var may = new boolean[count];
      for (int i = 0; i < count; i++) {
        may[i] = random.nextInt(5) > 0;
      }
      may[random.nextInt(count)] = true;
      keepable = Mask.ofKept(may);
    }
    var problem =
        new PatternProblem(
            new Problem(
                "seed %d, %s".formatted(seed, pattern),
                new Problem.Saliency(saliency),
                costTable,
                budget),
            pattern,
            rows,
            new LayerLimits(Map.of(), keepable, new PatternLayout(pattern, List.copyOf(rows))));
    return random.nextInt(3) == 0 ? problem.withFloors(random) : problem;
  }

  private PatternProblem withFloors(SplittableRandom random) {
    Map<Integer, LayerLimits.Range> ranges = new HashMap<>();
    for (int l = 0; l < rows.size(); l++) {
      int most = most(l);
      if (random.nextBoolean() && most > 0) {
        ranges.put(l, new LayerLimits.Range(random.nextInt(most / 2 + 1), Integer.MAX_VALUE));
      }
    }
    return new PatternProblem(
        problem, pattern, rows, new LayerLimits(ranges, limits.keepable(), limits.pattern()));
  }

  CostTable costs() {
    return problem.costs();
  }

  private boolean isKeepable(int weight) {
    Mask keepable = limits.keepable();
    return keepable == null || keepable.isKept(weight);
  }

  private int weight(int layer, int group, int output, int place) {
    return costs().layers().get(layer).offset() + rows.get(layer).at(group, output, place);
  }

  /// Returns the runs of weights of a layer of which only some may be kept.
  private List<List<Integer>> runs(int layer, int length) {
    var runs = new ArrayList<List<Integer>>();
    ShuffledRows matrix = rows.get(layer);
    for (int g = 0; g < matrix.groups(); g++) {
      for (int o = 0; o < matrix.outputs(); o++) {
        for (int place = 0; place < matrix.rowLength(); place++) {
          if (place % length == 0) {
            runs.add(new ArrayList<>());
          }
          if (isKeepable(weight(layer, g, o, place))) {
            runs.getLast().add(weight(layer, g, o, place));
          }
        }
      }
    }
    return runs;
  }

  /// Returns what is kept or left out as a whole.
  List<Item> items() {
    var items = new ArrayList<Item>();
    for (int l = 0; l < rows.size(); l++) {
      ShuffledRows matrix = rows.get(l);
      int height = pattern.equals(SparsityPattern.BLOCKS) ? 4 : 1;
      for (int g = 0; g < matrix.groups(); g++) {
        for (int first = 0; first < matrix.outputs(); first += height) {
          for (int place = 0; place < matrix.rowLength(); place++) {
            var weights = new ArrayList<Integer>();
            for (int o = first; o < Math.min(matrix.outputs(), first + height); o++) {
              if (isKeepable(weight(l, g, o, place))) {
                weights.add(weight(l, g, o, place));
              }
            }
            if (!weights.isEmpty()) {
              items.add(new Item(l, weights));
            }
          }
        }
      }
    }
    return items;
  }

  /// Returns the greatest number of weights that a layer may keep.
  int most(int layer) {
    return pattern instanceof SparsityPattern.AtMost(int kept, int length)
        ? runs(layer, length).stream().mapToInt(run -> Math.min(kept, run.size())).sum()
        : items().stream()
            .filter(item -> item.layer() == layer)
            .mapToInt(item -> item.weights().size())
            .sum();
  }

  /// Returns the saliency of an item.
  double value(Item item) {
    double sum = 0;
    for (int weight : item.weights()) {
      sum += problem.saliency().values()[weight];
    }
    return (float) Math.min(sum, Float.MAX_VALUE);
  }

  /// Returns the value of a mask.
  double value(Mask mask) {
    return items().stream()
        .filter(item -> mask.isKept(item.weights().getFirst()))
        .mapToDouble(this::value)
        .sum();
  }

  /// Returns whether a mask has the pattern and keeps no weight that may not be kept.
  boolean hasPattern(Mask mask) {
    for (int i = mask.nextKept(0); i < mask.weightCount(); i = mask.nextKept(i + 1)) {
      if (!isKeepable(i)) {
        return false;
      }
    }
    if (pattern instanceof SparsityPattern.AtMost(int kept, int length)) {
      for (int l = 0; l < rows.size(); l++) {
        if (runs(l, length).stream()
            .anyMatch(run -> run.stream().filter(mask::isKept).count() > kept)) {
          return false;
        }
      }
      return true;
    }
    return items().stream()
        .allMatch(item -> item.weights().stream().map(mask::isKept).distinct().count() == 1);
  }

  /// Returns the least number of items of a size that a layer keeps.
  int minKept(int layer, int size) {
    LayerLimits.Range range = limits.rangeByLayer().get(layer);
    if (range == null || range.minKept() == 0) {
      return 0;
    }
    if (!pattern.equals(SparsityPattern.BLOCKS)) {
      return range.minKept();
    }
    long same =
        items().stream()
            .filter(item -> item.layer() == layer && item.weights().size() == size)
            .count();
    return (int) Math.ceil(range.minKept() * (double) same / most(layer) - 1e-9);
  }

  /// Returns whether each layer keeps what it must.
  boolean meetsFloors(Mask mask) {
    for (int layer : limits.rangeByLayer().keySet()) {
      for (int size = 1; size <= 4; size++) {
        int s = size;
        long kept =
            items().stream()
                .filter(item -> item.layer() == layer && item.weights().size() == s)
                .filter(item -> mask.isKept(item.weights().getFirst()))
                .count();
        boolean isNone =
            items().stream().noneMatch(item -> item.layer() == layer && item.weights().size() == s);
        if (!isNone && kept < minKept(layer, size)) {
          return false;
        }
      }
    }
    return true;
  }

  /// Returns the greatest value of any mask with the pattern within budget and floors, found by
  /// trying all.
  ///
  /// @return −1 if there is none
  double bestOfAll() {
    List<Item> items = items();
    double best = -1;
    for (long choice = 0; choice < 1L << items.size(); choice++) {
      var kept = new boolean[costs().weightCount()];
      double value = 0;
      long nnz = 0;
      long macs = 0;
      for (int i = 0; i < items.size(); i++) {
        if ((choice >>> i & 1) != 0) {
          Item item = items.get(i);
          value += value(item);
          nnz += item.weights().size();
          macs += item.weights().size() * costs().layers().get(item.layer()).macsPerWeight();
          item.weights().forEach(weight -> kept[weight] = true);
        }
      }
      if (value > best && problem.budget().allows(nnz, macs)) {
        Mask mask = Mask.ofKept(kept);
        if (hasPattern(mask) && meetsFloors(mask)) {
          best = value;
        }
      }
    }
    return best;
  }

  @Override
  public String toString() {
    return "%s, %s, %s, %s, %s"
        .formatted(problem.name(), problem.saliency(), costs().layers(), problem.budget(), limits);
  }
}
