package falcon.projection;

import falcon.budget.Mask;
import falcon.kernel.SelectionKernels;
import falcon.projection.group.Chunks;
import falcon.projection.group.ClassGroups;
import falcon.projection.group.CostClasses;
import falcon.projection.group.Segments;

/// Writes the mask that keeps the best k_c weights of every class.
public final class MaskWriter {
  private final CostClasses classes;
  private final Chunks chunks;
  private final Segments segments;
  private final SelectionKernels kernels;
  private final long[] words;

  /// By class, the smallest key whose weights are all kept.
  private final int[] keptFrom;

  /// By class, how many weights whose key is one less than `keptFrom` are kept, the first ones.
  private final int[] tiesKept;

  /// Creates a writer for masks of some classes.
  ///
  /// @param words room for one bit per weight; overwritten
  public MaskWriter(
      CostClasses classes,
      Segments segments,
      Chunks chunks,
      SelectionKernels kernels,
      long[] words) {
    this.classes = classes;
    this.segments = segments;
    this.chunks = chunks;
    this.kernels = kernels;
    this.words = words;
    keptFrom = new int[classes.count()];
    tiesKept = new int[classes.count()];
  }

  /// Sets how many weights of a class are kept; the cut must not fall inside a group that is not
  /// exact.
  public void keep(int c, ClassGroups groups, int kept) {
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

  /// Returns the mask, written from all saliencies; of equal saliencies in a class those of lowest
  /// index are kept.
  public Mask write(float[] saliency) {
    chunks.forEach(
        segments.chunkCount(),
        (chunk, worker) -> {
          for (int s = segments.firstOf(chunk); s < segments.firstOf(chunk + 1); s++) {
            int least = keptFrom[segments.classOf(s)];
            kernels.mark(saliency, segments.from(s), segments.to(s), least, words);
          }
        });
    for (int s = 0; s < segments.count(); s++) {
      int c = segments.classOf(s);
      for (int i = segments.from(s); i < segments.to(s) && tiesKept[c] > 0; i++) {
        // −0 has the key of 0.
        if (Math.max(0, Float.floatToRawIntBits(saliency[i])) == keptFrom[c] - 1) {
          words[i >> 6] |= 1L << i;
          tiesKept[c]--;
        }
      }
    }
    return Mask.ofWords(saliency.length, words);
  }

  /// Returns the mask, completed from the words that [Candidates#gather] has set for the weights
  /// above the zones.
  Mask complete(Candidates candidates) {
    candidates.markKept(keptFrom, tiesKept);
    return Mask.ofWords(classes.weightCount(), words);
  }
}
