package falcon.budget;

import java.util.Arrays;
import java.util.Objects;

/// The set of kept weights: one bit per weight, 1 = kept, in the order of a [CostTable].
///
/// Instances are immutable and safe to share between threads; two are equal when they keep the same
/// weights.
public final class Mask {
  private final int weightCount;

  /// Bit `i & 63` of word `i >> 6` is weight i; bits past the last weight are 0.
  private final long[] words;

  private final int keptCount;

  private Mask(int weightCount, long[] ownedWords) {
    this.weightCount = weightCount;
    this.words = ownedWords;
    this.keptCount = bitCount(ownedWords);
  }

  /// Returns the mask that keeps all of `weightCount` weights.
  public static Mask all(int weightCount) {
    long[] words = new long[wordCount(weightCount)];
    Arrays.fill(words, -1L);
    int tail = weightCount & 63;
    if (tail != 0) {
      words[words.length - 1] = (1L << tail) - 1;
    }
    return new Mask(weightCount, words);
  }

  /// Returns the mask that keeps none of `weightCount` weights.
  public static Mask none(int weightCount) {
    return new Mask(weightCount, new long[wordCount(weightCount)]);
  }

  /// Returns a mask from packed bits.
  ///
  /// @param weightCount number of weights that the mask is for, zero or more
  /// @param words bit `i & 63` of word `i >> 6` is weight i; copied; further words are ignored
  /// @throws IllegalArgumentException if there are too few words or a bit past the last weight of
  ///     the last word is set
  public static Mask ofWords(int weightCount, long[] words) {
    int needed = wordCount(weightCount);
    if (words.length < needed) {
      throw new IllegalArgumentException(
          "a mask of %d weights takes %d words, found %d"
              .formatted(weightCount, needed, words.length));
    }
    int tail = weightCount & 63;
    if (tail != 0 && words[needed - 1] >>> tail != 0) {
      throw new IllegalArgumentException(
          "the last word has bits set past weight %d".formatted(weightCount - 1));
    }
    return new Mask(weightCount, Arrays.copyOf(words, needed));
  }

  /// Returns the mask that keeps weight i where `kept[i]`.
  public static Mask ofKept(boolean[] kept) {
    long[] words = new long[wordCount(kept.length)];
    for (int i = 0; i < kept.length; i++) {
      if (kept[i]) {
        words[i >> 6] |= 1L << i;
      }
    }
    return new Mask(kept.length, words);
  }

  /// Returns the mask that keeps what both masks keep.
  ///
  /// @throws IllegalArgumentException if they are for different numbers of weights
  public Mask and(Mask other) {
    if (other.weightCount != weightCount) {
      throw new IllegalArgumentException(
          "masks of %d and %d weights".formatted(weightCount, other.weightCount));
    }
    long[] both = words.clone();
    for (int i = 0; i < both.length; i++) {
      both[i] &= other.words[i];
    }
    return new Mask(weightCount, both);
  }

  /// Returns the number of 64-bit words that hold `weightCount` weights.
  ///
  /// @throws IllegalArgumentException if `weightCount` is negative
  public static int wordCount(int weightCount) {
    if (weightCount < 0) {
      throw new IllegalArgumentException("a mask of %d weights".formatted(weightCount));
    }
    return (int) ((weightCount + 63L) >> 6);
  }

  /// Returns the number of weights that the mask is for.
  public int weightCount() {
    return weightCount;
  }

  /// Returns whether weight i is kept.
  ///
  /// @throws IndexOutOfBoundsException if there is no weight i
  public boolean isKept(int i) {
    Objects.checkIndex(i, weightCount);
    return (words[i >> 6] >>> i & 1) != 0;
  }

  /// Returns 64 weights at once: bit j is weight `64 · index + j`, 0 past the last weight.
  public long word(int index) {
    return words[index];
  }

  /// Returns the index of the first kept weight at or after `from`, or [#weightCount()] if there is
  /// none.
  ///
  /// @throws IndexOutOfBoundsException if `from` is not in 0 … `weightCount`
  public int nextKept(int from) {
    Objects.checkFromToIndex(from, weightCount, weightCount);
    if (from == weightCount) {
      return weightCount;
    }
    int index = from >> 6;
    long word = words[index] & -1L << from;
    while (word == 0) {
      if (++index == words.length) {
        return weightCount;
      }
      word = words[index];
    }
    return (index << 6) + Long.numberOfTrailingZeros(word);
  }

  /// Returns the number of kept weights (NNZ).
  public int keptCount() {
    return keptCount;
  }

  /// Returns the number of kept weights from `from` up to but not including `to`.
  ///
  /// @throws IndexOutOfBoundsException if the range is not within the weights
  public int keptCount(int from, int to) {
    Objects.checkFromToIndex(from, to, weightCount);
    return keptCount(words, from, to);
  }

  /// Returns the number of kept weights among `from … to − 1` by packed bits, for a mask that is
  /// still being written.
  ///
  /// @param words bit `i & 63` of word `i >> 6` is weight i
  public static int keptCount(long[] words, int from, int to) {
    if (from == to) {
      return 0;
    }
    int first = from >> 6;
    int last = (to - 1) >> 6;
    long firstBits = -1L << from;
    long lastBits = -1L >>> -to;
    if (first == last) {
      return Long.bitCount(words[first] & firstBits & lastBits);
    }
    int count = Long.bitCount(words[first] & firstBits) + Long.bitCount(words[last] & lastBits);
    for (int index = first + 1; index < last; index++) {
      count += Long.bitCount(words[index]);
    }
    return count;
  }

  /// Returns the number of kept weights of a layer.
  public int keptCount(CostTable.Layer layer) {
    return keptCount(layer.offset(), layer.end());
  }

  /// Returns the multiply-accumulates of one example that the kept weights cost.
  ///
  /// @throws IllegalArgumentException if `costs` is of another number of weights
  public long macs(CostTable costs) {
    if (costs.weightCount() != weightCount) {
      throw new IllegalArgumentException(
          "mask of %d weights, costs of %d".formatted(weightCount, costs.weightCount()));
    }
    long macs = 0;
    for (CostTable.Layer layer : costs.layers()) {
      macs += keptCount(layer) * layer.macsPerWeight();
    }
    return macs;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mask that
        && weightCount == that.weightCount
        && Arrays.equals(words, that.words);
  }

  @Override
  public int hashCode() {
    return 31 * weightCount + Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return "Mask[%d of %d kept]".formatted(keptCount, weightCount);
  }

  private static int bitCount(long[] words) {
    int count = 0;
    for (long word : words) {
      count += Long.bitCount(word);
    }
    return count;
  }
}
