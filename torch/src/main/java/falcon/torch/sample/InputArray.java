package falcon.torch.sample;

import falcon.model.DataType;
import falcon.model.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one input of a network gets for a batch of samples: `[b, sampleShape…]`, row-major,
/// floating-point or whole numbers. Holds the array it is given, without a copy.
public final class InputArray {
  private final DataType type;
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

  /// Floating-point numbers; the network is executed in a precision of its own, whatever the type
  /// of its input.
  ///
  /// @param values handed over
  /// @throws IllegalArgumentException if they make no whole number of samples
  public static InputArray ofFloats(List<Long> sampleShape, float... values) {
    return new InputArray(DataType.FLOAT32, sampleShape, values, null);
  }

  /// Whole numbers.
  ///
  /// @param type of the network's input, a type of whole numbers
  /// @param values handed over; 0 and 1 for BOOL
  /// @throws IllegalArgumentException if they make no whole number of samples, or the type is none
  ///     of whole numbers
  public static InputArray ofLongs(DataType type, List<Long> sampleShape, long... values) {
    if (type.isFloatingPoint()) {
      throw new IllegalArgumentException("%s is no type of whole numbers".formatted(type));
    }
    return new InputArray(type, sampleShape, null, values);
  }

  /// FLOAT32, or a type of whole numbers.
  public DataType type() {
    return type;
  }

  /// Shape of one sample.
  public List<Long> sampleShape() {
    return sampleShape;
  }

  /// How many samples there are.
  public int size() {
    int elements = floats != null ? floats.length : longs().length;
    return Math.toIntExact(elements / Tensor.elements(sampleShape));
  }

  /// @return `[b, …]`, row-major; the array itself
  /// @throws IllegalStateException if these are whole numbers
  public float[] floats() {
    if (floats == null) {
      throw new IllegalStateException("an input of type %s holds no floats".formatted(type));
    }
    return floats;
  }

  /// @return `[b, …]`, row-major; the array itself
  /// @throws IllegalStateException if these are floating-point numbers
  public long[] longs() {
    if (longs == null) {
      throw new IllegalStateException("an input of type %s holds no longs".formatted(type));
    }
    return longs;
  }

  /// The samples, then those at the front again and again, until there are `size`.
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
