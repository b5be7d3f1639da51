package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import falcon.data.format.Datasets;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Damaged data files are read or refused with a message: never another exception, a hang, or more
/// memory than twice what they hold, for gzip twice 1,032 times their length.
///
/// Each file is made from its own seed; `-Dfalcon.fuzz.executions=100000` tries that many.
@Timeout(value = 1, unit = TimeUnit.HOURS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileDataTest {
  private static final int EXECUTIONS = Integer.getInteger("falcon.fuzz.executions", 1000);
  private static final long SEED = Long.getLong("falcon.fuzz.seed", 20_260_101);

  /// Allowance in bytes for buffers, messages and stack traces.
  private static final long CONSTANT_BYTES = 4L << 20;

  private static final String IMAGES = "train-images-idx3-ubyte";
  private static final String LABELS = "train-labels-idx1-ubyte";

  @TempDir Path folder;

  @Test
  void damagedIdxFilesAreReadOrRefused() throws IOException {
    Images images = DataFolders.random(1, 20, 1, 5, 3);
    byte[] pixels = DataFolders.idxImages(images);
    byte[] labels = DataFolders.idxLabels(images);
    Files.write(folder.resolve(IMAGES + ".gz"), DataFolders.gzip(pixels));
    Files.write(folder.resolve(LABELS), labels);
    loadClasses();
    int read = 0;
    for (int i = 0; i < EXECUTIONS; i++) {
      var random = new SplittableRandom(SEED + i);
      byte[] damagedPixels = random.nextBoolean() ? Damage.of(pixels, random) : pixels;
      byte[] damagedLabels = random.nextBoolean() ? Damage.of(labels, random) : labels;
      boolean isGzip = random.nextBoolean();
      if (isGzip) {
        damagedPixels = DataFolders.gzip(damagedPixels);
        damagedPixels = random.nextBoolean() ? Damage.of(damagedPixels, random) : damagedPixels;
      }
      for (String ending : new String[] {"", ".gz"}) {
        Files.deleteIfExists(folder.resolve(IMAGES + ending));
      }
      Files.write(folder.resolve(IMAGES + (isGzip ? ".gz" : "")), damagedPixels);
      Files.write(folder.resolve(LABELS), damagedLabels);
      long length = (long) damagedPixels.length + damagedLabels.length;
      read += isRead(SEED + i, damagedPixels, 2 * length * (isGzip ? 1032 : 1)) ? 1 : 0;
    }
    assertThat(read).isBetween(EXECUTIONS / 100, EXECUTIONS * 99 / 100);
  }

  @Test
  void damagedCifarFilesAreReadOrRefused() throws IOException {
    byte[] whole = DataFolders.cifar10(DataFolders.random(1, 3, 3, 32, 10));
    Files.write(folder.resolve("data_batch_1.bin"), whole);
    loadClasses();
    int read = 0;
    for (int i = 0; i < EXECUTIONS; i++) {
      byte[] file = Damage.of(whole, new SplittableRandom(SEED + i));
      Files.write(folder.resolve("data_batch_1.bin"), file);
      read += isRead(SEED + i, file, 2L * file.length) ? 1 : 0;
    }
    assertThat(read).isBetween(EXECUTIONS / 100, EXECUTIONS * 99 / 100);
  }

  /// Reads once beforehand, since a reader's classes take memory on its first run, which is not the
  /// file's.
  private void loadClasses() {
    assertThat(Datasets.open(folder).train().count()).isPositive();
  }

  private boolean isRead(long seed, byte[] file, long mostBytes) {
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    boolean isRead = true;
    try {
      assertThat(Datasets.open(folder).train().count()).isPositive();
    } catch (MalformedDataException e) {
      isRead = false;
      assertThat(e).hasMessageContaining(folder.toString());
    } catch (RuntimeException | Error e) {
      throw new AssertionError("seed %d: %s".formatted(seed, HexFormat.of().formatHex(file)), e);
    }
    assertThat(thread.getCurrentThreadAllocatedBytes() - before)
        .as("bytes set aside, seed %d", seed)
        .isLessThan(mostBytes + CONSTANT_BYTES);
    return isRead;
  }
}
