package falcon.model.stored;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// The integer types in which files store quantised weights.
final class IntegerRange {
  private IntegerRange() {}

  /// Returns whether quantised weights are stored in a type.
  static boolean isOf(DataType type) {
    return switch (type) {
      case INT8, UINT8, INT16, UINT16, INT32 -> true;
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16, INT64, UINT32, UINT64, BOOL -> false;
    };
  }

  private static int bits(DataType type) {
    return 8 * type.bytes();
  }

  private static boolean isUnsigned(DataType type) {
    return type == DataType.UINT8 || type == DataType.UINT16;
  }

  static long least(DataType type) {
    return isUnsigned(type) ? 0 : -(1L << (bits(type) - 1));
  }

  static long greatest(DataType type) {
    return isUnsigned(type) ? (1L << bits(type)) - 1 : (1L << (bits(type) - 1)) - 1;
  }

  /// Returns the zero point of symmetric quantisation: 0, or the middle of an unsigned range.
  static long middle(DataType type) {
    return isUnsigned(type) ? 1L << (bits(type) - 1) : 0;
  }

  /// Returns a tensor of the nearest numbers in the type's range.
  static Tensor tensor(DataType type, List<Long> shape, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      long number = Math.clamp((long) Math.rint(value), least(type), greatest(type));
      switch (type.bytes()) {
        case 1 -> bytes.put((byte) number);
        case 2 -> bytes.putShort((short) number);
        default -> bytes.putInt((int) number);
      }
    }
    return Tensor.ofContent(type, shape, bytes.rewind());
  }
}
