package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import falcon.data.DataFolders;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class Cifar10FolderTest {
  @TempDir Path folder;

  @Test
  void batchesAreJoinedInTheOrderOfTheirNumbers() {
    var first = DataFolders.random(1, 3, 3, 32, 10);
    var third = DataFolders.random(2, 4, 3, 32, 10);
    DataFolders.write(folder.resolve("data_batch_3.bin"), DataFolders.cifar10(third));
    DataFolders.write(folder.resolve("data_batch_1.bin"), DataFolders.cifar10(first));

    var train = Datasets.open(folder).trainImages();

    assertThat(train.count()).isEqualTo(7);
    assertThat(DataFolders.areEqual(train.select(0, 1, 2), first)).isTrue();
    assertThat(DataFolders.areEqual(train.select(3, 4, 5, 6), third)).isTrue();
  }

  @Test
  void datasetTellsItsShape() {
    DataFolders.write(
        folder.resolve("test_batch.bin"), DataFolders.cifar10(DataFolders.random(1, 1, 3, 32, 10)));
    var data = Datasets.open(folder);
    assertThat(data.layout()).isEqualTo(Layout.CIFAR10);
    assertThat(data.channels()).isEqualTo(3);
    assertThat(data.height()).isEqualTo(32);
    assertThat(data.width()).isEqualTo(32);
    assertThat(data.classes()).isEqualTo(10);
  }

  @Test
  void absentSplitIsAnErrorOnlyWhenAskedFor() {
    var images = DataFolders.random(1, 2, 3, 32, 10);
    DataFolders.write(folder.resolve("data_batch_1.bin"), DataFolders.cifar10(images));
    var data = Datasets.open(folder);
    assertThat(data.train().count()).isEqualTo(2);
    assertThatThrownBy(data::test)
        .isInstanceOf(MalformedDataException.class)
        .hasMessage(
            "%s: holds no test images (test_batch.bin).%nFetch the missing file of CIFAR-10's"
                    .formatted(folder)
                + " binary version into the folder.");
  }

  @Test
  void truncatedFileIsRefusedWithItsSize() {
    var bytes = DataFolders.cifar10(DataFolders.random(1, 2, 3, 32, 10));
    var file = DataFolders.write(folder.resolve("data_batch_1.bin"), Arrays.copyOf(bytes, 5000));
    assertThatThrownBy(Datasets.open(folder)::train)
        .isInstanceOf(MalformedDataException.class)
        .hasMessage(
            ("%s: has 5000 bytes, which is no whole number of images of 3073 bytes"
                    + " (the official file has 30730000).%nThe file is cut short or not of CIFAR-10's binary version; fetch"
                    + " it again.")
                .formatted(file));
  }

  @Test
  void emptyFileIsRefused() {
    DataFolders.write(folder.resolve("data_batch_1.bin"), new byte[0]);
    assertThatThrownBy(Datasets.open(folder)::train)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("has 0 bytes");
  }

  @Test
  void labelOutOfRangeIsRefusedWithItsPlace() {
    var bytes = DataFolders.cifar10(DataFolders.random(1, 3, 3, 32, 10));
    bytes[2 * 3073] = 10;
    DataFolders.write(folder.resolve("data_batch_1.bin"), bytes);
    assertThatThrownBy(Datasets.open(folder)::train)
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("image 2 (byte 6146) has label 10; labels are 0 to 9.");
  }

  @Test
  void sharedCifar10IsRead() throws IOException {
    var shared = DataFolders.SHARED.resolve("cifar10");
    assumeTrue(Files.isDirectory(shared), "CIFAR-10 lies not beside the project");
    var data = Datasets.open(shared);
    var test = data.test();
    assertThat(test.count()).isEqualTo(10_000);
    var counts = new int[10];
    for (int i = 0; i < test.count(); i++) {
      counts[test.label(i)]++;
    }
    assertThat(counts).containsOnly(1_000);
    try (var files = Files.list(shared)) {
      long batches =
          files.filter(file -> file.getFileName().toString().startsWith("data_batch_")).count();
      assertThat(data.train().count()).isEqualTo(10_000 * batches);
    }
  }
}
