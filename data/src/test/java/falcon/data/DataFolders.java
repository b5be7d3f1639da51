package falcon.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;

/// Small data folders for tests.
public final class DataFolders {
  /// The folder of data sets beside the project.
  public static final Path SHARED = Path.of("../../shared/data");

  private DataFolders() {}

  /// Returns `count` images of random pixels, image i of class `i mod classes`.
  public static Images random(long seed, int count, int channels, int side, int classes) {
    var random = new SplittableRandom(seed);
    var pixels = new byte[count * channels * side * side];
    random.nextBytes(pixels);
    var labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % classes);
    }
    return Images.of(channels, side, side, pixels, labels);
  }

  /// Returns one file of CIFAR-10's binary version.
  public static byte[] cifar10(Images images) {
    var buffer = ByteBuffer.allocate(images.count() * 3073);
    for (int i = 0; i < images.count(); i++) {
      var image = new byte[3072];
      images.copy(i, image, 0);
      buffer.put((byte) images.label(i)).put(image);
    }
    return buffer.array();
  }

  public static byte[] idxImages(Images images) {
    var buffer = ByteBuffer.allocate(16 + images.count() * images.imageSize());
    buffer.putInt(0x803).putInt(images.count()).putInt(images.height()).putInt(images.width());
    return buffer.put(images.pixels()).array();
  }

  public static byte[] idxLabels(Images images) {
    var buffer = ByteBuffer.allocate(8 + images.count()).putInt(0x801).putInt(images.count());
    for (int i = 0; i < images.count(); i++) {
      buffer.put((byte) images.label(i));
    }
    return buffer.array();
  }

  public static byte[] gzip(byte[] content) {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  public static Path write(Path file, byte[] content) {
    try {
      return Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static boolean areEqual(Samples read, Images b) {
    var a = (Images) read;
    if (a.count() != b.count() || a.imageSize() != b.imageSize()) {
      return false;
    }
    for (int i = 0; i < a.count(); i++) {
      if (a.label(i) != b.label(i)) {
        return false;
      }
    }
    return Arrays.equals(a.pixels(), b.pixels());
  }
}
