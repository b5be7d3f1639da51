package falcon.model.onnx;

import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Tensor;
import falcon.model.onnx.proto.SparseTensorProto;
import falcon.model.onnx.proto.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Converts the tensors of an ONNX file to [Tensor]s, wherever their elements are.
final class TensorDecoder {
  /// Greatest size of a tensor in bytes, the limit of a Java array or buffer.
  private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

  private final Path path;
  private final ExternalFiles external;
  private final SparseForm sparse;

  /// @param path the model's file, for messages
  /// @param fileBytes its length
  /// @param external files beside it
  TensorDecoder(Path path, long fileBytes, ExternalFiles external) {
    this.path = path;
    this.external = external;
    this.sparse = new SparseForm(fileBytes);
  }

  /// Decodes a tensor.
  ///
  /// @param name name in messages
  /// @return null if [DataType] lacks its element type
  /// @throws MalformedModelException if its elements do not fit its shape
  @Nullable Tensor decode(String name, TensorProto proto) {
    DataType type = ElementTypes.ofCode(proto.getDataType());
    if (type == null) {
      return null;
    }
    if (proto.hasSegment()) {
      throw malformed(name, "is stored in segments, which no ONNX version fills");
    }
    long elements = elements(name, proto.getDimsList(), type);
    long bytes = elements * type.bytes();
    if (ExternalPlace.isOf(proto)) {
      return Tensor.ofContent(
          type, proto.getDimsList(), external.elements(name, proto, (int) bytes));
    }
    if (proto.hasRawData()) {
      if (proto.getRawData().size() != bytes) {
        throw sizeDiffers(name, proto, bytes + " bytes", proto.getRawData().size() + " bytes");
      }
      return Tensor.ofContent(type, proto.getDimsList(), proto.getRawData().asReadOnlyByteBuffer());
    }
    int stored = storedElements(type, proto);
    if (stored != elements) {
      throw sizeDiffers(name, proto, elements + " elements", stored + " elements");
    }
    return Tensor.ofBytes(type, proto.getDimsList(), typedBytes(type, proto, stored));
  }

  /// Decodes a sparse tensor.
  ///
  /// @return all its elements; null if their type is not in [DataType]
  /// @throws MalformedModelException if it contradicts itself, or would take far more memory than
  ///     the file has bytes
  @Nullable Tensor decode(String name, SparseTensorProto proto) {
    Tensor values = decode(name, proto.getValues());
    Tensor indices = decode(name, proto.getIndices());
    if (values == null || indices == null) {
      return null;
    }
    long elements = elements(name, proto.getDimsList(), values.type());
    try {
      return sparse.dense(values, indices, proto.getDimsList(), elements);
    } catch (IllegalArgumentException e) {
      throw malformed(name, String.valueOf(e.getMessage()));
    }
  }

  private long elements(String name, List<Long> shape, DataType type) {
    try {
      for (long size : shape) {
        if (size < 0) {
          throw malformed(name, "has the shape %s".formatted(shape));
        }
      }
      long elements = Tensor.elements(shape);
      if (elements <= MOST_BYTES / type.bytes()) {
        return elements;
      }
    } catch (ArithmeticException _) {
      // A number beyond the range of a long exceeds every limit.
    }
    throw malformed(
        name,
        "has the shape %s; at most %d elements of %s can be held"
            .formatted(shape, MOST_BYTES / type.bytes(), type));
  }

  private static int storedElements(DataType type, TensorProto proto) {
    return switch (type) {
      case FLOAT32 -> proto.getFloatDataCount();
      case FLOAT64 -> proto.getDoubleDataCount();
      case INT64 -> proto.getInt64DataCount();
      case UINT32, UINT64 -> proto.getUint64DataCount();
      case INT32, INT16, INT8, UINT16, UINT8, BOOL, FLOAT16, BFLOAT16 -> proto.getInt32DataCount();
    };
  }

  private static byte[] typedBytes(DataType type, TensorProto proto, int count) {
    var buffer = ByteBuffer.allocate(count * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      switch (type) {
        case FLOAT32 -> buffer.putFloat(proto.getFloatData(i));
        case FLOAT64 -> buffer.putDouble(proto.getDoubleData(i));
        case INT64 -> buffer.putLong(proto.getInt64Data(i));
        case UINT64 -> buffer.putLong(proto.getUint64Data(i));
        case UINT32 -> buffer.putInt((int) proto.getUint64Data(i));
        case INT32 -> buffer.putInt(proto.getInt32Data(i));
        case INT16, UINT16, FLOAT16, BFLOAT16 -> buffer.putShort((short) proto.getInt32Data(i));
        case INT8, UINT8, BOOL -> buffer.put((byte) proto.getInt32Data(i));
      }
    }
    return buffer.array();
  }

  private MalformedModelException sizeDiffers(
      String name, TensorProto proto, String needed, String found) {
    return malformed(
        name,
        "has the shape %s of %s and needs %s, but %s are there"
            .formatted(proto.getDimsList(), ElementTypes.name(proto.getDataType()), needed, found));
  }

  private MalformedModelException malformed(String name, String problem) {
    return new MalformedModelException(
        path, "tensor '%s' %s".formatted(name, problem), "Export the network again.");
  }
}
