package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.DataFolders;
import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import falcon.data.Split;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdxFolderTest {
  @TempDir Path folder;

  private final Images train = DataFolders.random(1, 12, 1, 5, 4);
  private final Images test = DataFolders.random(2, 6, 1, 5, 3);

  private void write(String suffix) {
    boolean isGzip = !suffix.isEmpty();
    put("train-images-idx3-ubyte" + suffix, DataFolders.idxImages(train), isGzip);
    put("train-labels-idx1-ubyte" + suffix, DataFolders.idxLabels(train), isGzip);
    put("t10k-images-idx3-ubyte" + suffix, DataFolders.idxImages(test), isGzip);
    put("t10k-labels-idx1-ubyte" + suffix, DataFolders.idxLabels(test), isGzip);
  }

  private Path put(String name, byte[] content, boolean isGzip) {
    return DataFolders.write(folder.resolve(name), isGzip ? DataFolders.gzip(content) : content);
  }

  @Test
  void plainFilesAreRead() {
    write("");
    var data = Datasets.open(folder);
    assertThat(data.layout()).isEqualTo(Layout.IDX);
    assertThat(data.channels()).isEqualTo(1);
    assertThat(data.height()).isEqualTo(5);
    assertThat(data.width()).isEqualTo(5);
    assertThat(data.classes()).isEqualTo(4);
    assertThat(DataFolders.areEqual(data.train(), train)).isTrue();
    assertThat(DataFolders.areEqual(data.test(), test)).isTrue();
  }

  @Test
  void gzippedFilesAreRead() {
    write(".gz");
    var data = Datasets.open(folder, Layout.IDX);
    assertThat(DataFolders.areEqual(data.train(), train)).isTrue();
    assertThat(DataFolders.areEqual(data.test(), test)).isTrue();
  }

  @Test
  void countsThatDifferAreRefused() {
    write("");
    put("train-labels-idx1-ubyte", DataFolders.idxLabels(train.select(0, 1, 2, 3)), false);
    assertThatThrownBy(Datasets.open(folder)::train)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("holds 12 images, but train-labels-idx1-ubyte has 4 labels.");
  }

  @Test
  void missingLabelsAreNamed() throws IOException {
    write("");
    Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
    assertThatThrownBy(Datasets.open(folder)::test)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining(
            "holds no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz (the labels of the test"
                + " split).");
  }

  @Test
  void trainingImagesNeedNoLabels() throws IOException {
    write("");
    Files.delete(folder.resolve("train-labels-idx1-ubyte"));
    Dataset data = Datasets.open(folder);
    assertThat(data.isLabelled()).isFalse();
    assertThat(data.train().count()).isEqualTo(12);
    assertThat(data.train().isLabelled()).isFalse();
    assertThat(data.isLabelled(Split.TEST)).isTrue();
    assertThat(data.classes()).isEqualTo(3);
    assertThat(data.warnings()).hasSize(1).first().asString().contains("train-labels-idx1-ubyte");
  }

  @Test
  void testLabelBeyondTheTrainingLabelsIsRefused() {
    write("");
    var labels = DataFolders.idxLabels(test);
    labels[8 + 5] = 4;
    put("t10k-labels-idx1-ubyte", labels, false);
    assertThatThrownBy(Datasets.open(folder)::test)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("image 5 has label 4; the training labels are 0 to 3.");
  }

  @Test
  void truncatedFileIsRefusedWithBothSizes() {
    write("");
    put("t10k-images-idx3-ubyte", Arrays.copyOf(DataFolders.idxImages(test), 100), false);
    assertThatThrownBy(Datasets.open(folder)::test)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("states 6 items of 5×5, which is 166 bytes, but has 100 bytes.");
  }

  @Test
  void hostileHeaderIsRefusedBeforeAnythingIsAllocated() {
    write("");
    var header = ByteBuffer.allocate(16).putInt(0x803).putInt(Integer.MAX_VALUE);
    var bytes = header.putInt(16_384).putInt(16_384).array();
    put("train-images-idx3-ubyte", bytes, false);
    assertThatThrownBy(() -> Datasets.open(folder))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("states 2147483647 items of 16384×16384");
    put("train-images-idx3-ubyte", bytes, true);
    assertThatThrownBy(() -> Datasets.open(folder))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("compressed");
  }

  @Test
  void foreignFileIsRefusedByItsMagicNumber() {
    write("");
    put("train-images-idx3-ubyte", DataFolders.idxLabels(train), false);
    assertThatThrownBy(() -> Datasets.open(folder))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining(
            "starts with 0x00000801; an idx file of images starts with 0x00000803");
  }

  @Test
  void everyTruncationOfAGzippedFileIsRefused() {
    write(".gz");
    var bytes = DataFolders.gzip(DataFolders.idxImages(train));
    for (int length = 0; length < bytes.length; length++) {
      DataFolders.write(folder.resolve("train-images-idx3-ubyte.gz"), Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> Datasets.open(folder).train())
          .as("first %d bytes", length)
          .isInstanceOf(MalformedDataException.class);
    }
  }

  @Test
  void flippedBitsAreRefusedOrHarmless() {
    write(".gz");
    var bytes = DataFolders.gzip(DataFolders.idxImages(train));
    var random = new SplittableRandom(3);
    for (int i = 0; i < 300; i++) {
      var damaged = bytes.clone();
      int bit = random.nextInt(8 * bytes.length);
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      DataFolders.write(folder.resolve("train-images-idx3-ubyte.gz"), damaged);
      try {
        var read = Datasets.open(folder).train();
        assertThat(DataFolders.areEqual(read, train)).as("bit %d", bit).isTrue();
      } catch (MalformedDataException e) {
        assertThat(e).hasMessageContaining("train-images-idx3-ubyte.gz");
      }
    }
  }
}
