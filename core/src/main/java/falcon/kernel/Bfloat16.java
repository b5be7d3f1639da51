package falcon.kernel;

/// Conversions between float32 and bfloat16, the upper half of a float32.
public final class Bfloat16 {
  /// Number of low bits of a float32 that bfloat16 drops.
  private static final int DROPPED_BITS = 16;

  /// A little less than half a unit of the last bit that stays: with that bit added, ties go to
  /// even.
  private static final int ALMOST_HALF = 0x7fff;

  private static final int QUIET = 0x40;

  private Bfloat16() {}

  /// Returns the number as float32; exact.
  public static float widen(short bits) {
    return Float.intBitsToFloat(bits << DROPPED_BITS);
  }

  /// Returns the nearest bfloat16, ties to even; NaN stays NaN.
  public static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    int upper = bits >>> DROPPED_BITS;
    if (Float.isNaN(value)) {
      return (short) (upper | QUIET);
    }
    return (short) ((bits + ALMOST_HALF + (upper & 1)) >>> DROPPED_BITS);
  }
}
