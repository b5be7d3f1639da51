package falcon.projection;

import falcon.budget.Mask;

/// Writes the mask that keeps the best k_c weights of every class.
final class MaskWriter {
  private final CostClasses classes;
  private final Chunks chunks;
  private final long[] words;

  /// By class: the smallest key that is kept for sure.
  private final int[] keptFrom;

  /// By class: how many weights whose key is one less than `keptFrom` are kept, the first ones.
  private final int[] tiesKept;

  MaskWriter(CostClasses classes, Chunks chunks) {
    this.classes = classes;
    this.chunks = chunks;
    words = new long[Mask.wordCount(classes.weightCount())];
    keptFrom = new int[classes.count()];
    tiesKept = new int[classes.count()];
  }

  /// Says how many weights of a class are kept; the cut must not fall inside a group that is not
  /// exact.
  void keep(int c, ClassGroups groups, int kept) {
    tiesKept[c] = 0;
    if (kept == 0) {
      keptFrom[c] = Integer.MAX_VALUE;
      return;
    }
    int g = groups.groupOf(kept - 1);
    keptFrom[c] = groups.lowestKey(g);
    if (kept < groups.countBefore(g + 1)) {
      keptFrom[c]++;
      tiesKept[c] = kept - groups.countBefore(g);
    }
  }

  /// The mask; of equal saliencies in a class those of lowest index are kept.
  Mask write(float[] saliency) {
    chunks.forEach(Chunks.countOf(saliency.length), (chunk, worker) -> writeChunk(saliency, chunk));
    int start = 0;
    for (int layer = 0; layer < classes.layerCount(); layer++) {
      int c = classes.layerClass(layer);
      for (int i = start; i < classes.layerEnd(layer) && tiesKept[c] > 0; i++) {
        if (keyOf(saliency[i]) == keptFrom[c] - 1) {
          words[i >> 6] |= 1L << i;
          tiesKept[c]--;
        }
      }
      start = classes.layerEnd(layer);
    }
    return Mask.ofWords(saliency.length, words);
  }

  private void writeChunk(float[] saliency, int chunk) {
    int i = chunk * Chunks.SIZE;
    int end = Math.min(saliency.length - 1, i + Chunks.SIZE - 1) + 1;
    int layer = classes.layerAt(i);
    long word = 0;
    while (i < end) {
      int stop = Math.min(end, classes.layerEnd(layer));
      int below = keptFrom[classes.layerClass(layer)] - 1;
      while (i < stop) {
        int wordEnd = Math.min(stop, (i | 63) + 1);
        for (; i < wordEnd; i++) {
          word |= (long) ((below - keyOf(saliency[i])) >>> 31) << i;
        }
        if ((i & 63) == 0 || i == end) {
          words[(i - 1) >> 6] = word;
          word = 0;
        }
      }
      layer++;
    }
  }

  /// −0 has the key of 0.
  private static int keyOf(float saliency) {
    return Math.max(0, Float.floatToRawIntBits(saliency));
  }
}
