package falcon.projection.group;

import java.util.Arrays;

/// The weights cut into runs that lie in one chunk and belong to one cost class.
///
/// Segments are in the order of the weights, so that what is gathered segment by segment is in that
/// order too. The cut depends on the costs alone.
public final class Segments {
  private final int[] end;
  private final int[] classOf;

  /// By chunk, its first segment; one entry more than chunks.
  private final int[] firstOfChunk;

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

  /// How many segments there are.
  public int count() {
    return end.length;
  }

  public int chunkCount() {
    return firstOfChunk.length - 1;
  }

  /// The first segment of a chunk; that of the chunk after the last is [#count].
  public int firstOf(int chunk) {
    return firstOfChunk[chunk];
  }

  /// The first weight of a segment.
  public int from(int segment) {
    return segment == 0 ? 0 : end[segment - 1];
  }

  /// The weight after the last of a segment.
  public int to(int segment) {
    return end[segment];
  }

  /// The cost class that the weights of a segment belong to.
  public int classOf(int segment) {
    return classOf[segment];
  }
}
