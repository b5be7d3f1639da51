package falcon.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Images;
import falcon.data.Samples;
import falcon.data.Split;
import falcon.data.format.Datasets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdxSubsetTest {
  @TempDir Path folder;
  private final Images train = random(1, 100);
  private final Images test = random(2, 20);
  private Path source = Path.of("");

  @BeforeEach
  void writeSource() throws IOException {
    source = Files.createDirectory(folder.resolve("source"));
    write(Split.TRAIN, train);
    write(Split.TEST, test);
  }

  @Test
  void subsetIsReadBackWithClassesInBalance() {
    var target = folder.resolve("a/b");
    IdxSubset.write(Datasets.open(source), 30, 7, target);
    var subset = Datasets.open(target);
    requireEqual(subset.test(), test);
    var counts = new int[5];
    for (int i = 0; i < subset.train().count(); i++) {
      counts[subset.train().label(i)]++;
    }
    assertThat(counts).containsOnly(6);
  }

  @Test
  void everyImageKeepsItsLabel() {
    var target = folder.resolve("all");
    IdxSubset.write(Datasets.open(source), 100, 7, target);
    requireEqual(Datasets.open(target).train(), train);
  }

  @Test
  void sameSeedGivesTheSameBytesAndLeavesNothingElse() throws IOException {
    IdxSubset.write(Datasets.open(source), 30, 7, folder.resolve("x"));
    IdxSubset.write(Datasets.open(source), 30, 7, folder.resolve("y"));
    try (var files = Files.list(folder.resolve("x"))) {
      assertThat(files.toList())
          .hasSize(4)
          .allSatisfy(file ->
              assertThat(file)
                  .hasSameBinaryContentAs(folder.resolve("y").resolve(file.getFileName())));
    }
  }

  @Test
  void moreImagesThanThereAreAreRefused() {
    assertThatThrownBy(() -> IdxSubset.write(Datasets.open(source), 101, 7, folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("101 of 100 training images");
  }

  @Test
  void folderThatCannotBeWrittenIsNamed() {
    var file = source.resolve("t10k-images-idx3-ubyte");
    assertThatThrownBy(() -> IdxSubset.write(Datasets.open(source), 10, 7, file))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("t10k-images-idx3-ubyte: cannot be written");
  }

  /// Images of 6 × 6 random pixels, image i of class `i mod 5`.
  private static Images random(long seed, int count) {
    var pixels = new byte[count * 36];
    new SplittableRandom(seed).nextBytes(pixels);
    var labels = new byte[count];
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % 5);
    }
    return Images.of(1, 6, 6, pixels, labels);
  }

  private void write(Split split, Images images) throws IOException {
    byte[] pixels = images.pixels();
    var ofImages = ByteBuffer.allocate(16 + pixels.length);
    ofImages.putInt(0x803).putInt(images.count()).putInt(6).putInt(6).put(pixels);
    Files.write(source.resolve(split.idxPrefix() + "-images-idx3-ubyte"), ofImages.array());
    var ofLabels = ByteBuffer.allocate(8 + images.count()).putInt(0x801).putInt(images.count());
    for (int i = 0; i < images.count(); i++) {
      ofLabels.put((byte) images.label(i));
    }
    Files.write(source.resolve(split.idxPrefix() + "-labels-idx1-ubyte"), ofLabels.array());
  }

  private static void requireEqual(Samples found, Images wanted) {
    assertThat(found).isInstanceOf(Images.class);
    assertThat(((Images) found).pixels()).isEqualTo(wanted.pixels());
    assertThat(found.count()).isEqualTo(wanted.count());
    for (int i = 0; i < wanted.count(); i++) {
      assertThat(((Images) found).label(i)).as("label of image %d", i).isEqualTo(wanted.label(i));
    }
  }
}
