package falcon.runtime.vector;

import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowItem;
import falcon.runtime.loop.RowLoop;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Output channels one at a time: a load, a multiplication and an addition per weight and vector.
///
/// There is one method per number of vectors, so that every sum has a register of its own. A loop
/// over an array of sums, or a branch behind which sums of several ways meet, makes the compiler
/// keep them as objects, which is 200 times slower. So does a method whose intermediate form has
/// too many nodes, which limits the vectors and leaves what follows the sums to [VectorEnd]. The
/// class is a template: [VectorKernels] defines it per [VectorWidth], whose values are constants.
@SuppressWarnings("UnusedMethod") // called by handle
final class ScatteredRows implements RowLoop {
  private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
  private static final VectorSpecies<Float> FLOATS = WIDTH.floats();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /// Bytes from vector to vector of the input.
  private static final long X = WIDTH.inputStep();

  /// Bytes from vector to vector of the output.
  private static final long Y = WIDTH.outputStep();

  /// Whether sums continue those in the output; else they start from the bias.
  private static final boolean CONTINUES = WIDTH.continues();

  /// The loops by number of vectors. Called by handle, each is compiled by itself; by name, the
  /// compiler would inline several into one method that has too many nodes.
  private static final MethodHandle[] LOOPS =
      VectorWidth.loops(MethodHandles.lookup(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 12);

  ScatteredRows() {}

  @Override
  public void run(int vectors, long items, int count, long input, long output) {
    try {
      LOOPS[vectors].invokeExact(items, count, input, output);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a loop declares no exceptions", e);
    }
  }

  private static void run1(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
    }
  }

