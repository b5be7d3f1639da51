package falcon.projection.pattern;

import falcon.budget.CostPattern;
import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.budget.PatternLayout;
import falcon.budget.ResourceTable;
import falcon.budget.WeightRows;
import falcon.projection.group.Chunks;
import falcon.projection.group.LayerLimits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The items of a pattern: what is kept or left out as a whole.
///
/// How many items there are, and of how many weights each, depends on layers and limits alone;
/// which weights they are may also depend on the saliencies ([ItemScheme]). Items of one layer and
/// of the same number of weights are adjacent: they are a [Part], and cost the same.
///
/// Immutable and safe to share between threads.
public final class PatternItems {
  /// Number of weights, or so, that one thread turns into items at a time.
  private static final int STRIP_WEIGHTS = Chunks.SIZE;

  /// The items of one layer that have the same number of weights.
  ///
  /// @param layer number of the layer in the cost table
  /// @param size number of weights of each item, one or more
  /// @param count number of items, one or more
  /// @param minKept least number of items that are kept: the part's share of the layer's floor,
  ///     rounded up
  public record Part(int layer, int size, int count, int minKept) {
    /// Returns the number of weights of all items.
    public long weights() {
      return (long) size * count;
    }

    /// Returns the least number of weights that are kept.
    public long minWeights() {
      return (long) size * minKept;
    }
  }

  /// Consecutive units of one layer.
  private static final class Strip {
    private final int layer;
    private final int first;
    private final int end;

    /// Number of the first item of each size, `[maxSize + 1]`.
    private final int[] start;

    /// @param first number of the first unit
    /// @param end number after the last unit
    Strip(int layer, int first, int end, int maxSize) {
      this.layer = layer;
      this.first = first;
      this.end = end;
      this.start = new int[maxSize + 1];
    }
  }

  private final CostTable costs;
  private final ItemScheme scheme;
  private final List<WeightRows> rows;
  private final @Nullable Mask keepable;
  private final List<Strip> strips = new ArrayList<>();
  private final List<Part> parts = new ArrayList<>();
  private int count;

  private PatternItems(CostTable costs, LayerLimits limits, PatternLayout layout) {
    layout.refuseOthers(costs);
    this.costs = costs;
    this.keepable = limits.keepable();
    this.scheme = ItemScheme.of(layout.pattern());
    this.rows = layout.rows();
    limits.refuseOutside(
        costs.layers().stream().map(CostTable.Layer::name).toList(),
        costs.layers().stream().map(CostTable.Layer::count).toList());
    for (int l = 0; l < rows.size(); l++) {
      add(l, limits.rangeByLayer().get(l));
    }
  }

  /// Returns the items of layers.
  ///
  /// @param limits limits with a pattern
  /// @throws IllegalArgumentException if the limits have no pattern or are those of other layers, a
  ///     floor is more than what the pattern lets stay, or a layer has a ceiling
  public static PatternItems of(CostTable costs, LayerLimits limits) {
    PatternLayout layout = limits.pattern();
    if (layout == null) {
      throw new IllegalArgumentException("the limits have no pattern");
    }
    return new PatternItems(costs, limits, layout);
  }

  private void add(int layer, LayerLimits.@Nullable Range range) {
    List<Strip> own = strips(layer);
    var counts = new int[scheme.maxSize() + 1];
    for (Strip strip : own) {
      System.arraycopy(counts, 0, strip.start, 0, counts.length);
      forEach(strip, null, (members, size) -> counts[size]++);
    }
    long all = 0;
    for (int size = 1; size < counts.length; size++) {
      all += (long) size * counts[size];
    }
    int floor = range == null ? 0 : range.minKept();
    CostTable.Layer named = costs.layers().get(layer);
    if (floor > all) {
      throw new IllegalArgumentException(
          "layer '%s' must keep %d weights, but the pattern lets %d stay"
              .formatted(named.name(), floor, all));
    }
    if (range != null && range.maxKept() < named.count()) {
      throw new IllegalArgumentException(
          "layer '%s' keeps at most %d weights; with a pattern, layers can have floors only"
              .formatted(named.name(), range.maxKept()));
    }
    for (int size = counts.length - 1; size > 0; size--) {
      for (Strip strip : own) {
        strip.start[size] += count;
      }
      if (counts[size] > 0) {
        int minKept = Math.toIntExact(Math.ceilDiv((long) floor * counts[size], all));
        parts.add(new Part(layer, size, counts[size], minKept));
        count = Math.addExact(count, counts[size]);
      }
    }
    strips.addAll(own);
  }

  private List<Strip> strips(int layer) {
    WeightRows matrix = rows.get(layer);
    int units = Math.multiplyExact(matrix.groups(), unitsOfGroup(matrix));
    int each = Math.max(1, STRIP_WEIGHTS / Math.max(1, scheme.height() * matrix.rowLength()));
    var own = new ArrayList<Strip>();
    for (int first = 0; first < units; first += each) {
      own.add(new Strip(layer, first, Math.min(units - first, each) + first, scheme.maxSize()));
    }
    return own;
  }

  private int unitsOfGroup(WeightRows matrix) {
    return Math.ceilDiv(matrix.outputs(), scheme.height());
  }

  private ItemScheme.Unit unit(int layer, int number) {
    WeightRows matrix = rows.get(layer);
    int units = unitsOfGroup(matrix);
    int firstOutput = number % units * scheme.height();
    int height = Math.min(scheme.height(), matrix.outputs() - firstOutput);
    return new ItemScheme.Unit(
        costs.layers().get(layer).offset(),
        matrix.indexes(number / units * matrix.outputs() + firstOutput, height),
        height,
        keepable);
  }

