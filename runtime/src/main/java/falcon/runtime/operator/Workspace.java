package falcon.runtime.operator;

import java.lang.foreign.MemorySegment;

/// Arrays of one thread that steps compute in: the JIT compiler vectorises loops over arrays. They
/// grow at first use and are then used again, so that steady runs allocate nothing.
public final class Workspace {
  /// Number of arrays that a step may hold at the same time.
  static final int SLOTS = 8;

  private static final int FIRST_SIZE = 4096;

  private final float[][] floats = new float[SLOTS][FIRST_SIZE];
  private final float[][][] rows = new float[2][0][0];
  private int[] bits = new int[FIRST_SIZE];
  private float[] powers = new float[FIRST_SIZE];
  private MemorySegment bitsView = MemorySegment.ofArray(bits);
  private MemorySegment powersView = MemorySegment.ofArray(powers);

  /// Returns an array of at least that many elements; the content is arbitrary.
  ///
  /// @param slot number of the array, from 0
  float[] floats(int slot, int size) {
    if (floats[slot].length < size) {
      floats[slot] = new float[size];
    }
    return floats[slot];
  }

  /// Returns rows of at least that many elements; the content is arbitrary.
  ///
  /// @param slot number of the rows, 0 or 1
  float[][] rows(int slot, int count, int size) {
    float[][] present = rows[slot];
    int width = present.length == 0 ? 0 : present[0].length;
    if (present.length < count || width < size) {
      rows[slot] = new float[Math.max(count, present.length)][Math.max(size, width)];
    }
    return rows[slot];
  }

  /// Returns an array for the bits of floats that [#powers(int)] converts.
  int[] bits(int size) {
    if (bits.length < size) {
      bits = new int[size];
      powers = new float[size];
      bitsView = MemorySegment.ofArray(bits);
      powersView = MemorySegment.ofArray(powers);
    }
    return bits;
  }

  /// Returns the floats whose bits are in [#bits(int)].
  float[] powers(int size) {
    MemorySegment.copy(bitsView, 0, powersView, 0, 4L * size);
    return powers;
  }
}