  private static void run2(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
    }
  }

  private static void run3(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
    }
  }

  private static void run4(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
    }
  }

  private static void run5(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      FloatVector a4 = CONTINUES ? load(to + 4 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
        a4 = load(at + 4 * X).fma(w, a4);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
      a4.intoMemorySegment(Raw.MEMORY, to + 4 * Y, ORDER);
    }
  }

  private static void run6(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      FloatVector a4 = CONTINUES ? load(to + 4 * Y) : bias;
      FloatVector a5 = CONTINUES ? load(to + 5 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
        a4 = load(at + 4 * X).fma(w, a4);
        a5 = load(at + 5 * X).fma(w, a5);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
      a4.intoMemorySegment(Raw.MEMORY, to + 4 * Y, ORDER);
      a5.intoMemorySegment(Raw.MEMORY, to + 5 * Y, ORDER);
    }
  }

  private static void run7(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      FloatVector a4 = CONTINUES ? load(to + 4 * Y) : bias;
      FloatVector a5 = CONTINUES ? load(to + 5 * Y) : bias;
      FloatVector a6 = CONTINUES ? load(to + 6 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
        a4 = load(at + 4 * X).fma(w, a4);
        a5 = load(at + 5 * X).fma(w, a5);
        a6 = load(at + 6 * X).fma(w, a6);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
      a4.intoMemorySegment(Raw.MEMORY, to + 4 * Y, ORDER);
      a5.intoMemorySegment(Raw.MEMORY, to + 5 * Y, ORDER);
      a6.intoMemorySegment(Raw.MEMORY, to + 6 * Y, ORDER);
    }
  }

  private static void run8(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      FloatVector a4 = CONTINUES ? load(to + 4 * Y) : bias;
      FloatVector a5 = CONTINUES ? load(to + 5 * Y) : bias;
      FloatVector a6 = CONTINUES ? load(to + 6 * Y) : bias;
      FloatVector a7 = CONTINUES ? load(to + 7 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
        a4 = load(at + 4 * X).fma(w, a4);
        a5 = load(at + 5 * X).fma(w, a5);
        a6 = load(at + 6 * X).fma(w, a6);
        a7 = load(at + 7 * X).fma(w, a7);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
      a4.intoMemorySegment(Raw.MEMORY, to + 4 * Y, ORDER);
      a5.intoMemorySegment(Raw.MEMORY, to + 5 * Y, ORDER);
      a6.intoMemorySegment(Raw.MEMORY, to + 6 * Y, ORDER);
      a7.intoMemorySegment(Raw.MEMORY, to + 7 * Y, ORDER);
    }
  }

  private static void run9(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      FloatVector a4 = CONTINUES ? load(to + 4 * Y) : bias;
      FloatVector a5 = CONTINUES ? load(to + 5 * Y) : bias;
      FloatVector a6 = CONTINUES ? load(to + 6 * Y) : bias;
      FloatVector a7 = CONTINUES ? load(to + 7 * Y) : bias;
      FloatVector a8 = CONTINUES ? load(to + 8 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
        a4 = load(at + 4 * X).fma(w, a4);
        a5 = load(at + 5 * X).fma(w, a5);
        a6 = load(at + 6 * X).fma(w, a6);
        a7 = load(at + 7 * X).fma(w, a7);
        a8 = load(at + 8 * X).fma(w, a8);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
      a4.intoMemorySegment(Raw.MEMORY, to + 4 * Y, ORDER);
      a5.intoMemorySegment(Raw.MEMORY, to + 5 * Y, ORDER);
      a6.intoMemorySegment(Raw.MEMORY, to + 6 * Y, ORDER);
      a7.intoMemorySegment(Raw.MEMORY, to + 7 * Y, ORDER);
      a8.intoMemorySegment(Raw.MEMORY, to + 8 * Y, ORDER);
    }
  }

  private static void run12(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long to = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias = broadcast(item + RowItem.BIAS);
      FloatVector a0 = CONTINUES ? load(to) : bias;
      FloatVector a1 = CONTINUES ? load(to + Y) : bias;
      FloatVector a2 = CONTINUES ? load(to + 2 * Y) : bias;
      FloatVector a3 = CONTINUES ? load(to + 3 * Y) : bias;
      FloatVector a4 = CONTINUES ? load(to + 4 * Y) : bias;
      FloatVector a5 = CONTINUES ? load(to + 5 * Y) : bias;
      FloatVector a6 = CONTINUES ? load(to + 6 * Y) : bias;
      FloatVector a7 = CONTINUES ? load(to + 7 * Y) : bias;
      FloatVector a8 = CONTINUES ? load(to + 8 * Y) : bias;
      FloatVector a9 = CONTINUES ? load(to + 9 * Y) : bias;
      FloatVector a10 = CONTINUES ? load(to + 10 * Y) : bias;
      FloatVector a11 = CONTINUES ? load(to + 11 * Y) : bias;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.SCATTERED_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w = broadcast(entry + Integer.BYTES);
        a0 = load(at).fma(w, a0);
        a1 = load(at + X).fma(w, a1);
        a2 = load(at + 2 * X).fma(w, a2);
        a3 = load(at + 3 * X).fma(w, a3);
        a4 = load(at + 4 * X).fma(w, a4);
        a5 = load(at + 5 * X).fma(w, a5);
        a6 = load(at + 6 * X).fma(w, a6);
        a7 = load(at + 7 * X).fma(w, a7);
        a8 = load(at + 8 * X).fma(w, a8);
        a9 = load(at + 9 * X).fma(w, a9);
        a10 = load(at + 10 * X).fma(w, a10);
        a11 = load(at + 11 * X).fma(w, a11);
      }
      a0.intoMemorySegment(Raw.MEMORY, to, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to + 3 * Y, ORDER);
      a4.intoMemorySegment(Raw.MEMORY, to + 4 * Y, ORDER);
      a5.intoMemorySegment(Raw.MEMORY, to + 5 * Y, ORDER);
      a6.intoMemorySegment(Raw.MEMORY, to + 6 * Y, ORDER);
      a7.intoMemorySegment(Raw.MEMORY, to + 7 * Y, ORDER);
      a8.intoMemorySegment(Raw.MEMORY, to + 8 * Y, ORDER);
      a9.intoMemorySegment(Raw.MEMORY, to + 9 * Y, ORDER);
      a10.intoMemorySegment(Raw.MEMORY, to + 10 * Y, ORDER);
      a11.intoMemorySegment(Raw.MEMORY, to + 11 * Y, ORDER);
    }
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOATS, Raw.MEMORY, address, ORDER);
  }

  private static FloatVector broadcast(long address) {
    return FloatVector.broadcast(FLOATS, Raw.floatAt(address));
  }
}