  private void forEach(Strip strip, float @Nullable [] saliency, ItemScheme.Visitor visitor) {
    for (int unit = strip.first; unit < strip.end; unit++) {
      scheme.forEach(unit(strip.layer, unit), saliency, visitor);
    }
  }

  /// Returns the items of each layer, in graph order; unmodifiable.
  public List<Part> parts() {
    return List.copyOf(parts);
  }

  /// Returns the costs of the items, part by part: weights, multiply-accumulates, and those in the
  /// further resources of the cost table.
  ///
  /// @throws IllegalArgumentException if weights of one layer differ in cost and which of them are
  ///     items depends on the saliencies: the best of some weights is then not the best choice
  public ResourceTable table() {
    ResourceTable further = costs.further();
    var names = new ArrayList<>(List.of("nnz", "macs"));
    names.addAll(further.resources());
    ResourceTable.Builder builder = ResourceTable.builder(names.toArray(String[]::new));
    int start = 0;
    for (Part part : parts) {
      CostTable.Layer layer = costs.layers().get(part.layer());
      CostPattern each =
          further.resources().isEmpty()
              ? CostPattern.same()
              : further.layers().get(part.layer()).pattern();
      var own = new long[names.size()];
      own[0] = part.size();
      own[1] = Math.multiplyExact(part.size(), layer.macsPerWeight());
      for (int r = 0; r < further.resources().size(); r++) {
        own[2 + r] = Math.multiplyExact(part.size(), each.cost(0, r));
      }
      builder.layer(
          "%s (%d at a time)".formatted(layer.name(), part.size()),
          part.count(),
          each.kindCount() == 1 ? CostPattern.same(own) : mixed(part, start, own, each));
      start += part.count();
    }
    return builder.build();
  }

  /// Returns the costs of items whose weights differ in cost.
  ///
  /// @param start number of the part's first item
  /// @param own weights and multiply-accumulates of an item, which are the same for all
  private CostPattern mixed(Part part, int start, long[] own, CostPattern each) {
    if (!scheme.isFixed()) {
      throw new IllegalArgumentException(
          "the weights of layer '%s' differ in cost; with a pattern that keeps the best of some weights, those of a layer cost the same"
              .formatted(costs.layers().get(part.layer()).name()));
    }
    int offset = costs.layers().get(part.layer()).offset();
    var kinds = new int[part.count()];
    Map<List<Long>, Integer> kindOf = new LinkedHashMap<>();
    for (Strip strip : strips) {
      if (strip.layer == part.layer()) {
        int[] next = {strip.start[part.size()] - start};
        forEach(
            strip,
            null,
            (members, size) -> {
              if (size == part.size()) {
                var cost = new ArrayList<Long>();
                for (int r = 0; r < own.length; r++) {
                  cost.add(r < 2 ? own[r] : sum(members, size, offset, each, r - 2));
                }
                kinds[next[0]++] = kindOf.computeIfAbsent(cost, _ -> kindOf.size());
              }
            });
      }
    }
    return CostPattern.repeating(
        kinds,
        kindOf.keySet().stream()
            .map(cost -> cost.stream().mapToLong(Long::longValue).toArray())
            .toArray(long[][]::new));
  }

  private static long sum(int[] members, int size, int offset, CostPattern each, int resource) {
    long sum = 0;
    for (int i = 0; i < size; i++) {
      sum = Math.addExact(sum, each.cost(each.kindOf(members[i] - offset), resource));
    }
    return sum;
  }

  /// Returns the floors of the parts.
  LayerLimits limits() {
    Map<Integer, LayerLimits.Range> floors = new HashMap<>();
    for (int n = 0; n < parts.size(); n++) {
      if (parts.get(n).minKept() > 0) {
        floors.put(n, new LayerLimits.Range(parts.get(n).minKept(), Integer.MAX_VALUE));
      }
    }
    return new LayerLimits(floors);
  }

  /// Returns the saliencies of the items: the sums of those of their weights, rounded to float32.
  ///
  /// @param saliency finite and zero or more
  float[] saliencies(float[] saliency, Chunks chunks) {
    var items = new float[count];
    chunks.forEach(
        strips.size(),
        (number, worker) -> {
          Strip strip = strips.get(number);
          int[] next = strip.start.clone();
          forEach(
              strip,
              saliency,
              (members, size) -> items[next[size]++] = sum(saliency, members, size));
        });
    return items;
  }

  private static float sum(float[] saliency, int[] members, int size) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += saliency[members[i]];
    }
    return (float) Math.min(sum, Float.MAX_VALUE);
  }

  /// Returns the weights of kept items.
  ///
  /// @param kept the kept items
  /// @param saliency the saliencies that the items were made from
  Mask weights(Mask kept, float[] saliency) {
    var words = new long[Mask.wordCount(costs.weightCount())];
    for (Strip strip : strips) {
      int[] next = strip.start.clone();
      forEach(
          strip,
          saliency,
          (members, size) -> {
            if (kept.isKept(next[size]++)) {
              for (int i = 0; i < size; i++) {
                words[members[i] >> 6] |= 1L << members[i];
              }
            }
          });
    }
    return Mask.ofWords(costs.weightCount(), words);
  }

  /// Returns the name of a layer in which what a mask keeps does not have the pattern.
  ///
  /// @param mask a mask of the weights
  /// @return null if the mask has the pattern in all layers
  public @Nullable String violatedIn(Mask mask) {
    for (Strip strip : strips) {
      for (int unit = strip.first; unit < strip.end; unit++) {
        if (!scheme.holds(unit(strip.layer, unit), mask)) {
          return costs.layers().get(strip.layer).name();
        }
      }
    }
    return null;
  }
}
