package falcon.model.safetensors;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.List;

/// A tensor that is to be written: its type and shape, and its elements, which are asked for when
/// their turn comes, so that a file can be written without a second copy of what it holds.
///
/// @param content writes exactly as many bytes as type and shape need
public record TensorPart(DataType type, List<Long> shape, Content content) {
  private static final int FLOATS_AT_A_TIME = 1 << 14;

  public TensorPart {
    shape = List.copyOf(shape);
  }

  /// The elements of a tensor.
  @FunctionalInterface
  public interface Content {
    /// Writes them, little-endian and row-major.
    void writeTo(OutputStream out) throws IOException;
  }

  /// A tensor as it is.
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

  /// A FLOAT32 tensor of one axis.
  ///
  /// @param values not copied: the caller must not change them until they are written
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

  /// How many bytes the elements take.
  long bytes() {
    return Math.multiplyExact(Tensor.elements(shape), (long) type.bytes());
  }
}
