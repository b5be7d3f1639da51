package falcon.simd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Vectors of float64, and the narrower vectors with the same number of lanes that are widened to
/// them.
final class MatrixLanes {
  /// Least width in bits: below it, a vector of bfloat16 with the same number of lanes would be
  /// narrower than any available vector.
  static final int LEAST_BITS = 256;

  private static final int USED_BITS = VectorWidth.atLeast(LEAST_BITS).vectorBitSize();

  static final VectorSpecies<Double> DOUBLES =
      VectorSpecies.of(double.class, VectorShape.forBitSize(USED_BITS));
  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(USED_BITS / 2));
  static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(USED_BITS / 2));
  static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(USED_BITS / 4));

  /// Number of lanes of each vector.
  static final int LANES = DOUBLES.length();

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /// Whether the first of two bfloat16 numbers is the lower half of the int that they form.
  private static final boolean IS_FIRST_LOW = ORDER == ByteOrder.LITTLE_ENDIAN;

  private static final int UPPER_HALF = 0xffff0000;

  private MatrixLanes() {}

  /// Returns one float32 number per lane, widened; exact.
  static DoubleVector ofFloat32(MemorySegment x, long offsetBytes) {
    return widened(FloatVector.fromMemorySegment(FLOATS, x, offsetBytes, ORDER));
  }

  /// Returns one bfloat16 number per lane, widened; exact.
  static DoubleVector ofBfloat16(MemorySegment x, long offsetBytes) {
    ShortVector upper = ShortVector.fromMemorySegment(SHORTS, x, offsetBytes, ORDER);
    IntVector bits = (IntVector) upper.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    return widened(bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats());
  }

  /// Returns two bfloat16 numbers per lane, for [#first] and [#second].
  static IntVector pairs(MemorySegment x, long offsetBytes) {
    return IntVector.fromMemorySegment(INTS, x, offsetBytes, ORDER);
  }

  /// Returns the first bfloat16 of each pair, widened; exact.
  static DoubleVector first(IntVector pairs) {
    return widened((IS_FIRST_LOW ? lowerHalf(pairs) : upperHalf(pairs)).reinterpretAsFloats());
  }

  /// Returns the second bfloat16 of each pair, widened; exact.
  static DoubleVector second(IntVector pairs) {
    return widened((IS_FIRST_LOW ? upperHalf(pairs) : lowerHalf(pairs)).reinterpretAsFloats());
  }

  private static IntVector lowerHalf(IntVector pairs) {
    return pairs.lanewise(VectorOperators.LSHL, 16);
  }

  private static IntVector upperHalf(IntVector pairs) {
    return pairs.and(UPPER_HALF);
  }

  private static DoubleVector widened(FloatVector values) {
    return (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 0);
  }

  /// Rounds one float32 number per lane to bfloat16, as [falcon.kernel.Bfloat16#narrow] does.
  static void narrow(MemorySegment from, long fromBytes, MemorySegment to, long toBytes) {
    FloatVector values = FloatVector.fromMemorySegment(FLOATS, from, fromBytes, ORDER);
    IntVector bits = values.reinterpretAsInts();
    IntVector upper = bits.lanewise(VectorOperators.LSHR, 16);
    IntVector rounded = bits.add(upper.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
    var isNan = values.test(VectorOperators.IS_NAN).cast(INTS);
    IntVector narrowed = rounded.blend(upper.or(0x40), isNan);
    ((ShortVector) narrowed.convertShape(VectorOperators.I2S, SHORTS, 0))
        .intoMemorySegment(to, toBytes, ORDER);
  }
}
