package falcon.model.onnx;

import falcon.model.DataType;
import falcon.model.Tensor;
import falcon.model.onnx.proto.SparseTensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// Sparse tensors, of which a file stores only the nonzero elements: values `[n]` and their
/// indices, linear `[n]` or by axis `[n, axes]`, ascending.
///
/// Source: ONNX, `SparseTensorProto` in onnx.proto.
final class SparseForm {
  /// Size of one index in bytes.
  private static final int INDEX_BYTES = 8;

  /// Greatest ratio of a sparse tensor's dense size to the length of the model's file; a larger
  /// ratio means a file made to exhaust memory, not a weight tensor. With 1 in 100 float32 weights
  /// nonzero the ratio is 33.
  private static final long GREATEST_EXPANSION = 64;

  /// A file shorter than this may expand as if it had this length, in bytes.
  private static final long SMALL_FILE = 1L << 20;

  private long bytesLeft;

  /// @param fileBytes length of the model's file
  SparseForm(long fileBytes) {
    bytesLeft = Math.max(fileBytes, SMALL_FILE) * GREATEST_EXPANSION;
  }

  /// Returns all elements of a sparse tensor.
  ///
  /// @param values `[n]`
  /// @param indices INT64, `[n]` or `[n, axes]`
  /// @param elements product of the shape
  /// @throws IllegalArgumentException if they do not fit; the message continues after the tensor's
  ///     name
  Tensor dense(Tensor values, Tensor indices, List<Long> shape, long elements) {
    int bytes = values.type().bytes();
    boolean isLinear = indices.shape().equals(values.shape());
    if (indices.type() != DataType.INT64
        || values.shape().size() != 1
        || (!isLinear
            && !indices.shape().equals(List.of((long) values.size(), (long) shape.size())))) {
      throw new IllegalArgumentException(
          "has sparse values %s at indices %s".formatted(values, indices));
    }
    if (elements * bytes > bytesLeft) {
      throw new IllegalArgumentException(
          "is sparse with the shape %s, which takes more than %d times the bytes of the file"
              .formatted(shape, GREATEST_EXPANSION));
    }
    bytesLeft -= elements * bytes;
    long[] places = isLinear ? indices.toLongs() : linear(indices.toLongs(), shape);
    var dense = new byte[(int) (elements * bytes)];
    ByteBuffer from = values.bytes();
    long last = -1;
    for (int i = 0; i < places.length; i++) {
      if (places[i] <= last || places[i] >= elements) {
        throw new IllegalArgumentException(
            "is sparse with index %d after %d; they must ascend and be below %d"
                .formatted(places[i], last, elements));
      }
      last = places[i];
      from.get(i * bytes, dense, (int) last * bytes, bytes);
    }
    return Tensor.ofBytes(values.type(), shape, dense);
  }

  private static long[] linear(long[] byAxis, List<Long> shape) {
    int axes = shape.size();
    var places = new long[axes == 0 ? 0 : byAxis.length / axes];
    for (int i = 0; i < places.length; i++) {
      long place = 0;
      for (int axis = 0; axis < axes; axis++) {
        long index = byAxis[i * axes + axis];
        if (index < 0 || index >= shape.get(axis)) {
          throw new IllegalArgumentException(
              "is sparse with index %d on axis %d of the shape %s".formatted(index, axis, shape));
        }
        place = place * shape.get(axis) + index;
      }
      places[i] = place;
    }
    return places;
  }

  /// Returns the bytes of one stored element: its value and its index.
  static int elementBytes(DataType type) {
    return type.bytes() + INDEX_BYTES;
  }

  /// Returns the message of a tensor's nonzero elements, with linear indices. Of a tensor of zeros
  /// the first element is stored, since readers handle sparse tensors without elements badly.
  static SparseTensorProto of(String name, Tensor tensor) {
    int count = stored(tensor);
    int bytes = tensor.type().bytes();
    var indices = ByteBuffer.allocate(count * INDEX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    var values = new byte[count * bytes];
    ByteBuffer from = tensor.bytes();
    int stored = 0;
    boolean isEmpty = nonzero(tensor) == 0;
    for (int i = 0; i < tensor.size(); i++) {
      if (!isZero(from, i, bytes) || (isEmpty && i == 0)) {
        indices.putLong(i);
        from.get(i * bytes, values, stored++ * bytes, bytes);
      }
    }
    Tensor places = Tensor.ofBytes(DataType.INT64, List.of((long) count), indices.array());
    return SparseTensorProto.newBuilder()
        .setValues(
            FreshModel.tensor(Tensor.ofBytes(tensor.type(), List.of((long) count), values))
                .setName(name))
        .setIndices(FreshModel.tensor(places))
        .addAllDims(tensor.shape())
        .build();
  }

  /// Returns whether the elements of the sparse message take fewer bytes than those of the dense
  /// one.
  static boolean isSmaller(Tensor tensor) {
    return (long) stored(tensor) * elementBytes(tensor.type())
        < (long) tensor.size() * tensor.type().bytes();
  }

  /// Returns the number of elements of the sparse message.
  private static int stored(Tensor tensor) {
    return Math.max(Math.min(1, tensor.size()), nonzero(tensor));
  }

  /// Returns the number of elements whose bits are not all zero: a negative zero is stored.
  private static int nonzero(Tensor tensor) {
    ByteBuffer bytes = tensor.bytes();
    int count = 0;
    for (int i = 0; i < tensor.size(); i++) {
      count += isZero(bytes, i, tensor.type().bytes()) ? 0 : 1;
    }
    return count;
  }

  private static boolean isZero(ByteBuffer elements, int index, int bytes) {
    return switch (bytes) {
      case 8 -> elements.getLong(8 * index) == 0;
      case 4 -> elements.getInt(4 * index) == 0;
      case 2 -> elements.getShort(2 * index) == 0;
      default -> elements.get(index) == 0;
    };
  }
}
