package falcon.projection.resource;

import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.ResourceBudget;
import falcon.budget.ResourceTable;
import falcon.projection.Problem;
import falcon.projection.group.LayerLimits;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// A projection onto a budget of any number of resources, and the checks that need nothing but the
/// problem itself.
record ResourceProblem(
    String name,
    Problem.Saliency saliency,
    ResourceTable table,
    ResourceBudget budget,
    LayerLimits limits) {

  /// Returns a small problem of a random kind.
  static ResourceProblem small(long seed, int maxWeights, int resources) {
    SplittableRandom random = new SplittableRandom(seed);
    int weightCount = 1 + random.nextInt(maxWeights);
    ResourceTable.Builder builder = ResourceTable.builder(names(resources));
    Map<Integer, LayerLimits.Range> ranges = new HashMap<>();
    boolean isFew = random.nextBoolean();
    for (int left = weightCount, l = 0; left > 0; l++) {
      int count = 1 + random.nextInt(Math.min(left, Math.max(1, weightCount / 2)));
      int kinds = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
      CostPattern pattern = pattern(random, resources, kinds, count, isFew);
      builder.layer("layer" + l, count, pattern);
      if (random.nextInt(6) == 0) {
        boolean mayHaveFloor = kinds == 1;
        int most = random.nextInt(count + 1);
        int least = mayHaveFloor && random.nextInt(4) == 0 ? random.nextInt(most + 1) : 0;
        ranges.put(l, new LayerLimits.Range(least, most));
      }
      left -= count;
    }
    ResourceTable table = builder.build();
    LayerLimits limits = new LayerLimits(ranges);
    return new ResourceProblem(
        "seed " + seed,
        new Problem.Saliency(Problem.saliencies(random, weightCount, random.nextInt(6))),
        table,
        randomBudget(random, table, limits),
        limits);
  }

  private static ResourceBudget randomBudget(
      SplittableRandom random, ResourceTable table, LayerLimits limits) {
    long[] limit = new long[table.resources().size()];
    for (int r = 0; r < limit.length; r++) {
      long floor = 0;
      for (Map.Entry<Integer, LayerLimits.Range> entry : limits.rangeByLayer().entrySet()) {
        CostPattern pattern = table.layers().get(entry.getKey()).pattern();
        floor += entry.getValue().minKept() * pattern.cost(0, r);
      }
      limit[r] =
          random.nextInt(5) == 0
              ? ResourceBudget.UNLIMITED
              : floor + random.nextLong(table.total(r) - floor + 2);
    }
    return ResourceBudget.of(limit);
  }

  static String[] names(int resources) {
    String[] names = new String[resources];
    Arrays.setAll(names, r -> "r" + r);
    return names;
  }

  /// Returns the costs of a random layer: the first resource counts weights in half of the
  /// problems.
  private static CostPattern pattern(
      SplittableRandom random, int resources, int kinds, int count, boolean isFew) {
    long[] few = {0, 1, 2, 3, 7, 16, 64, 100, 256};
    long[][] costs = new long[kinds][resources];
    for (long[] cost : costs) {
      for (int r = 0; r < resources; r++) {
        cost[r] = isFew ? few[random.nextInt(few.length)] : random.nextLong(100_000);
      }
      if (isFew) {
        cost[0] = 2;
      }
    }
    int[] kindOf = new int[Math.max(kinds, 1 + random.nextInt(count))];
    for (int j = 0; j < kindOf.length; j++) {
      kindOf[j] = j < kinds ? j : random.nextInt(kinds);
    }
    return CostPattern.repeating(kindOf, costs);
  }

  /// Returns ResNet20's weights and MACs, and a time that falls with the size of the layer:
  /// nanoseconds per weight as if later stages ran at a lower rate, and a kernel's border taps were
  /// cheaper.
  static ResourceTable resNet20(boolean isPatterned) {
    ResourceTable.Builder builder = ResourceTable.builder("nnz", "macs", "picoseconds");
    int index = 0;
    for (CostTable.Layer layer : Problem.resNet20().layers()) {
      long macs = layer.macsPerWeight();
      long time = macs * (700 + 37 * (index * 7 % 11)) / 100 + 13L * index;
      if (isPatterned && layer.count() % 9 == 0) {
        int[] taps = {0, 1, 0, 1, 2, 1, 0, 1, 0};
        long side = Math.round(Math.sqrt((double) macs));
        builder.layer(
            layer.name(),
            layer.count(),
            CostPattern.repeating(
                taps,
                new long[] {1, (side - 1) * (side - 1), time * 9 / 10},
                new long[] {1, (side - 1) * side, time * 19 / 20},
                new long[] {1, macs, time}));
      } else {
        builder.layer(layer.name(), layer.count(), 1, macs, time);
      }
      index++;
    }
    return builder.build();
  }

  ResourceProblem withBudget(ResourceBudget other) {
    return new ResourceProblem(name, saliency, table, other, limits);
  }

  ResourceProblem withSaliency(float[] other) {
    return new ResourceProblem(name, new Problem.Saliency(other), table, budget, limits);
  }

  int weightCount() {
    return table.weightCount();
  }

  ResourceTable.Layer layerOf(int i) {
    for (ResourceTable.Layer layer : table.layers()) {
      if (i < layer.end()) {
        return layer;
      }
    }
    throw new IndexOutOfBoundsException(i);
  }

  long cost(int i, int r) {
    ResourceTable.Layer layer = layerOf(i);
    return layer.pattern().cost(layer.pattern().kindOf(i - layer.offset()), r);
  }

  LayerLimits.Range range(int layer) {
    return limits.rangeByLayer().getOrDefault(layer, new LayerLimits.Range(0, Integer.MAX_VALUE));
  }

  /// Returns whether a mask stays within the budget and the limits of every layer.
  boolean allows(Mask mask) {
    for (int l = 0; l < table.layers().size(); l++) {
      ResourceTable.Layer layer = table.layers().get(l);
      int kept = mask.keptCount(layer.offset(), layer.end());
      if (kept < range(l).minKept() || kept > range(l).maxKept()) {
        return false;
      }
    }
    return budget.allows(mask, table);
  }

  double valueOf(Mask mask) {
    double value = 0;
    for (int i = mask.nextKept(0); i < mask.weightCount(); i = mask.nextKept(i + 1)) {
      value += saliency.values()[i];
    }
    return value;
  }

  /// Returns g(μ), computed from its definition: in each layer as many of the weights with the
  /// greatest I − Σ μ a as its limits allow. The budget is rounded down to a multiple of the costs'
  /// greatest common divisor.
  double dual(double... multipliers) {
    double g = 0;
    for (int r = 0; r < multipliers.length; r++) {
      long common = 0;
      for (ResourceTable.Layer layer : table.layers()) {
        for (int count = layer.count(), j = 0; j < count; j++) {
          common = gcd(common, layer.pattern().cost(layer.pattern().kindOf(j), r));
        }
      }
      common = Math.max(1, common);
      g += multipliers[r] == 0 ? 0 : multipliers[r] * (budget.limit(r) / common * common);
    }
    for (int l = 0; l < table.layers().size(); l++) {
      ResourceTable.Layer layer = table.layers().get(l);
      double[] reduced = new double[layer.count()];
      for (int j = 0; j < layer.count(); j++) {
        reduced[j] = saliency.values()[layer.offset() + j];
        for (int r = 0; r < multipliers.length; r++) {
          reduced[j] -= multipliers[r] * layer.pattern().cost(layer.pattern().kindOf(j), r);
        }
      }
      Arrays.sort(reduced);
      for (int n = 0; n < Math.min(layer.count(), range(l).maxKept()); n++) {
        double value = reduced[layer.count() - 1 - n];
        g += n < range(l).minKept() ? value : Math.max(0, value);
      }
    }
    return g;
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  double bestByEnumeration() {
    int count = weightCount();
    double best = 0;
    for (int bits = 0; bits < 1 << count; bits++) {
      Mask mask = Mask.ofWords(count, new long[] {bits});
      double value = valueOf(mask);
      if (value > best && allows(mask)) {
        best = value;
      }
    }
    return best;
  }
}
