package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import falcon.data.format.ImageFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Damaged arrays and images are read or refused with a message: never another exception, a hang,
/// or more memory than stated here.
///
/// Each file is made from its own seed; `-Dfalcon.fuzz.executions=100000` tries that many.
@Timeout(value = 1, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileSamplesTest {
  private static final int EXECUTIONS = Integer.getInteger("falcon.fuzz.executions", 1000);
  private static final long SEED = Long.getLong("falcon.fuzz.seed", 20_260_101);

  /// A whole array, its rows in another order, and a sample of bytes as floats.
  private static final long ARRAY_BYTES_A_BYTE = 12;

  /// Buffers, messages and stack traces.
  private static final long ARRAY_BYTES = 4L << 20;

  /// Pixels of one bit as three bytes each, for every bit that deflate can pack into a byte of a
  /// file.
  private static final long IMAGE_BYTES_A_BYTE = 1536 * (1 + 8 * 4);

  /// Buffers of the decoder, and a strip of the longest side that is resized.
  private static final long IMAGE_BYTES = 128L << 20;

  private static final List<String> HEADERS =
      List.of(
          "{'descr': '|O', 'fortran_order': False, 'shape': (2, 6), }",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 6), }",
          "{'descr': '<f4', 'fortran_order': True, 'shape': (2147483647, 2147483647), }",
          "{'descr': '<f4', 'fortran_order': True, 'shape': (999999999999999999, 3), }",
          "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1, 1, 1, 1, 1, 12), }",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (12,), 'more': (1,)}",
          "{'descr': '', 'fortran_order': False, 'shape': (12,), }",
          "{'descr': '<f4', 'fortran_order': (1,), 'shape': (12,), }",
          "{'shape': (12,), 'fortran_order': False, 'descr': '>f4'}",
          "{{{{{{{{{{{{{{",
          "");

  private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder;

  @Test
  void damagedArraysAreReadOrRefused() throws IOException {
    Path file = folder.resolve("hostile.npy");
    Files.write(file, Npy.file("<f4", true, "(2, 6)", new byte[48]));
    readArray(file); // loads the classes
    int read = 0;
    for (int i = 0; i < EXECUTIONS; i++) {
      byte[] content = array(new SplittableRandom(SEED + i), true);
      Files.write(file, content);
      read +=
          isHandled(SEED + i, content, ARRAY_BYTES_A_BYTE, ARRAY_BYTES, () -> readArray(file))
              ? 1
              : 0;
    }
    assertThat(read).isBetween(EXECUTIONS / 100, EXECUTIONS * 99 / 100);
  }

  @Test
  void damagedArchivesAreReadOrRefused() throws IOException {
    Path file = folder.resolve("hostile.npz");
    int read = 0;
    for (int i = 0; i < EXECUTIONS; i++) {
      var random = new SplittableRandom(SEED + i);
      var arrays = new LinkedHashMap<String, byte[]>();
      for (int j = random.nextInt(4); j >= 0; j--) {
        arrays.put("x" + j, array(random, random.nextInt(8) == 0));
      }
      byte[] content = Npy.archive(random.nextBoolean(), arrays);
      content = random.nextInt(3) == 0 ? content : Damage.of(content, random);
      Files.write(file, content);
      read +=
          isHandled(
                  SEED + i,
                  content,
                  1032 * ARRAY_BYTES_A_BYTE,
                  ARRAY_BYTES,
                  () -> NpzFile.read(file).values().forEach(HostileSamplesTest::readSamples))
              ? 1
              : 0;
    }
    assertThat(read).isBetween(EXECUTIONS / 100, EXECUTIONS * 99 / 100);
  }

  @Test
  void damagedImagesAreReadOrRefused() throws IOException {
    Path file = folder.resolve("hostile.png");
    List<byte[]> corpus = images();
    var pixels = new byte[3 * 16 * 16];
    var source = new ImageFiles(List.of(file), new Dataset.ImageShape(3, 16, 16), null);
    for (byte[] whole : corpus) {
      Files.write(file, whole);
      source.copy(0, pixels, 0);
    }
    int read = 0;
    for (int i = 0; i < EXECUTIONS; i++) {
      var random = new SplittableRandom(SEED + i);
      byte[] content = corpus.get(random.nextInt(corpus.size()));
      for (int j = random.nextInt(3); j >= 0; j--) {
        content = content.length < 4 ? content : Damage.of(content, random);
      }
      byte[] damaged = random.nextInt(3) == 0 ? content : withChecksums(content);
      Files.write(file, damaged);
      read +=
          isHandled(
                  SEED + i,
                  damaged,
                  IMAGE_BYTES_A_BYTE,
                  IMAGE_BYTES,
                  () -> source.copy(0, pixels, 0))
              ? 1
              : 0;
    }
    assertThat(read).isBetween(EXECUTIONS / 100, EXECUTIONS * 99 / 100);
  }

  private static void readArray(Path file) {
    readSamples(NpyFile.open(file, "x"));
  }

  private static void readSamples(NumberArray array) {
    var floats = new float[array.sampleSize()];
    array.copyFloats(0, floats, 0);
    array.copyFloats(array.count() - 1, floats, 0);
  }

  private boolean isHandled(
      long seed, byte[] content, long bytesAByte, long constant, Runnable reading) {
    boolean isRead = true;
    long before = thread.getCurrentThreadAllocatedBytes();
    try {
      reading.run();
    } catch (MalformedDataException e) {
      isRead = false;
      assertThat(e).hasMessageContaining(folder.toString());
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed %d: %s".formatted(seed, HexFormat.of().formatHex(content)), e);
    }
    assertThat(thread.getCurrentThreadAllocatedBytes() - before)
        .as("bytes set aside, seed %d, %s", seed, HexFormat.of().formatHex(content))
        .isLessThan(bytesAByte * content.length + constant);
    return isRead;
  }

  private static byte[] array(SplittableRandom random, boolean isDamaged) {
    byte[] numbers = new byte[48];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (byte) random.nextInt(32);
    }
    if (random.nextInt(8) == 0) {
      return Npy.file(HEADERS.get(random.nextInt(HEADERS.size())), numbers);
    }
    boolean isFortran = random.nextBoolean();
    byte[] whole =
        switch (random.nextInt(4)) {
          case 0 -> Npy.file("<f4", isFortran, "(2, 6)", numbers);
          case 1 -> Npy.file(">f8", isFortran, "(3, 1, 2)", numbers);
          case 2 -> Npy.file("<i8", isFortran, "(6,)", numbers);
          default -> Npy.file("|b1", isFortran, "(4, 3, 4)", numbers);
        };
    return isDamaged ? Damage.of(whole, random) : whole;
  }

  private static List<byte[]> images() throws IOException {
    return List.of(
        image("png", BufferedImage.TYPE_3BYTE_BGR),
        image("png", BufferedImage.TYPE_4BYTE_ABGR),
        image("png", BufferedImage.TYPE_USHORT_GRAY),
        image("png", BufferedImage.TYPE_BYTE_INDEXED),
        image("png", BufferedImage.TYPE_BYTE_BINARY),
        image("jpg", BufferedImage.TYPE_3BYTE_BGR),
        image("jpg", BufferedImage.TYPE_BYTE_GRAY));
  }

  private static byte[] image(String format, int type) throws IOException {
    var image = new BufferedImage(20, 18, type);
    var random = new SplittableRandom(type);
    for (int i = 0; i < 20 * 18; i++) {
      image.setRGB(i % 20, i / 20, random.nextInt());
    }
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }

  /// A PNG whose damage its checksums do not show: length, name, content and checksum of each
  /// chunk.
  private static byte[] withChecksums(byte[] file) {
    ByteBuffer buffer = ByteBuffer.wrap(file.clone());
    int at = 8;
    while (at + 12 <= file.length) {
      int length = buffer.getInt(at);
      if (length < 0 || length > file.length - at - 12) {
        break;
      }
      var checksum = new CRC32();
      checksum.update(buffer.array(), at + 4, length + 4);
      buffer.putInt(at + 8 + length, (int) checksum.getValue());
      at += 12 + length;
    }
    return buffer.array();
  }
}
