package falcon.model.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Damages files without knowledge of their format: cut short, bits flipped, parts repeated, left
/// out, swapped with another file's, and numbers replaced by extreme ones.
final class Mutations {
  /// Numbers at the limits of counters and sizes.
  static final List<Long> EXTREMES =
      List.of(
          0L,
          1L,
          -1L,
          127L,
          128L,
          255L,
          65_535L,
          1L << 20,
          (1L << 31) - 1,
          1L << 31,
          -(1L << 31),
          (1L << 32) - 1,
          1L << 40,
          Long.MAX_VALUE,
          Long.MIN_VALUE,
          Long.MAX_VALUE - 7);

  private final SplittableRandom random;

  Mutations(SplittableRandom random) {
    this.random = random;
  }

  /// Returns a damaged copy.
  ///
  /// @param other another file of the corpus
  byte[] of(byte[] file, byte[] other) {
    if (file.length < 2) {
      return other.clone();
    }
    int at = random.nextInt(file.length);
    int count = 1 + random.nextInt(Math.min(64, file.length));
    return switch (random.nextInt(7)) {
      case 0 -> Arrays.copyOf(file, at);
      case 1 -> flipped(file);
      case 2 -> joined(file, at, cut(file, at, count), at); // a part again
      case 3 -> joined(file, at, new byte[0], Math.min(file.length, at + count)); // a part left out
      case 4 -> {
        int from = random.nextInt(other.length);
        yield joined(file, at, cut(other, from, count), at); // a part of another file
      }
      case 5 -> extreme(file, at);
      default -> joined(file, at, other, file.length); // another file's end
    };
  }

  /// Returns an extreme number.
  long extreme() {
    return EXTREMES.get(random.nextInt(EXTREMES.size()));
  }

  private byte[] flipped(byte[] file) {
    byte[] copy = file.clone();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      int bit = random.nextInt(8 * copy.length);
      copy[bit / 8] ^= (byte) (1 << (bit % 8));
    }
    return copy;
  }

  private byte[] extreme(byte[] file, int at) {
    ByteOrder order = random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    byte[] number = ByteBuffer.allocate(8).order(order).putLong(extreme()).array();
    int width = 1 << random.nextInt(4);
    byte[] part =
        order == ByteOrder.LITTLE_ENDIAN ? cut(number, 0, width) : cut(number, 8 - width, width);
    return joined(file, at, part, Math.min(file.length, at + width));
  }

  static byte[] cut(byte[] file, int from, int count) {
    return Arrays.copyOfRange(file, from, Math.min(file.length, from + count));
  }

  /// Returns `file` up to `end`, the part, and `file` from `begin`.
  static byte[] joined(byte[] file, int end, byte[] part, int begin) {
    var out = new ByteArrayOutputStream();
    out.write(file, 0, end);
    out.writeBytes(part);
    out.write(file, begin, file.length - begin);
    return out.toByteArray();
  }
}
