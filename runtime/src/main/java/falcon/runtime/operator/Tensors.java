package falcon.runtime.operator;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Copies between tensors and native memory, with conversion between element types and [Storage].
public final class Tensors {
  private static final ValueLayout.OfFloat FILE_FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Tensors() {}

  /// Writes the elements of a tensor.
  ///
  /// @param place as many elements as the tensor has
  public static void write(Tensor tensor, MemorySegment place) {
    switch (Storage.of(tensor.type())) {
      case REAL -> {
        if (tensor.type() == DataType.FLOAT32) {
          MemorySegment source = MemorySegment.ofBuffer(tensor.bytes());
          MemorySegment.copy(
              source, FILE_FLOAT, 0, place, ValueLayout.JAVA_FLOAT, 0, tensor.size());
        } else {
          float[] values = tensor.toFloats();
          MemorySegment.copy(values, 0, place, ValueLayout.JAVA_FLOAT, 0, values.length);
        }
      }
      case WHOLE -> {
        long[] values = tensor.toLongs();
        MemorySegment.copy(values, 0, place, ValueLayout.JAVA_LONG, 0, values.length);
      }
      case TRUTH -> {
        ByteBuffer bytes = tensor.bytes();
        for (int i = 0; i < tensor.size(); i++) {
          place.set(ValueLayout.JAVA_BYTE, i, (byte) (bytes.get(i) == 0 ? 0 : 1));
        }
      }
    }
  }

  /// Returns the elements at a place as a tensor.
  public static Tensor read(MemorySegment place, Form form) {
    DataType type = form.type();
    return switch (Storage.of(type)) {
      case REAL -> Tensor.ofFloats(type, form.shape(), place.toArray(ValueLayout.JAVA_FLOAT));
      case WHOLE -> whole(place, form);
      case TRUTH -> Tensor.ofBytes(type, form.shape(), place.toArray(ValueLayout.JAVA_BYTE));
    };
  }

  private static Tensor whole(MemorySegment place, Form form) {
    long[] values = place.toArray(ValueLayout.JAVA_LONG);
    int width = form.type().bytes();
    var bytes = ByteBuffer.allocate(values.length * width).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      switch (width) {
        case 1 -> bytes.put((byte) value);
        case 2 -> bytes.putShort((short) value);
        case 4 -> bytes.putInt((int) value);
        default -> bytes.putLong(value);
      }
    }
    return Tensor.ofBytes(form.type(), form.shape(), bytes.array());
  }
}
