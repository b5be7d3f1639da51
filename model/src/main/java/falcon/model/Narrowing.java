package falcon.model;

/// Float32 numbers in 16 bits: the nearest number, ties to the even one; but zero only for zero,
/// and infinity only for infinity. [Tensor#ofFloats(DataType, java.util.List, float...)] says why.
final class Narrowing {
  private static final int SIGN = 0x8000;
  private static final int MAGNITUDE = 0x7fff;
  private static final int FLOAT16_INFINITY = 0x7c00;
  private static final int BFLOAT16_INFINITY = 0x7f80;

  private Narrowing() {}

  /// IEEE binary16.
  static short toFloat16(float value) {
    return kept(value, Float.floatToFloat16(value), FLOAT16_INFINITY);
  }

  /// The upper half of binary32.
  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      // the highest bit of the fraction keeps it a NaN when the others go
      return (short) ((bits >>> 16) | 0x40);
    }
    int tieToEven = (bits >>> 16) & 1;
    return kept(value, (short) ((bits + 0x7fff + tieToEven) >>> 16), BFLOAT16_INFINITY);
  }

  private static short kept(float value, short nearest, int infinity) {
    int magnitude = nearest & MAGNITUDE;
    if (magnitude == 0 && value != 0) {
      return (short) ((nearest & SIGN) | 1);
    }
    if (magnitude == infinity && Float.isFinite(value)) {
      return (short) ((nearest & SIGN) | (infinity - 1));
    }
    return nearest;
  }
}
