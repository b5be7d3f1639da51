package falcon.torch.layer;

import java.util.ArrayList;
import java.util.List;

/// Which output positions of a layer are looked at: every `step`-th along each axis, from an offset
/// on.
///
/// @param step one or more
/// @param offsets one for each axis of positions; beyond the list they are 0
public record Grid(int step, List<Integer> offsets) {
  public static final Grid ALL = new Grid(1, List.of());

  public Grid {
    offsets = List.copyOf(offsets);
  }

  /// About so many positions, others in every chunk: the offsets fill the space evenly, whatever
  /// the number of chunks (Roberts' additive sequence of low discrepancy, powers of the inverse
  /// root of `x^(axes + 1) = x + 1`).
  ///
  /// @param sizes positions along each axis
  /// @param wanted positions, about
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

  /// How many of so many positions are looked at.
  long count(int axis, long positions) {
    return Math.max(0, (positions - offset(axis) + step - 1) / step);
  }

  /// The root of x^(axes + 1) = x + 1, which lies between 1 and 2.
  private static double root(int axes) {
    double x = 2;
    for (int i = 0; i < 64; i++) {
      x = Math.pow(1 + x, 1.0 / (axes + 1));
    }
    return x;
  }
}
