package falcon.runtime.vector;

import falcon.runtime.loop.PointLoop;
import falcon.runtime.loop.Raw;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Products of a dense matrix and one vector: bound by the memory that the weights come from.
///
/// A template like [ScatteredRows].
final class VectorPoints implements PointLoop {
  private static final VectorWidth WIDTH = VectorWidth.ofClass(MethodHandles.lookup());
  private static final VectorSpecies<Float> FLOATS = WIDTH.floats();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final long B = FLOATS.vectorByteSize();

  VectorPoints() {}

  @Override
  public void run(int vectors, int inputs, long weights, long input, long output) {
    if (vectors == VECTORS) {
      four(inputs, weights & Raw.ADDRESS, input & Raw.ADDRESS, output & Raw.ADDRESS);
    } else {
      one(inputs, weights & Raw.ADDRESS, input & Raw.ADDRESS, output & Raw.ADDRESS);
    }
  }

  private static void four(int inputs, long weights, long x, long y) {
    FloatVector a = load(y);
    FloatVector b = load(y + B);
    FloatVector c = load(y + 2 * B);
    FloatVector d = load(y + 3 * B);
    for (int k = 0; k < inputs; k++) {
      FloatVector factor = FloatVector.broadcast(FLOATS, Raw.floatAt(x + 4L * k));
      long w = weights + VECTORS * B * k;
      a = load(w).fma(factor, a);
      b = load(w + B).fma(factor, b);
      c = load(w + 2 * B).fma(factor, c);
      d = load(w + 3 * B).fma(factor, d);
    }
    a.intoMemorySegment(Raw.MEMORY, y, ORDER);
    b.intoMemorySegment(Raw.MEMORY, y + B, ORDER);
    c.intoMemorySegment(Raw.MEMORY, y + 2 * B, ORDER);
    d.intoMemorySegment(Raw.MEMORY, y + 3 * B, ORDER);
  }

  private static void one(int inputs, long weights, long x, long y) {
    FloatVector a = load(y);
    for (int k = 0; k < inputs; k++) {
      FloatVector factor = FloatVector.broadcast(FLOATS, Raw.floatAt(x + 4L * k));
      a = load(weights + B * k).fma(factor, a);
    }
    a.intoMemorySegment(Raw.MEMORY, y, ORDER);
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOATS, Raw.MEMORY, address, ORDER);
  }
}
