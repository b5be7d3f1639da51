package falcon.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// Immutable array of numbers with a type and a shape; row-major, little-endian bytes.
public final class Tensor {
  private final DataType type;
  private final List<Long> shape;
  private final byte[] bytes;

  private Tensor(DataType type, List<Long> shape, byte[] bytes) {
    this.type = type;
    this.shape = List.copyOf(shape);
    this.bytes = bytes;
    long expected = Math.multiplyExact(elements(shape), (long) type.bytes());
    if (expected != bytes.length) {
      throw new IllegalArgumentException(
          "shape %s of %s needs %d bytes, got %d".formatted(shape, type, expected, bytes.length));
    }
  }

  /// Wraps elements as a file stores them.
  ///
  /// @param bytes little-endian elements, row-major; handed over: the caller must not change it
  /// @throws IllegalArgumentException if the number of bytes does not fit the shape
  public static Tensor ofBytes(DataType type, List<Long> shape, byte[] bytes) {
    return new Tensor(type, shape, bytes);
  }

  /// Makes a FLOAT32 tensor.
  ///
  /// @param values row-major; copied
  public static Tensor ofFloats(List<Long> shape, float... values) {
    var buffer =
        ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return new Tensor(DataType.FLOAT32, shape, buffer.array());
  }

  /// A tensor of this one's type and shape with other elements, rounded to the nearest of that type, ties to
  /// even.
  ///
  /// @param values row-major; copied
  /// @throws IllegalArgumentException if there are more or fewer than this tensor has
  /// @throws IllegalStateException if the elements are not floating-point numbers
  public Tensor withFloats(float... values) {
    var buffer =
        ByteBuffer.allocate(Math.multiplyExact(values.length, type.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case FLOAT32 -> buffer.putFloat(4 * i, values[i]);
        case FLOAT64 -> buffer.putDouble(8 * i, values[i]);
        case FLOAT16 -> buffer.putShort(2 * i, Float.floatToFloat16(values[i]));
        case BFLOAT16 -> buffer.putShort(2 * i, bfloat16(values[i]));
        case UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32, UINT64 ->
            throw new IllegalStateException("a tensor of " + type + " holds no floats");
      }
    }
    return new Tensor(type, shape, buffer.array());
  }

  /// The upper half of the bits, rounded; a value that is no number stays none.
  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 1);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /// Makes an INT64 tensor.
  ///
  /// @param values row-major; copied
  public static Tensor ofLongs(List<Long> shape, long... values) {
    var buffer =
        ByteBuffer.allocate(Math.multiplyExact(values.length, 8)).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asLongBuffer().put(values);
    return new Tensor(DataType.INT64, shape, buffer.array());
  }

  /// Product of the sizes; 1 for a scalar.
  ///
  /// @throws ArithmeticException if it does not fit a long
  public static long elements(List<Long> shape) {
    long product = 1;
    for (long size : shape) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }

  public DataType type() {
    return type;
  }

  public List<Long> shape() {
    return shape;
  }

  /// Number of elements.
  public int size() {
    return bytes.length / type.bytes();
  }

  /// The little-endian elements, read only.
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /// The elements as a fresh array, widened or narrowed to float.
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

  /// The elements as a fresh array.
  ///
  /// @throws IllegalStateException if the elements are not INT64 or INT32
  public long[] toLongs() {
    var values = new long[size()];
    var buffer = bytes();
    switch (type) {
      case INT64 -> buffer.asLongBuffer().get(values);
      case INT32 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = buffer.getInt(4 * i);
        }
      }
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16, UINT8, INT8, UINT16, INT16, BOOL, UINT32, UINT64 ->
          throw new IllegalStateException("a tensor of " + type + " holds no longs");
    }
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor that
        && type == that.type
        && shape.equals(that.shape)
        && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * type.hashCode() + shape.hashCode()) + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return type + shape.toString();
  }
}
