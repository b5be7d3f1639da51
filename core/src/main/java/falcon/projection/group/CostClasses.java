package falcon.projection.group;

import falcon.budget.CostTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The layers of a cost table, grouped by cost per weight.
///
/// Inside a class all weights cost the same, so that the best k weights of the class are simply
/// those of greatest saliency, and the whole mask is described by one count k_c per class. A layer
/// with limits of its own is a class of its own. Classes are in ascending order of cost: by the
/// first resource, then by the next (for NNZ and MACs: by MACs).
public final class CostClasses {
  /// The number of the resource NNZ of a [falcon.budget.Budget].
  public static final int NNZ = 0;

  /// The number of the resource MACs of a [falcon.budget.Budget].
  public static final int MACS = 1;

  /// Adjacent weights of equal cost: a layer, or the weights of one kind in it.
  public static final class Layer {
    private final int end;
    private final int count;
    private final long[] costs;
    private final LayerLimits.@Nullable Range range;
    private int limitGroup;

    /// Creates a run of adjacent weights.
    ///
    /// @param end index after its last weight; layers follow one another without gaps
    /// @param costs `[R]`, of one weight; not copied
    /// @param range its own limits, if it has any
    public Layer(int end, int count, long[] costs, LayerLimits.@Nullable Range range) {
      this.end = end;
      this.count = count;
      this.costs = costs;
      this.range = range;
    }

    private boolean isAlike(Layer that) {
      return limitGroup == that.limitGroup && Arrays.equals(costs, that.costs);
    }
  }

  private final int resourceCount;
  private final int weightCount;
  private final int count;
  private final long[] costs;
  private final int[] size;
  private final int[] minKept;
  private final int[] maxKept;
  private final int[] layerEnd;
  private final int[] layerClass;

  /// Creates the classes for the resources NNZ and MACs.
  ///
  /// @throws IllegalArgumentException if a limit names no layer or asks for more than it has
  public CostClasses(CostTable costs, LayerLimits limits) {
    this(2, layersOf(costs, limits));
  }

  /// Creates the classes of layers that are given in the order of the weights.
  public CostClasses(int resourceCount, List<Layer> layers) {
    this.resourceCount = resourceCount;
    weightCount = layers.isEmpty() ? 0 : layers.getLast().end;
    layerEnd = new int[layers.size()];
    layerClass = new int[layers.size()];
    costs = new long[layers.size() * resourceCount];
    size = new int[layers.size()];
    minKept = new int[layers.size()];
    maxKept = new int[layers.size()];
    for (int l = 0; l < layers.size(); l++) {
      layers.get(l).limitGroup = layers.get(l).range == null ? -1 : l;
      layerEnd[l] = layers.get(l).end;
    }
    List<Integer> byCost = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      byCost.add(l);
    }
    byCost.sort(
        Comparator.comparing((Integer l) -> layers.get(l).costs, Arrays::compare)
            .thenComparingInt(l -> layers.get(l).limitGroup)
            .thenComparingInt(l -> l));
    int last = -1;
    for (int n = 0; n < byCost.size(); n++) {
      Layer layer = layers.get(byCost.get(n));
      if (n == 0 || !layer.isAlike(layers.get(byCost.get(n - 1)))) {
        last++;
        System.arraycopy(layer.costs, 0, costs, last * resourceCount, resourceCount);
      }
      layerClass[byCost.get(n)] = last;
      size[last] += layer.count;
      minKept[last] += layer.range == null ? 0 : layer.range.minKept();
      maxKept[last] +=
          layer.range == null ? layer.count : Math.min(layer.count, layer.range.maxKept());
    }
    count = last + 1;
  }

  private static List<Layer> layersOf(CostTable table, LayerLimits limits) {
    List<Layer> layers = new ArrayList<>();
    for (CostTable.Layer layer : table.layers()) {
      long[] costs = {1, layer.macsPerWeight()};
      LayerLimits.Range range = limits.rangeByLayer().get(layers.size());
      layers.add(new Layer(layer.end(), layer.count(), costs, range));
    }
    limits.refuseOutside(
        table.layers().stream().map(CostTable.Layer::name).toList(),
        table.layers().stream().map(CostTable.Layer::count).toList());
    return layers;
  }

  /// Returns the number of weights, p.
  public int weightCount() {
    return weightCount;
  }

  /// Returns the number of classes, C.
  public int count() {
    return count;
  }

  /// Returns the number of resources, R.
  public int resourceCount() {
    return resourceCount;
  }

  /// Returns a_cr, the cost of one weight of class c in resource r.
  public long cost(int c, int r) {
    return costs[c * resourceCount + r];
  }

  /// Returns f_c, the multiply-accumulates of one weight of class c, where the resources are NNZ
  /// and MACs.
  public long macs(int c) {
    return cost(c, MACS);
  }

  /// Returns the number of weights of class c.
  public int size(int c) {
    return size[c];
  }

  /// Returns the least number of weights of class c that may be kept.
  public int minKept(int c) {
    return minKept[c];
  }

  /// Returns the greatest number of weights of class c that may be kept.
  public int maxKept(int c) {
    return maxKept[c];
  }

  /// Returns `k` clamped to the limits of class c.
  public int clamp(int c, int k) {
    return Math.max(minKept[c], Math.min(k, maxKept[c]));
  }

  /// Computes the use of each resource when `kept[c]` weights of each class c are kept.
  ///
  /// @param used `[R]`, overwritten
  public void use(int[] kept, long[] used) {
    Arrays.fill(used, 0);
    for (int c = 0; c < count; c++) {
      for (int r = 0; r < resourceCount; r++) {
        used[r] += kept[c] * cost(c, r);
      }
    }
  }

  /// Returns the number of layers.
  public int layerCount() {
    return layerEnd.length;
  }

  /// Returns the index after the last weight of a layer.
  public int layerEnd(int layer) {
    return layerEnd[layer];
  }

  /// Returns the class that a layer belongs to.
  public int layerClass(int layer) {
    return layerClass[layer];
  }

  /// Returns the layer that weight `i` belongs to.
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
