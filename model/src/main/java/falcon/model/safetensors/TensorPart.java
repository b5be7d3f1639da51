package falcon.model.safetensors;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.List;

/// A tensor to be written: its type and shape, and its elements, which are requested only when they
/// are written, so that a file needs no second copy of its content in memory.
///
/// @param content writes exactly as many bytes as type and shape need
public record TensorPart(DataType type, List<Long> shape, Content content) {
  private static final int FLOATS_AT_A_TIME = 1 << 14;

  /// Copies the shape.
  public TensorPart {
    shape = List.copyOf(shape);
  }

  /// The elements of a tensor.
  @FunctionalInterface
  public interface Content {
    /// Writes the elements, little-endian and row-major.
    void writeTo(OutputStream out) throws IOException;
  }

  /// Returns a part with the elements of a tensor.
  public static TensorPart of(Tensor tensor) {
    return new TensorPart(
        tensor.type(),
        tensor.shape(),
        out -> {
          ByteBuffer bytes = tensor.bytes();
          var channel = Channels.newChannel(out);
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        });
  }

  /// Returns a FLOAT32 part of one axis.
  ///
  /// @param values the elements; not copied: the caller must not change them until they are written
  public static TensorPart ofFloats(float... values) {
    return new TensorPart(
        DataType.FLOAT32,
        List.of((long) values.length),
        out -> {
          var buffer =
              ByteBuffer.allocate(Float.BYTES * Math.min(FLOATS_AT_A_TIME, values.length))
                  .order(ByteOrder.LITTLE_ENDIAN);
          for (int from = 0; from < values.length; from += FLOATS_AT_A_TIME) {
            int count = Math.min(FLOATS_AT_A_TIME, values.length - from);
            buffer.asFloatBuffer().put(values, from, count);
            out.write(buffer.array(), 0, Float.BYTES * count);
          }
        });
  }

  /// Returns the size of the elements in bytes.
  long bytes() {
    return Math.multiplyExact(Tensor.elements(shape), (long) type.bytes());
  }
}
