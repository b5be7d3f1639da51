package falcon.kernel;

/// The storage format of the gradient matrix's numbers.
public enum FloatFormat {
  /// IEEE binary32.
  FLOAT32(Float.BYTES),
  /// The upper half of a binary32: 8 bits of exponent, 7 of fraction. Numbers are rounded to
  /// nearest, ties to even: the relative error is at most 2⁻⁸ / 2 = 0.2 %.
  BFLOAT16(Short.BYTES);

  private final int bytes;

  FloatFormat(int bytes) {
    this.bytes = bytes;
  }

  /// Returns the bytes of one number.
  public int bytes() {
    return bytes;
  }
}
