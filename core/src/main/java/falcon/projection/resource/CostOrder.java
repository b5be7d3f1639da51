package falcon.projection.resource;

import falcon.budget.CostPattern;
import falcon.budget.Mask;
import falcon.budget.ResourceTable;
import falcon.projection.group.Chunks;
import falcon.projection.group.Saliencies;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// An order of the weights in which those of equal cost are adjacent.
///
/// A layer whose weights cost the same stays as it is. In any other layer the weights are sorted by
/// kind, those of one kind by index, so that each kind becomes a layer of its own. Later steps know
/// nothing of patterns.
final class CostOrder {
  /// The weights of one kind in a layer, adjacent in the new order.
  ///
  /// @param layer number of the layer in the table
  /// @param kind number of the kind in the layer's pattern
  /// @param end place after its last weight
  /// @param count number of weights, one or more
  record Part(int layer, int kind, int end, int count) {}

  private final List<Part> parts = new ArrayList<>();

  /// The weight at each place, `[p]`; null where the order is that of the weights.
  private final int @Nullable [] weightAt;

  private final float[] ordered;

  CostOrder(ResourceTable table) {
    boolean isMixed = false;
    for (int l = 0; l < table.layers().size(); l++) {
      ResourceTable.Layer layer = table.layers().get(l);
      int[] counts = layer.pattern().countByKind(layer.count());
      int end = layer.offset();
      for (int kind = 0; kind < counts.length; kind++) {
        end += counts[kind];
        if (counts[kind] > 0) {
          parts.add(new Part(l, kind, end, counts[kind]));
          isMixed |= counts[kind] < layer.count();
        }
      }
    }
    weightAt = isMixed ? sortByKind(table) : null;
    ordered = new float[isMixed ? table.weightCount() : 0];
  }

  private static int[] sortByKind(ResourceTable table) {
    int[] weightAt = new int[table.weightCount()];
    for (ResourceTable.Layer layer : table.layers()) {
      CostPattern pattern = layer.pattern();
      int[] next = pattern.countByKind(layer.count());
      int start = layer.offset();
      for (int kind = 0; kind < next.length; kind++) {
        int count = next[kind];
        next[kind] = start;
        start += count;
      }
      for (int i = layer.offset(); i < layer.end(); i++) {
        weightAt[next[pattern.kindOf(i - layer.offset())]++] = i;
      }
    }
    return weightAt;
  }

  /// Returns the parts in order; unmodifiable.
  List<Part> parts() {
    return List.copyOf(parts);
  }

  /// Returns the saliencies in this order.
  ///
  /// @return `saliency` itself or an array that is valid until the next call
  /// @throws IllegalArgumentException if a saliency is negative or not finite; the first is named
  float[] arrange(float[] saliency, Chunks chunks) {
    AtomicBoolean isBad = new AtomicBoolean();
    chunks.forEach(
        Chunks.countOf(saliency.length),
        (chunk, worker) -> {
          if (!arrangeChunk(saliency, chunk)) {
            isBad.set(true);
          }
        });
    if (isBad.get()) {
      Saliencies.refuseBad(saliency);
    }
    return weightAt == null ? saliency : ordered;
  }

  private boolean arrangeChunk(float[] saliency, int chunk) {
    int from = chunk * Chunks.SIZE;
    int to = Math.min(saliency.length - 1, from + Chunks.SIZE - 1) + 1;
    boolean isGood = true;
    int[] order = weightAt;
    for (int n = from; n < to; n++) {
      float value = saliency[order == null ? n : order[n]];
      isGood &= value >= 0 && value < Float.POSITIVE_INFINITY;
      if (order != null) {
        ordered[n] = value;
      }
    }
    return isGood;
  }

  /// Returns a mask of this order as a mask of the weights.
  Mask restore(Mask mask) {
    int[] order = weightAt;
    if (order == null) {
      return mask;
    }
    long[] words = new long[Mask.wordCount(order.length)];
    for (int n = mask.nextKept(0); n < order.length; n = mask.nextKept(n + 1)) {
      words[order[n] >> 6] |= 1L << order[n];
    }
    return Mask.ofWords(order.length, words);
  }

  /// Returns the number of weights of each part that a mask of this order keeps.
  int[] keptByPart(Mask mask) {
    int[] kept = new int[parts.size()];
    Arrays.setAll(
        kept, n -> mask.keptCount(parts.get(n).end() - parts.get(n).count(), parts.get(n).end()));
    return kept;
  }
}
