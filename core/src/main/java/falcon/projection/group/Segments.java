package falcon.projection.group;

import java.util.Arrays;

/// The weights divided into runs that lie in one chunk and belong to one cost class.
///
/// Segments are in the order of the weights, so that results gathered segment by segment are in
/// that order too. The division depends on the costs alone.
public final class Segments {
  private final int[] end;
  private final int[] classOf;

  /// By chunk, its first segment; one more entry than chunks.
  private final int[] firstOfChunk;

  /// Divides the weights of some classes.
  public Segments(CostClasses classes) {
    int chunks = Chunks.countOf(classes.weightCount());
    int most = chunks + classes.layerCount();
    int[] endOf = new int[most];
    int[] classAt = new int[most];
    firstOfChunk = new int[chunks + 1];
    int count = 0;
    int layer = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
      firstOfChunk[chunk] = count;
      int i = chunk * Chunks.SIZE;
      int chunkEnd = Math.min(classes.weightCount() - 1, i + Chunks.SIZE - 1) + 1;
      while (i < chunkEnd) {
        i = Math.min(chunkEnd, classes.layerEnd(layer));
        endOf[count] = i;
        classAt[count++] = classes.layerClass(layer);
        if (i == classes.layerEnd(layer)) {
          layer++;
        }
      }
    }
    firstOfChunk[chunks] = count;
    end = Arrays.copyOf(endOf, count);
    classOf = Arrays.copyOf(classAt, count);
  }

  /// Returns the number of segments.
  public int count() {
    return end.length;
  }

  /// Returns the number of chunks.
  public int chunkCount() {
    return firstOfChunk.length - 1;
  }

  /// Returns the first segment of a chunk; that of the chunk after the last is [#count].
  public int firstOf(int chunk) {
    return firstOfChunk[chunk];
  }

  /// Returns the first weight of a segment.
  public int from(int segment) {
    return segment == 0 ? 0 : end[segment - 1];
  }

  /// Returns the weight after the last of a segment.
  public int to(int segment) {
    return end[segment];
  }

  /// Returns the cost class that the weights of a segment belong to.
  public int classOf(int segment) {
    return classOf[segment];
  }
}
