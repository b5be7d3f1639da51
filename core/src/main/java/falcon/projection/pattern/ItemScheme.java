package falcon.projection.pattern;

import falcon.budget.Mask;
import falcon.budget.SparsityPattern;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How a pattern turns the weights of a few rows into items, which are kept or left out as a whole.
sealed interface ItemScheme {
  /// Receives items.
  interface Visitor {
    /// Receives the next item.
    ///
    /// @param members the weights of the item, as numbers among all weights of the network; the
    ///     array is used again for the next item
    /// @param size number of members, one or more
    void item(int[] members, int size);
  }

  /// Some rows of a layer, the weights of which are turned into items together.
  final class Unit {
    private final int offset;
    private final int[] at;
    private final int height;
    private final int length;
    private final @Nullable Mask keepable;

    /// @param offset index of the layer's first weight
    /// @param at `[height · length]`, numbers of the weights in their layer, row after row; not
    ///     copied
    /// @param height number of rows
    /// @param keepable the weights that may be kept; null for all
    Unit(int offset, int[] at, int height, @Nullable Mask keepable) {
      this.offset = offset;
      this.at = at;
      this.height = height;
      this.length = at.length / height;
      this.keepable = keepable;
    }

    /// Returns the number of rows.
    int height() {
      return height;
    }

    /// Returns the number of weights of a row.
    int length() {
      return length;
    }

    /// Returns the number of a weight among all weights of the network.
    int weight(int row, int place) {
      return offset + at[row * length + place];
    }

    /// Returns whether a weight may be kept.
    boolean isKeepable(int weight) {
      return keepable == null || keepable.isKept(weight);
    }
  }

  /// Returns the scheme of a pattern.
  ///
  /// @throws IllegalArgumentException if the pattern is the scattered one
  static ItemScheme of(SparsityPattern pattern) {
    return switch (pattern) {
      case SparsityPattern.Scattered() ->
          throw new IllegalArgumentException("scattered weights are items of their own");
      case SparsityPattern.Blocks() -> new Blocks();
      case SparsityPattern.AtMost(int kept, int length) -> new Best(kept, length);
    };
  }

  /// Returns the number of rows of a unit; the last unit of a group may have fewer.
  int height();

  /// Returns the greatest number of weights of an item.
  int maxSize();

  /// Returns whether the items do not depend on the saliencies.
  boolean isFixed();

  /// Shows the items of a unit, always as many and of the same sizes in the same order.
  ///
  /// @param saliency the saliency of all weights; null if only numbers and sizes matter
  void forEach(Unit unit, float @Nullable [] saliency, Visitor visitor);

  /// Returns whether what a mask keeps of a unit has the pattern.
  boolean holds(Unit unit, Mask mask);

  /// The weights of a unit at one place of the row are an item.
  record Blocks() implements ItemScheme {
    @Override
    public int height() {
      return SparsityPattern.Blocks.HEIGHT;
    }

    @Override
    public int maxSize() {
      return SparsityPattern.Blocks.HEIGHT;
    }

    @Override
    public boolean isFixed() {
      return true;
    }

    @Override
    public void forEach(Unit unit, float @Nullable [] saliency, Visitor visitor) {
      var members = new int[unit.height()];
      for (int place = 0; place < unit.length(); place++) {
        int size = 0;
        for (int row = 0; row < unit.height(); row++) {
          int weight = unit.weight(row, place);
          if (unit.isKeepable(weight)) {
            members[size++] = weight;
          }
        }
        if (size > 0) {
          visitor.item(members, size);
        }
      }
    }

    @Override
    public boolean holds(Unit unit, Mask mask) {
      for (int place = 0; place < unit.length(); place++) {
        int size = 0;
        int kept = 0;
        for (int row = 0; row < unit.height(); row++) {
          int weight = unit.weight(row, place);
          if (unit.isKeepable(weight)) {
            size++;
            kept += mask.isKept(weight) ? 1 : 0;
          }
        }
        if (kept > 0 && kept < size) {
          return false;
        }
      }
      return true;
    }
  }

  /// The best weights of each run of consecutive ones are items of one weight; all others are never
  /// kept. Of weights of equal saliency the first ones are taken.
  ///
  /// @param kept greatest number of kept weights of a run
  /// @param run number of weights of a run
  record Best(int kept, int run) implements ItemScheme {
    @Override
    public int height() {
      return 1;
    }

    @Override
    public int maxSize() {
      return 1;
    }

    @Override
    public boolean isFixed() {
      return false;
    }

    @Override
    public void forEach(Unit unit, float @Nullable [] saliency, Visitor visitor) {
      var candidates = new int[run];
      var values = new float[run];
      var member = new int[1];
      for (int from = 0; from < unit.length(); from += run) {
        int count = 0;
        for (int place = from; place < Math.min(unit.length(), from + run); place++) {
          int weight = unit.weight(0, place);
          if (unit.isKeepable(weight)) {
            candidates[count] = weight;
            values[count++] = saliency == null ? 0 : saliency[weight];
          }
        }
        for (int i = 0; i < count; i++) {
          if (rank(values, i, count) < kept) {
            member[0] = candidates[i];
            visitor.item(member, 1);
          }
        }
      }
    }

    /// Returns the number of values that come before one of them.
    private static int rank(float[] values, int of, int count) {
      int rank = 0;
      for (int i = 0; i < count; i++) {
        if (values[i] > values[of] || (i < of && values[i] == values[of])) {
          rank++;
        }
      }
      return rank;
    }

    @Override
    public boolean holds(Unit unit, Mask mask) {
      var keptByRun = new int[Math.ceilDiv(unit.length(), run)];
      for (int place = 0; place < unit.length(); place++) {
        keptByRun[place / run] += mask.isKept(unit.weight(0, place)) ? 1 : 0;
      }
      return Arrays.stream(keptByRun).allMatch(count -> count <= kept);
    }
  }
}
