package falcon.projection;

import falcon.budget.CostTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The layers of a cost table, those of equal cost per weight put together.
///
/// Inside a class all weights cost the same, so that the best k weights of the class are simply
/// those of greatest saliency, and the whole mask is described by one count k_c per class. A layer
/// with limits of its own is a class of its own. Classes are in ascending order of cost.
final class CostClasses {

  private record Member(int layer, long macs, int group) {}

  private final int weightCount;
  private final int count;
  private final long[] macs;
  private final int[] size;
  private final int[] minKept;
  private final int[] maxKept;
  private final int[] layerEnd;
  private final int[] layerClass;

  /// @throws IllegalArgumentException if a limit names no layer or asks for more than it has
  CostClasses(CostTable costs, LayerLimits limits) {
    List<CostTable.Layer> layers = costs.layers();
    refuseBadLimits(layers, limits);
    weightCount = costs.weightCount();
    layerEnd = new int[layers.size()];
    layerClass = new int[layers.size()];
    List<Member> members = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      layerEnd[l] = layers.get(l).end();
      int group = limits.rangeByLayer().containsKey(l) ? l : -1;
      members.add(new Member(l, layers.get(l).macsPerWeight(), group));
    }
    members.sort(
        Comparator.comparingLong(Member::macs)
            .thenComparingInt(Member::group)
            .thenComparingInt(Member::layer));
    macs = new long[members.size()];
    size = new int[members.size()];
    minKept = new int[members.size()];
    maxKept = new int[members.size()];
    int last = -1;
    for (int m = 0; m < members.size(); m++) {
      Member member = members.get(m);
      Member before = members.get(Math.max(0, m - 1));
      if (m == 0 || member.macs() != before.macs() || member.group() != before.group()) {
        last++;
      }
      int count = layers.get(member.layer()).count();
      LayerLimits.Range range =
          limits.rangeByLayer().getOrDefault(member.layer(), new LayerLimits.Range(0, count));
      layerClass[member.layer()] = last;
      macs[last] = member.macs();
      size[last] += count;
      minKept[last] += range.minKept();
      maxKept[last] += Math.min(count, range.maxKept());
    }
    count = last + 1;
  }

  private static void refuseBadLimits(List<CostTable.Layer> layers, LayerLimits limits) {
    limits
        .rangeByLayer()
        .forEach((layer, range) -> {
          if (layer < 0 || layer >= layers.size()) {
            throw new IllegalArgumentException(
                "a limit is set on layer %d, but there are %d layers"
                    .formatted(layer, layers.size()));
          }
          if (range.minKept() > layers.get(layer).count()) {
            throw new IllegalArgumentException(
                "layer '%s' must keep %d weights but has %d"
                    .formatted(
                        layers.get(layer).name(), range.minKept(), layers.get(layer).count()));
          }
        });
  }

  int weightCount() {
    return weightCount;
  }

  /// Number of classes, C.
  int count() {
    return count;
  }

  /// f_c: multiply-accumulates of one weight of class c.
  long macs(int c) {
    return macs[c];
  }

  /// How many weights class c has.
  int size(int c) {
    return size[c];
  }

  /// How few weights of class c may be kept.
  int minKept(int c) {
    return minKept[c];
  }

  /// How many weights of class c may be kept.
  int maxKept(int c) {
    return maxKept[c];
  }

  /// `k` moved into the limits of class c.
  int clamp(int c, int k) {
    return Math.max(minKept[c], Math.min(k, maxKept[c]));
  }

  int layerCount() {
    return layerEnd.length;
  }

  /// Index after the last weight of a layer.
  int layerEnd(int layer) {
    return layerEnd[layer];
  }

  /// The class that a layer belongs to.
  int layerClass(int layer) {
    return layerClass[layer];
  }

  /// The layer that weight `i` belongs to.
  int layerAt(int i) {
    int low = 0;
    int high = layerEnd.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (layerEnd[middle] > i) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
