package falcon.data;

import java.nio.ByteBuffer;

/// The type of the numbers of a [NumberArray] in its file.
public enum ElementType {
  /// IEEE binary16.
  FLOAT16(2),
  /// IEEE binary32.
  FLOAT32(4),
  /// IEEE binary64.
  FLOAT64(8),
  /// Signed integers of 8 bits.
  INT8(1),
  /// Signed integers of 16 bits.
  INT16(2),
  /// Signed integers of 32 bits.
  INT32(4),
  /// Signed integers of 64 bits.
  INT64(8),
  /// Unsigned integers of 8 bits.
  UINT8(1),
  /// Truth values, one byte each, of which zero is false.
  BOOL(1);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /// Returns the size of one number in bytes.
  public int bytes() {
    return bytes;
  }

  /// Returns whether the numbers are floating-point numbers.
  public boolean isFloatingPoint() {
    return switch (this) {
      case FLOAT16, FLOAT32, FLOAT64 -> true;
      case INT8, INT16, INT32, INT64, UINT8, BOOL -> false;
    };
  }

  /// Returns the floating-point number that begins at byte `at`.
  double real(ByteBuffer buffer, int at) {
    return switch (this) {
      case FLOAT16 -> Float.float16ToFloat(buffer.getShort(at));
      case FLOAT32 -> buffer.getFloat(at);
      case FLOAT64 -> buffer.getDouble(at);
      case INT8, INT16, INT32, INT64, UINT8, BOOL ->
          throw new IllegalStateException(this + " is no floating-point type");
    };
  }

  /// Returns the integer that begins at byte `at`; 0 or 1 for a [#BOOL].
  long integer(ByteBuffer buffer, int at) {
    return switch (this) {
      case INT8 -> buffer.get(at);
      case INT16 -> buffer.getShort(at);
      case INT32 -> buffer.getInt(at);
      case INT64 -> buffer.getLong(at);
      case UINT8 -> buffer.get(at) & 0xff;
      case BOOL -> buffer.get(at) == 0 ? 0 : 1;
      case FLOAT16, FLOAT32, FLOAT64 ->
          throw new IllegalStateException(this + " is no integer type");
    };
  }
}
