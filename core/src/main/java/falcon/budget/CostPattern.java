package falcon.budget;

import java.util.Arrays;

/// The cost of each weight of one layer, in each of R resources.
///
/// The weights of a layer come in *kinds* of equal cost. The kinds follow a pattern that repeats:
/// weight j of the layer is of kind `kinds[j mod L]`. In a 3×3 convolution with padding, say, the
/// taps at the border of the kernel meet fewer input pixels than the centre: L = 9. A pattern as
/// long as the layer gives every weight a cost of its own.
///
/// Instances are immutable and safe to share between threads.
public final class CostPattern {
  private final int[] kinds;

  /// `[kinds, R]`
  private final long[][] costs;

  private CostPattern(int[] ownedKinds, long[][] ownedCosts) {
    kinds = ownedKinds;
    costs = ownedCosts;
    if (kinds.length == 0) {
      throw new IllegalArgumentException("a pattern of no weights; it has one or more");
    }
    for (int j = 0; j < kinds.length; j++) {
      if (kinds[j] < 0 || kinds[j] >= costs.length) {
        throw new IllegalArgumentException(
            "kinds[%d] is %d, but costs are given for the kinds 0 to %d"
                .formatted(j, kinds[j], costs.length - 1));
      }
    }
    for (int kind = 0; kind < costs.length; kind++) {
      if (costs[kind].length != costs[0].length) {
        throw new IllegalArgumentException(
            "kind %d has costs in %d resources, kind 0 in %d"
                .formatted(kind, costs[kind].length, costs[0].length));
      }
      for (int r = 0; r < costs[kind].length; r++) {
        if (costs[kind][r] < 0) {
          throw new IllegalArgumentException(
              "a weight of kind %d costs %d of resource %d; a cost is zero or more"
                  .formatted(kind, costs[kind][r], r));
        }
      }
    }
  }

  /// Returns a pattern in which every weight of the layer costs the same.
  ///
  /// @param costs `[R]`, what one weight costs in each resource, zero or more; copied
  /// @throws IllegalArgumentException if a cost is negative
  public static CostPattern same(long... costs) {
    return new CostPattern(new int[1], new long[][] {costs.clone()});
  }

  /// Returns a pattern of costs that repeat along the layer.
  ///
  /// @param kinds `[L]`, the kind of the weights 0 … L − 1 of the layer; copied
  /// @param costsByKind `[kinds, R]`, what one weight of each kind costs, zero or more; copied
  /// @throws IllegalArgumentException if there is no kind, a kind has no costs, the numbers of
  ///     resources differ, or a cost is negative
  public static CostPattern repeating(int[] kinds, long[]... costsByKind) {
    long[][] costs = new long[costsByKind.length][];
    Arrays.setAll(costs, kind -> costsByKind[kind].clone());
    return new CostPattern(kinds.clone(), costs);
  }

  /// Returns the same kinds with costs in resources before those that they have.
  ///
  /// @param before what one weight of any kind costs in each of them, zero or more
  /// @throws IllegalArgumentException if a cost is negative
  CostPattern prefixed(long... before) {
    long[][] all = new long[costs.length][];
    Arrays.setAll(
        all,
        kind -> {
          long[] joined = Arrays.copyOf(before, before.length + costs[kind].length);
          System.arraycopy(costs[kind], 0, joined, before.length, costs[kind].length);
          return joined;
        });
    return new CostPattern(kinds, all);
  }

  /// Returns the number of kinds of weights.
  public int kindCount() {
    return costs.length;
  }

  /// Returns R, the number of resources that costs are given in.
  public int resourceCount() {
    return costs[0].length;
  }

  /// Returns the kind of weight j of the layer.
  public int kindOf(int j) {
    return kinds.length == 1 ? kinds[0] : kinds[j % kinds.length];
  }

  /// Returns the cost of one weight of a kind in a resource.
  public long cost(int kind, int resource) {
    return costs[kind][resource];
  }

  /// Returns the number of weights of each kind among the first `count` weights of a layer.
  public int[] countByKind(int count) {
    int[] counts = new int[costs.length];
    for (int j = 0; j < kinds.length; j++) {
      // Weights j, j + L, j + 2 L, … below count.
      counts[kinds[j]] += (int) (((long) count - j + kinds.length - 1) / kinds.length);
    }
    return counts;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CostPattern that
        && Arrays.equals(kinds, that.kinds)
        && Arrays.deepEquals(costs, that.costs);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(kinds) + Arrays.deepHashCode(costs);
  }

  @Override
  public String toString() {
    return costs.length == 1
        ? "CostPattern" + Arrays.toString(costs[0])
        : "CostPattern[%d kinds, repeats after %d weights]".formatted(costs.length, kinds.length);
  }
}
