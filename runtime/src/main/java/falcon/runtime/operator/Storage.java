package falcon.runtime.operator;

import falcon.model.DataType;

/// The way in which the elements of a value are stored in native memory.
public enum Storage {
  /// All floating-point types: float32.
  REAL(4),
  /// All types of whole numbers: 64 bits, within the range of the type.
  WHOLE(8),
  /// Truth values: one byte, 0 or 1.
  TRUTH(1);

  private final int bytes;

  Storage(int bytes) {
    this.bytes = bytes;
  }

  /// Returns the size of an element in bytes.
  public int bytes() {
    return bytes;
  }

  /// Returns the storage of a type.
  public static Storage of(DataType type) {
    return switch (type) {
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> REAL;
      case UINT8, INT8, UINT16, INT16, INT32, INT64, UINT32, UINT64 -> WHOLE;
      case BOOL -> TRUTH;
    };
  }

  /// Brings a whole number into the range of a type, modulo its number of values.
  static long wrapped(DataType type, long value) {
    return switch (type) {
      case UINT8 -> value & 0xff;
      case INT8 -> (byte) value;
      case UINT16 -> value & 0xffff;
      case INT16 -> (short) value;
      case INT32 -> (int) value;
      case UINT32 -> value & 0xffff_ffffL;
      case BOOL -> value == 0 ? 0 : 1;
      case INT64, UINT64, FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> value;
    };
  }
}
