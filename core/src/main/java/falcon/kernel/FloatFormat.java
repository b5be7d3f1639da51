package falcon.kernel;

/// How a number of the gradient matrix is stored.
public enum FloatFormat {
  /// IEEE binary32.
  FLOAT32(Float.BYTES),
  /// The upper half of a binary32: 8 bits of exponent, 7 of fraction. Rounded to nearest, ties to
  /// even: relative error at most 2⁻⁸ / 2 = 0.2 %.
  BFLOAT16(Short.BYTES);

  private final int bytes;

  FloatFormat(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of one number.
  public int bytes() {
    return bytes;
  }
}
