package falcon.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/// An array of a file, `[n, …]`: the first axis counts samples, or the array is one value for all
/// samples ([NamedArrays#isPerSample]). Numbers stay in the file's format, in memory or on disk,
/// and are converted sample by sample. Instances are immutable.
public final class NumberArray {
  /// Greatest magnitude up to which every integer is a float.
  private static final long EXACT_IN_FLOAT = 1L << 24;

  /// Values that stand for a number that is not there, as text.
  private static final Set<String> MISSING = Set.of("NaN", "Infinity", "-Infinity");

  /// The source of the samples' bytes.
  interface Content {
    /// Copies the bytes of sample `index`, row-major, to `target`.
    void copy(int index, byte[] target);
  }

  private final Path file;
  private final String name;
  private final ElementType type;
  private final ByteOrder byteOrder;
  private final int count;
  private final List<Long> shape;
  private final List<Long> sampleShape;
  private final int sampleSize;
  private final Content content;

  NumberArray(Path file, String name, NpyHeader header, Content content) {
    this.file = file;
    this.name = name;
    this.type = header.type();
    this.byteOrder = header.isBigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    this.count = header.count();
    this.shape = header.shape();
    this.sampleShape = header.sampleShape();
    this.sampleSize = header.sampleBytes() / type.bytes();
    this.content = content;
  }

  private NumberArray(NumberArray all, int... indexes) {
    this.file = all.file;
    this.name = all.name;
    this.type = all.type;
    this.byteOrder = all.byteOrder;
    this.count = indexes.length;
    this.shape = Stream.concat(Stream.of((long) indexes.length), all.sampleShape.stream()).toList();
    this.sampleShape = all.sampleShape;
    this.sampleSize = all.sampleSize;
    this.content = (index, target) -> all.content.copy(indexes[index], target);
  }

  /// Returns the samples at `indexes`, in that order; numbers stay where they are.
  ///
  /// @throws IndexOutOfBoundsException if there is no such sample
  NumberArray select(int... indexes) {
    for (int index : indexes) {
      Objects.checkIndex(index, count);
    }
    return new NumberArray(this, indexes.clone());
  }

  /// Returns the array's name in the file, or that of the file.
  public String name() {
    return name;
  }

  /// Returns the type of the numbers in the file.
  public ElementType type() {
    return type;
  }

  /// Returns the sizes of all axes; empty if the array is a single number.
  public List<Long> shape() {
    return shape;
  }

  /// Returns the number of samples, n; 1 if the array is a single number.
  public int count() {
    return count;
  }

  /// Returns the shape of one sample; empty if a sample is one number.
  public List<Long> sampleShape() {
    return sampleShape;
  }

  /// Returns the number of values of one sample.
  public int sampleSize() {
    return sampleSize;
  }

  /// Writes the numbers of sample `index`, row-major, to `target` from `offset`; those of `float64`
  /// are rounded.
  ///
  /// @throws MalformedDataException if an integer is no float, or a number is not finite
  public void copyFloats(int index, float[] target, int offset) {
    ByteBuffer bytes = sample(index);
    for (int i = 0; i < sampleSize; i++) {
      int at = i * type.bytes();
      if (type.isFloatingPoint()) {
        target[offset + i] = (float) type.real(bytes, at);
        if (!Float.isFinite(target[offset + i])) {
          throw unfit(index, i, String.valueOf(type.real(bytes, at)), "a finite float32");
        }
      } else {
        long value = type.integer(bytes, at);
        if (Math.abs(value) > EXACT_IN_FLOAT) {
          throw unfit(index, i, Long.toString(value), "a float32 without loss");
        }
        target[offset + i] = value;
      }
    }
  }

  /// Writes the numbers of sample `index`, row-major, to `target` from `offset`.
  ///
  /// @param least least number allowed
  /// @param greatest greatest number allowed
  /// @throws MalformedDataException if a number is not an integer or is outside that range
  public void copyLongs(int index, long least, long greatest, long[] target, int offset) {
    ByteBuffer bytes = sample(index);
    for (int i = 0; i < sampleSize; i++) {
      int at = i * type.bytes();
      long value;
      boolean isWhole = true;
      if (type.isFloatingPoint()) {
        double real = type.real(bytes, at);
        value = (long) real;
        isWhole = value == real && Math.abs(real) < 0x1p63;
      } else {
        value = type.integer(bytes, at);
      }
      if (!isWhole || value < least || value > greatest) {
        throw unfit(
            index,
            i,
            isWhole ? Long.toString(value) : String.valueOf(type.real(bytes, at)),
            "a whole number from %d to %d".formatted(least, greatest));
      }
      target[offset + i] = value;
    }
  }

  private ByteBuffer sample(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException("sample %d of %d".formatted(index, count));
    }
    var bytes = new byte[sampleSize * type.bytes()];
    content.copy(index, bytes);
    return ByteBuffer.wrap(bytes).order(byteOrder);
  }

  private MalformedDataException unfit(int index, int position, String value, String wanted) {
    return new MalformedDataException(
        file,
        "number %d of sample %d in array '%s' is %s, not %s."
            .formatted(position, index, name, value, wanted),
        MISSING.contains(value)
            ? "Leave that sample out, or put a number in the place of what is missing."
            : "Save the array with the type that the network takes.");
  }

  @Override
  public String toString() {
    return "%s %s%s of %d samples".formatted(name, type, sampleShape, count);
  }
}
