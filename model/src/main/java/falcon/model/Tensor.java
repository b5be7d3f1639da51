package falcon.model;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// An immutable array of numbers with a type and a shape, stored as row-major little-endian bytes.
///
/// The bytes are an array of the tensor's own, or a part of a file's content, read or mapped, that
/// several tensors share; there are at most 2 GiB − 1 of them.
public final class Tensor implements Serializable {
  private static final long serialVersionUID = 1L;

  private final transient DataType type;
  private final transient List<Long> shape;
  private final transient ByteBuffer content;

  /// A tensor on its way to another process.
  @SuppressWarnings("ArrayRecordComponent") // on its way to another process
  private record Sent(DataType type, List<Long> shape, byte[] bytes) implements Serializable {
    private Object readResolve() {
      return ofBytes(type, shape, bytes);
    }
  }

  private Tensor(DataType type, List<Long> shape, ByteBuffer content) {
    this.type = type;
    this.shape = List.copyOf(shape);
    this.content = content.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long expected = Math.multiplyExact(elements(shape), (long) type.bytes());
    if (expected != content.remaining()) {
      throw new IllegalArgumentException(
          "shape %s of %s needs %d bytes, got %d"
              .formatted(shape, type, expected, content.remaining()));
    }
  }

  /// Wraps elements as a file stores them.
  ///
  /// @param bytes little-endian elements, row-major; handed over: the caller must not change it
  /// @throws IllegalArgumentException if the number of bytes does not fit the shape
  public static Tensor ofBytes(DataType type, List<Long> shape, byte[] bytes) {
    return new Tensor(type, shape, ByteBuffer.wrap(bytes));
  }

  /// Wraps elements that lie in a file's content.
  ///
  /// @param content little-endian elements from its position to its limit, row-major; shared, not
  ///     copied: nobody may change them
  /// @throws IllegalArgumentException if the number of bytes does not fit the shape
  public static Tensor ofContent(DataType type, List<Long> shape, ByteBuffer content) {
    return new Tensor(type, shape, content);
  }

  private Object writeReplace() {
    var bytes = new byte[content.capacity()];
    bytes().get(bytes);
    return new Sent(type, shape, bytes);
  }

  /// Returns a FLOAT32 tensor.
  ///
  /// @param values row-major; copied
  public static Tensor ofFloats(List<Long> shape, float... values) {
    return ofFloats(DataType.FLOAT32, shape, values);
  }

  /// Returns a tensor of floating-point numbers of any width.
  ///
  /// FLOAT16 and BFLOAT16 elements are the nearest numbers, ties to even, with two exceptions, so
  /// that a mask survives the narrowing and no network is spoilt by it: a nonzero value never
  /// becomes zero but the smallest number of its sign, and a finite value never becomes infinite
  /// but the greatest number of its sign.
  ///
  /// @param values row-major; copied
  /// @throws IllegalArgumentException if the type is no floating-point type
  public static Tensor ofFloats(DataType type, List<Long> shape, float... values) {
    var buffer =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case FLOAT32 -> buffer.asFloatBuffer().put(values);
      case FLOAT64 -> {
        for (float value : values) {
          buffer.putDouble(value);
        }
      }
      case FLOAT16 -> {
        for (float value : values) {
          buffer.putShort(Narrowing.toFloat16(value));
        }
      }
      case BFLOAT16 -> {
        for (float value : values) {
          buffer.putShort(Narrowing.toBfloat16(value));
        }
      }
      case UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 ->
          throw new IllegalArgumentException("a tensor of " + type + " holds no floats");
    }
    return new Tensor(type, shape, buffer.rewind());
  }

  /// Returns a tensor of this tensor's type and shape with other elements, made by
  /// [#ofFloats(DataType, List, float...)].
  ///
  /// @param values row-major; copied
  /// @throws IllegalArgumentException if there are more or fewer than this tensor has, or its
  ///     elements are not floating-point numbers
  public Tensor withFloats(float... values) {
    return ofFloats(type, shape, values);
  }

  /// Returns an INT64 tensor.
  ///
  /// @param values row-major; copied
  public static Tensor ofLongs(List<Long> shape, long... values) {
    var buffer =
        ByteBuffer.allocate(Math.multiplyExact(values.length, 8)).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asLongBuffer().put(values);
    return new Tensor(DataType.INT64, shape, buffer);
  }

  /// Returns the product of the sizes; 1 for a scalar.
  ///
  /// @throws ArithmeticException if it does not fit a long
  public static long elements(List<Long> shape) {
    long product = 1;
    for (long size : shape) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }

  /// Returns the type of the elements.
  public DataType type() {
    return type;
  }

  /// Returns the sizes of the axes; empty for a scalar.
  public List<Long> shape() {
    return shape;
  }

  /// Returns the number of elements.
  public int size() {
    return content.capacity() / type.bytes();
  }

  /// Returns the little-endian elements, read only.
  public ByteBuffer bytes() {
    return content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Returns the elements as a new array, widened or narrowed to float.
  ///
  /// @throws IllegalStateException if the elements are not floating-point numbers
  public float[] toFloats() {
    var values = new float[size()];
    var buffer = bytes();
    switch (type) {
      case FLOAT32 -> buffer.asFloatBuffer().get(values);
      case FLOAT64 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) buffer.getDouble(8 * i);
        }
      }
      case FLOAT16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.float16ToFloat(buffer.getShort(2 * i));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.intBitsToFloat(buffer.getShort(2 * i) << 16);
        }
      }
      case UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 ->
          throw new IllegalStateException("a tensor of " + type + " holds no floats");
    }
    return values;
  }

  /// Returns the elements as a new array, without loss.
  ///
  /// @throws IllegalStateException if the elements are not floating-point numbers
  public double[] toDoubles() {
    var values = new double[size()];
    if (type == DataType.FLOAT64) {
      bytes().asDoubleBuffer().get(values);
    } else {
      float[] floats = toFloats();
      Arrays.setAll(values, i -> floats[i]);
    }
    return values;
  }

  /// Returns the elements as a new array; truth values are 1 and 0. UINT64 values beyond the range
  /// of a long become negative.
  ///
  /// @throws IllegalStateException if the elements are floating-point numbers
  public long[] toLongs() {
    var values = new long[size()];
    var buffer = bytes();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case INT64, UINT64 -> buffer.getLong(8 * i);
            case INT32 -> buffer.getInt(4 * i);
            case UINT32 -> Integer.toUnsignedLong(buffer.getInt(4 * i));
            case INT16 -> buffer.getShort(2 * i);
            case UINT16 -> Short.toUnsignedLong(buffer.getShort(2 * i));
            case INT8 -> buffer.get(i);
            case UINT8 -> Byte.toUnsignedLong(buffer.get(i));
            case BOOL -> buffer.get(i) == 0 ? 0 : 1;
            case FLOAT32, FLOAT64, FLOAT16, BFLOAT16 ->
                throw new IllegalStateException("a tensor of " + type + " holds no longs");
          };
    }
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor that
        && type == that.type
        && shape.equals(that.shape)
        && content.equals(that.content);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * type.hashCode() + shape.hashCode()) + content.hashCode();
  }

  @Override
  public String toString() {
    return type + shape.toString();
  }
}
