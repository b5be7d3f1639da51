package falcon.data;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Damages files as transfers do.
final class Damage {
  private static final int[] EXTREMES = {
    0, 1, -1, 255, 0x801, 0x803, 1 << 14, Integer.MAX_VALUE, Integer.MIN_VALUE
  };

  private Damage() {}

  /// Returns a damaged copy: cut short, bits flipped, a number made extreme, or a part left out or
  /// repeated.
  static byte[] of(byte[] file, SplittableRandom random) {
    int at = random.nextInt(random.nextBoolean() ? 16 : file.length) % file.length;
    byte[] copy = file.clone();
    switch (random.nextInt(4)) {
      case 0 -> {
        return Arrays.copyOf(file, at);
      }
      case 1 -> copy[at] ^= (byte) (1 << random.nextInt(8));
      case 2 -> {
        int place = Math.min(at / 4 * 4, file.length - 4);
        ByteBuffer.wrap(copy).putInt(place, EXTREMES[random.nextInt(EXTREMES.length)]);
      }
      default -> {
        int to = random.nextInt(file.length);
        return ByteBuffer.allocate(at + file.length - to)
            .put(file, 0, at)
            .put(file, to, file.length - to)
            .array();
      }
    }
    return copy;
  }
}
