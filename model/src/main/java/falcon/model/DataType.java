package falcon.model;

import org.jspecify.annotations.Nullable;

/// The element type of a [Tensor], with its ONNX code and size.
public enum DataType {
  /// IEEE binary32.
  FLOAT32(1, 4),
  /// Unsigned integers of 8 bits.
  UINT8(2, 1),
  /// Signed integers of 8 bits.
  INT8(3, 1),
  /// Unsigned integers of 16 bits.
  UINT16(4, 2),
  /// Signed integers of 16 bits.
  INT16(5, 2),
  /// Signed integers of 32 bits.
  INT32(6, 4),
  /// Signed integers of 64 bits.
  INT64(7, 8),
  /// Truth values, one byte each.
  BOOL(9, 1),
  /// IEEE binary16.
  FLOAT16(10, 2),
  /// IEEE binary64.
  FLOAT64(11, 8),
  /// Unsigned integers of 32 bits.
  UINT32(12, 4),
  /// Unsigned integers of 64 bits.
  UINT64(13, 8),
  /// The upper half of IEEE binary32.
  BFLOAT16(16, 2);

  private final int onnxCode;
  private final int bytes;

  DataType(int onnxCode, int bytes) {
    this.onnxCode = onnxCode;
    this.bytes = bytes;
  }

  /// Returns the type of an ONNX code.
  ///
  /// @return null if Falcon has no such type
  public static @Nullable DataType ofOnnxCode(int code) {
    for (DataType type : values()) {
      if (type.onnxCode == code) {
        return type;
      }
    }
    return null;
  }

  /// Returns the code that `TensorProto.data_type` uses.
  public int onnxCode() {
    return onnxCode;
  }

  /// Returns the size of one element in bytes.
  public int bytes() {
    return bytes;
  }

  /// Returns whether the elements are floating-point numbers.
  public boolean isFloatingPoint() {
    return switch (this) {
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 -> true;
      case UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 -> false;
    };
  }
}
