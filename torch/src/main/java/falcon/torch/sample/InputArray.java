package falcon.torch.sample;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The values of one input of a network for a batch of samples: `[b, sampleShape…]`, row-major,
/// floating-point numbers or integers. The array is not copied.
public final class InputArray implements Serializable {
  private static final long serialVersionUID = 1L;

  private final DataType type;

  @SuppressWarnings("serial") // an immutable list
  private final List<Long> sampleShape;

  private final float @Nullable [] floats;
  private final long @Nullable [] longs;

  private InputArray(
      DataType type, List<Long> sampleShape, float @Nullable [] floats, long @Nullable [] longs) {
    this.type = type;
    this.sampleShape = List.copyOf(sampleShape);
    this.floats = floats;
    this.longs = longs;
    int elements = floats != null ? floats.length : longs != null ? longs.length : 0;
    long sampleSize = Tensor.elements(sampleShape);
    if (sampleSize == 0 || elements % sampleSize != 0) {
      throw new IllegalArgumentException(
          "%d values do not make samples of shape %s".formatted(elements, sampleShape));
    }
  }

  /// Returns floating-point values; the network is executed in its own precision, whatever the type
  /// of its input.
  ///
  /// @param values handed over
  /// @throws IllegalArgumentException if their number is no multiple of a sample's size
  public static InputArray ofFloats(List<Long> sampleShape, float... values) {
    return new InputArray(DataType.FLOAT32, sampleShape, values, null);
  }

  /// Returns integer values.
  ///
  /// @param type type of the network's input, an integer type
  /// @param values handed over; 0 and 1 for BOOL
  /// @throws IllegalArgumentException if their number is no multiple of a sample's size, or the
  ///     type is no integer type
  public static InputArray ofLongs(DataType type, List<Long> sampleShape, long... values) {
    if (type.isFloatingPoint()) {
      throw new IllegalArgumentException("%s is no type of whole numbers".formatted(type));
    }
    return new InputArray(type, sampleShape, null, values);
  }

  /// Returns the type: FLOAT32, or an integer type.
  public DataType type() {
    return type;
  }

  /// Returns the shape of one sample.
  public List<Long> sampleShape() {
    return sampleShape;
  }

  /// Returns the number of samples.
  public int size() {
    int elements = floats != null ? floats.length : longs().length;
    return Math.toIntExact(elements / Tensor.elements(sampleShape));
  }

  /// Returns the floating-point values.
  ///
  /// @return `[b, …]`, row-major; the array itself
  /// @throws IllegalStateException if these are integers
  public float[] floats() {
    if (floats == null) {
      throw new IllegalStateException("an input of type %s holds no floats".formatted(type));
    }
    return floats;
  }

  /// Returns the integer values.
  ///
  /// @return `[b, …]`, row-major; the array itself
  /// @throws IllegalStateException if these are floating-point numbers
  public long[] longs() {
    if (longs == null) {
      throw new IllegalStateException("an input of type %s holds no longs".formatted(type));
    }
    return longs;
  }

  /// Returns the samples, repeated from the front until there are `size`.
  InputArray filledUp(int size) {
    int elements = Math.toIntExact(size * Tensor.elements(sampleShape));
    if (floats != null) {
      var more = new float[elements];
      for (int i = 0; i < elements; i++) {
        more[i] = floats[i % floats.length];
      }
      return new InputArray(type, sampleShape, more, null);
    }
    var more = new long[elements];
    for (int i = 0; i < elements; i++) {
      more[i] = longs()[i % longs().length];
    }
    return new InputArray(type, sampleShape, null, more);
  }

  @Override
  public String toString() {
    return type + sampleShape.toString();
  }
}
