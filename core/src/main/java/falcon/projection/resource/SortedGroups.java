package falcon.projection.resource;

import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import java.util.Arrays;

/// Groups made by sorting, for costs with so many classes that their histograms would be mostly
/// empty (in the extreme every weight has a cost of its own).
///
/// Every group is exact at once. The work is that of sorting p weights, p log p.
final class SortedGroups {
  private final CostClasses classes;

  /// Keys, class by class, in ascending order.
  private final int[] sorted;

  private final int[] next;

  SortedGroups(CostClasses classes) {
    this.classes = classes;
    sorted = new int[classes.weightCount()];
    next = new int[classes.count()];
  }

  /// Puts all weights into groups.
  ///
  /// @param saliency finite and zero or more
  void group(float[] saliency, ClassGroups[] groups) {
    for (int c = 1; c < groups.length; c++) {
      next[c] = next[c - 1] + classes.size(c - 1);
    }
    int start = 0;
    for (int layer = 0; layer < classes.layerCount(); layer++) {
      int count = classes.layerEnd(layer) - start;
      int c = classes.layerClass(layer);
      for (int i = start; i < start + count; i++) {
        // −0 has the key of 0.
        sorted[next[c]++] = Math.max(0, Float.floatToRawIntBits(saliency[i]));
      }
      start += count;
    }
    for (int c = 0; c < groups.length; c++) {
      Arrays.sort(sorted, next[c] - classes.size(c), next[c]);
      groups[c].setSample(sorted, next[c] - classes.size(c), next[c], classes.size(c));
    }
    next[0] = 0;
  }
}
