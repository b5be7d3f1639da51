package falcon.prune;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// A folder in CIFAR-10's layout with a few images of noise.
public final class TinyData {
  private static final int RECORD_BYTES = 1 + 3 * 32 * 32;

  private TinyData() {}

  /// Writes 60 training and 20 test images, the same ones each time.
  public static Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.write(directory.resolve("data_batch_1.bin"), images(60, 1));
    Files.write(directory.resolve("test_batch.bin"), images(20, 2));
    return directory;
  }

  private static byte[] images(int count, long seed) {
    var random = new SplittableRandom(seed);
    var bytes = new byte[count * RECORD_BYTES];
    random.nextBytes(bytes);
    for (int i = 0; i < count; i++) {
      bytes[i * RECORD_BYTES] = (byte) (i % 10);
    }
    return bytes;
  }
}
