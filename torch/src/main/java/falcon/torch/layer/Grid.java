package falcon.torch.layer;

import java.util.ArrayList;
import java.util.List;

/// The output positions of a layer that are used: every `step`-th along each axis, from an offset
/// on.
///
/// @param step distance of used positions, one or more
/// @param offsets one per axis of positions; beyond the list they are 0
public record Grid(int step, List<Integer> offsets) {
  /// The grid of all positions.
  public static final Grid ALL = new Grid(1, List.of());

  /// Copies the list.
  public Grid {
    offsets = List.copyOf(offsets);
  }

  /// Returns a grid of about `wanted` positions, with different ones in every chunk: the offsets
  /// fill the space evenly, whatever the number of chunks (Roberts' additive sequence of low
  /// discrepancy, powers of the inverse root of `x^(axes + 1) = x + 1`).
  ///
  /// @param sizes number of positions along each axis
  /// @param wanted approximate number of positions
  static Grid of(List<Long> sizes, long wanted, int chunk) {
    int axes = sizes.size();
    long all = 1;
    long shortest = Long.MAX_VALUE;
    for (long size : sizes) {
      all *= size;
      shortest = Math.min(shortest, size);
    }
    int step = 1;
    while (all > wanted * Math.pow(step, axes) && step < shortest) {
      step++;
    }
    double ratio = 1 / root(axes);
    var offsets = new ArrayList<Integer>();
    for (int axis = 0; axis < axes; axis++) {
      double x = (chunk + 0.5) * Math.pow(ratio, axis + 1);
      offsets.add((int) ((x - Math.floor(x)) * step));
    }
    return new Grid(step, offsets);
  }

  int offset(int axis) {
    return axis < offsets.size() ? offsets.get(axis) : 0;
  }

  boolean isAll() {
    return step == 1;
  }

  /// Returns the number of used positions among `positions` positions along an axis.
  long count(int axis, long positions) {
    return Math.max(0, (positions - offset(axis) + step - 1) / step);
  }

  /// Returns the root of x^(axes + 1) = x + 1, which is between 1 and 2.
  private static double root(int axes) {
    double x = 2;
    for (int i = 0; i < 64; i++) {
      x = Math.pow(1 + x, 1.0 / (axes + 1));
    }
    return x;
  }
}
