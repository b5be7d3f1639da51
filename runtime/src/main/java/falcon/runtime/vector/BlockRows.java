package falcon.runtime.vector;

import falcon.runtime.loop.Raw;
import falcon.runtime.loop.RowItem;
import falcon.runtime.loop.RowLoop;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Four output channels at a time: one load serves four multiplications and additions.
///
/// A template like [ScatteredRows], with one method per number of vectors.
@SuppressWarnings("UnusedMethod") // called by handle
final class BlockRows implements RowLoop {
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
  private static final MethodHandle[] LOOPS = VectorWidth.loops(MethodHandles.lookup(), 1, 2, 3, 4);

  BlockRows() {}

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
      long pitch = Raw.longAt(item + RowItem.PITCH);
      long to0 = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias0 = broadcast(item + RowItem.BIAS + 0);
      FloatVector a0 = CONTINUES ? load(to0) : bias0;
      long to1 = (to0 + pitch) & Raw.ADDRESS;
      FloatVector bias1 = broadcast(item + RowItem.BIAS + 4);
      FloatVector b0 = CONTINUES ? load(to1) : bias1;
      long to2 = (to1 + pitch) & Raw.ADDRESS;
      FloatVector bias2 = broadcast(item + RowItem.BIAS + 8);
      FloatVector c0 = CONTINUES ? load(to2) : bias2;
      long to3 = (to2 + pitch) & Raw.ADDRESS;
      FloatVector bias3 = broadcast(item + RowItem.BIAS + 12);
      FloatVector d0 = CONTINUES ? load(to3) : bias3;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.BLOCK_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w0 = broadcast(entry + 4);
        FloatVector w1 = broadcast(entry + 8);
        FloatVector w2 = broadcast(entry + 12);
        FloatVector w3 = broadcast(entry + 16);
        FloatVector x0 = load(at);
        a0 = x0.fma(w0, a0);
        b0 = x0.fma(w1, b0);
        c0 = x0.fma(w2, c0);
        d0 = x0.fma(w3, d0);
      }
      a0.intoMemorySegment(Raw.MEMORY, to0, ORDER);
      b0.intoMemorySegment(Raw.MEMORY, to1, ORDER);
      c0.intoMemorySegment(Raw.MEMORY, to2, ORDER);
      d0.intoMemorySegment(Raw.MEMORY, to3, ORDER);
    }
  }

  private static void run2(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long pitch = Raw.longAt(item + RowItem.PITCH);
      long to0 = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias0 = broadcast(item + RowItem.BIAS + 0);
      FloatVector a0 = CONTINUES ? load(to0) : bias0;
      FloatVector a1 = CONTINUES ? load(to0 + Y) : bias0;
      long to1 = (to0 + pitch) & Raw.ADDRESS;
      FloatVector bias1 = broadcast(item + RowItem.BIAS + 4);
      FloatVector b0 = CONTINUES ? load(to1) : bias1;
      FloatVector b1 = CONTINUES ? load(to1 + Y) : bias1;
      long to2 = (to1 + pitch) & Raw.ADDRESS;
      FloatVector bias2 = broadcast(item + RowItem.BIAS + 8);
      FloatVector c0 = CONTINUES ? load(to2) : bias2;
      FloatVector c1 = CONTINUES ? load(to2 + Y) : bias2;
      long to3 = (to2 + pitch) & Raw.ADDRESS;
      FloatVector bias3 = broadcast(item + RowItem.BIAS + 12);
      FloatVector d0 = CONTINUES ? load(to3) : bias3;
      FloatVector d1 = CONTINUES ? load(to3 + Y) : bias3;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.BLOCK_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w0 = broadcast(entry + 4);
        FloatVector w1 = broadcast(entry + 8);
        FloatVector w2 = broadcast(entry + 12);
        FloatVector w3 = broadcast(entry + 16);
        FloatVector x0 = load(at);
        a0 = x0.fma(w0, a0);
        b0 = x0.fma(w1, b0);
        c0 = x0.fma(w2, c0);
        d0 = x0.fma(w3, d0);
        FloatVector x1 = load(at + X);
        a1 = x1.fma(w0, a1);
        b1 = x1.fma(w1, b1);
        c1 = x1.fma(w2, c1);
        d1 = x1.fma(w3, d1);
      }
      a0.intoMemorySegment(Raw.MEMORY, to0, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to0 + Y, ORDER);
      b0.intoMemorySegment(Raw.MEMORY, to1, ORDER);
      b1.intoMemorySegment(Raw.MEMORY, to1 + Y, ORDER);
      c0.intoMemorySegment(Raw.MEMORY, to2, ORDER);
      c1.intoMemorySegment(Raw.MEMORY, to2 + Y, ORDER);
      d0.intoMemorySegment(Raw.MEMORY, to3, ORDER);
      d1.intoMemorySegment(Raw.MEMORY, to3 + Y, ORDER);
    }
  }

  private static void run3(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long pitch = Raw.longAt(item + RowItem.PITCH);
      long to0 = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias0 = broadcast(item + RowItem.BIAS + 0);
      FloatVector a0 = CONTINUES ? load(to0) : bias0;
      FloatVector a1 = CONTINUES ? load(to0 + Y) : bias0;
      FloatVector a2 = CONTINUES ? load(to0 + 2 * Y) : bias0;
      long to1 = (to0 + pitch) & Raw.ADDRESS;
      FloatVector bias1 = broadcast(item + RowItem.BIAS + 4);
      FloatVector b0 = CONTINUES ? load(to1) : bias1;
      FloatVector b1 = CONTINUES ? load(to1 + Y) : bias1;
      FloatVector b2 = CONTINUES ? load(to1 + 2 * Y) : bias1;
      long to2 = (to1 + pitch) & Raw.ADDRESS;
      FloatVector bias2 = broadcast(item + RowItem.BIAS + 8);
      FloatVector c0 = CONTINUES ? load(to2) : bias2;
      FloatVector c1 = CONTINUES ? load(to2 + Y) : bias2;
      FloatVector c2 = CONTINUES ? load(to2 + 2 * Y) : bias2;
      long to3 = (to2 + pitch) & Raw.ADDRESS;
      FloatVector bias3 = broadcast(item + RowItem.BIAS + 12);
      FloatVector d0 = CONTINUES ? load(to3) : bias3;
      FloatVector d1 = CONTINUES ? load(to3 + Y) : bias3;
      FloatVector d2 = CONTINUES ? load(to3 + 2 * Y) : bias3;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.BLOCK_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w0 = broadcast(entry + 4);
        FloatVector w1 = broadcast(entry + 8);
        FloatVector w2 = broadcast(entry + 12);
        FloatVector w3 = broadcast(entry + 16);
        FloatVector x0 = load(at);
        a0 = x0.fma(w0, a0);
        b0 = x0.fma(w1, b0);
        c0 = x0.fma(w2, c0);
        d0 = x0.fma(w3, d0);
        FloatVector x1 = load(at + X);
        a1 = x1.fma(w0, a1);
        b1 = x1.fma(w1, b1);
        c1 = x1.fma(w2, c1);
        d1 = x1.fma(w3, d1);
        FloatVector x2 = load(at + 2 * X);
        a2 = x2.fma(w0, a2);
        b2 = x2.fma(w1, b2);
        c2 = x2.fma(w2, c2);
        d2 = x2.fma(w3, d2);
      }
      a0.intoMemorySegment(Raw.MEMORY, to0, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to0 + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to0 + 2 * Y, ORDER);
      b0.intoMemorySegment(Raw.MEMORY, to1, ORDER);
      b1.intoMemorySegment(Raw.MEMORY, to1 + Y, ORDER);
      b2.intoMemorySegment(Raw.MEMORY, to1 + 2 * Y, ORDER);
      c0.intoMemorySegment(Raw.MEMORY, to2, ORDER);
      c1.intoMemorySegment(Raw.MEMORY, to2 + Y, ORDER);
      c2.intoMemorySegment(Raw.MEMORY, to2 + 2 * Y, ORDER);
      d0.intoMemorySegment(Raw.MEMORY, to3, ORDER);
      d1.intoMemorySegment(Raw.MEMORY, to3 + Y, ORDER);
      d2.intoMemorySegment(Raw.MEMORY, to3 + 2 * Y, ORDER);
    }
  }

  private static void run4(long items, int count, long input, long output) {
    long x = input & Raw.ADDRESS;
    for (int row = 0; row < count; row++) {
      long item = (items & Raw.ADDRESS) + (long) row * RowItem.BYTES;
      long pitch = Raw.longAt(item + RowItem.PITCH);
      long to0 = (output + Raw.longAt(item + RowItem.PLANE)) & Raw.ADDRESS;
      FloatVector bias0 = broadcast(item + RowItem.BIAS + 0);
      FloatVector a0 = CONTINUES ? load(to0) : bias0;
      FloatVector a1 = CONTINUES ? load(to0 + Y) : bias0;
      FloatVector a2 = CONTINUES ? load(to0 + 2 * Y) : bias0;
      FloatVector a3 = CONTINUES ? load(to0 + 3 * Y) : bias0;
      long to1 = (to0 + pitch) & Raw.ADDRESS;
      FloatVector bias1 = broadcast(item + RowItem.BIAS + 4);
      FloatVector b0 = CONTINUES ? load(to1) : bias1;
      FloatVector b1 = CONTINUES ? load(to1 + Y) : bias1;
      FloatVector b2 = CONTINUES ? load(to1 + 2 * Y) : bias1;
      FloatVector b3 = CONTINUES ? load(to1 + 3 * Y) : bias1;
      long to2 = (to1 + pitch) & Raw.ADDRESS;
      FloatVector bias2 = broadcast(item + RowItem.BIAS + 8);
      FloatVector c0 = CONTINUES ? load(to2) : bias2;
      FloatVector c1 = CONTINUES ? load(to2 + Y) : bias2;
      FloatVector c2 = CONTINUES ? load(to2 + 2 * Y) : bias2;
      FloatVector c3 = CONTINUES ? load(to2 + 3 * Y) : bias2;
      long to3 = (to2 + pitch) & Raw.ADDRESS;
      FloatVector bias3 = broadcast(item + RowItem.BIAS + 12);
      FloatVector d0 = CONTINUES ? load(to3) : bias3;
      FloatVector d1 = CONTINUES ? load(to3 + Y) : bias3;
      FloatVector d2 = CONTINUES ? load(to3 + 2 * Y) : bias3;
      FloatVector d3 = CONTINUES ? load(to3 + 3 * Y) : bias3;
      long stream = Raw.longAt(item + RowItem.STREAM) & Raw.ADDRESS;
      int records = Raw.intAt(item + RowItem.COUNT);
      for (int k = 0; k < records; k++) {
        long entry = stream + (long) k * RowItem.BLOCK_RECORD;
        long at = x + (Raw.intAt(entry) & Raw.OFFSET);
        FloatVector w0 = broadcast(entry + 4);
        FloatVector w1 = broadcast(entry + 8);
        FloatVector w2 = broadcast(entry + 12);
        FloatVector w3 = broadcast(entry + 16);
        FloatVector x0 = load(at);
        a0 = x0.fma(w0, a0);
        b0 = x0.fma(w1, b0);
        c0 = x0.fma(w2, c0);
        d0 = x0.fma(w3, d0);
        FloatVector x1 = load(at + X);
        a1 = x1.fma(w0, a1);
        b1 = x1.fma(w1, b1);
        c1 = x1.fma(w2, c1);
        d1 = x1.fma(w3, d1);
        FloatVector x2 = load(at + 2 * X);
        a2 = x2.fma(w0, a2);
        b2 = x2.fma(w1, b2);
        c2 = x2.fma(w2, c2);
        d2 = x2.fma(w3, d2);
        FloatVector x3 = load(at + 3 * X);
        a3 = x3.fma(w0, a3);
        b3 = x3.fma(w1, b3);
        c3 = x3.fma(w2, c3);
        d3 = x3.fma(w3, d3);
      }
      a0.intoMemorySegment(Raw.MEMORY, to0, ORDER);
      a1.intoMemorySegment(Raw.MEMORY, to0 + Y, ORDER);
      a2.intoMemorySegment(Raw.MEMORY, to0 + 2 * Y, ORDER);
      a3.intoMemorySegment(Raw.MEMORY, to0 + 3 * Y, ORDER);
      b0.intoMemorySegment(Raw.MEMORY, to1, ORDER);
      b1.intoMemorySegment(Raw.MEMORY, to1 + Y, ORDER);
      b2.intoMemorySegment(Raw.MEMORY, to1 + 2 * Y, ORDER);
      b3.intoMemorySegment(Raw.MEMORY, to1 + 3 * Y, ORDER);
      c0.intoMemorySegment(Raw.MEMORY, to2, ORDER);
      c1.intoMemorySegment(Raw.MEMORY, to2 + Y, ORDER);
      c2.intoMemorySegment(Raw.MEMORY, to2 + 2 * Y, ORDER);
      c3.intoMemorySegment(Raw.MEMORY, to2 + 3 * Y, ORDER);
      d0.intoMemorySegment(Raw.MEMORY, to3, ORDER);
      d1.intoMemorySegment(Raw.MEMORY, to3 + Y, ORDER);
      d2.intoMemorySegment(Raw.MEMORY, to3 + 2 * Y, ORDER);
      d3.intoMemorySegment(Raw.MEMORY, to3 + 3 * Y, ORDER);
    }
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOATS, Raw.MEMORY, address, ORDER);
  }

  private static FloatVector broadcast(long address) {
    return FloatVector.broadcast(FLOATS, Raw.floatAt(address));
  }
}
