package falcon.model;

/// Conversion of float32 numbers to 16 bits: the result is the nearest number, ties to even, except
/// that only zero becomes zero and only infinity becomes infinity;
/// [Tensor#ofFloats(DataType, java.util.List, float...)] gives the reason.
final class Narrowing {
  private static final int SIGN = 0x8000;
  private static final int MAGNITUDE = 0x7fff;
  private static final int FLOAT16_INFINITY = 0x7c00;
  private static final int BFLOAT16_INFINITY = 0x7f80;

  private Narrowing() {}

  /// Returns the number as IEEE binary16.
  static short toFloat16(float value) {
    return kept(value, Float.floatToFloat16(value), FLOAT16_INFINITY);
  }

  /// Returns the number as bfloat16, the upper half of binary32.
  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      // The highest bit of the fraction keeps the number a NaN when the others are dropped.
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
