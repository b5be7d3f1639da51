package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.DataFolders;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatasetsTest {
  @TempDir Path folder;

  @Test
  void folderWithoutDataIsRefusedWithWhatWasLookedForAndWhatIsThere() {
    DataFolders.write(folder.resolve("notes.txt"), new byte[1]);
    assertThatThrownBy(() -> Datasets.open(folder))
        .isInstanceOf(MalformedDataException.class)
        .hasMessage(
            ("%s: holds no data. Looked for cifar10: data_batch_1.bin .. data_batch_5.bin,"
                    + " test_batch.bin; idx: train-images-idx3-ubyte, train-labels-idx1-ubyte,"
                    + " t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (each plain or .gz)"
                    + "; images: folders of image files (.png, .jpg, .webp and others), one a class, in train and val or test"
                    + "; arrays: train.npz, test.npz, or .npy files; or a single .npz or .npy file."
                    + " There is: notes.txt.%nName the folder that holds these files.")
                .formatted(folder));
  }

  @Test
  void emptyFolderIsRefused() {
    assertThatThrownBy(() -> Datasets.open(folder, Layout.IDX))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("There is: nothing.");
  }

  @Test
  void folderAboveTheDataIsPointedToIt() throws IOException {
    var inside = Files.createDirectory(folder.resolve("cifar-10-batches-bin"));
    DataFolders.write(inside.resolve("test_batch.bin"), new byte[3073]);
    assertThatThrownBy(() -> Datasets.open(folder))
        .isInstanceOf(MalformedDataException.class)
        .hasMessage(
            ("%s: holds no data itself, but its folder 'cifar-10-batches-bin' does.%n"
                    + "Name %s instead.")
                .formatted(folder, inside));
  }

  @Test
  void missingFolderIsRefused() {
    assertThatThrownBy(() -> Datasets.open(folder.resolve("nowhere")))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("there is no such folder or file.");
  }

  @Test
  void fileInsteadOfAFolderIsRefused() {
    var file = DataFolders.write(folder.resolve("test_batch.bin"), new byte[3073]);
    assertThatThrownBy(() -> Datasets.open(file))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("is a file, not a folder.");
  }

  @Test
  void severalFormatsInOneFolderNeedAChoice() {
    var images = DataFolders.random(1, 2, 1, 3, 2);
    DataFolders.write(folder.resolve("test_batch.bin"), new byte[3073]);
    DataFolders.write(folder.resolve("t10k-images-idx3-ubyte"), DataFolders.idxImages(images));
    DataFolders.write(folder.resolve("t10k-labels-idx1-ubyte"), DataFolders.idxLabels(images));
    assertThatThrownBy(() -> Datasets.open(folder))
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("holds data of several formats: cifar10, idx.");
    Datasets.open(folder, Layout.IDX).test();
  }

  @Test
  void unknownFormatIsRefusedWithThoseKnown() {
    assertThatThrownBy(() -> Layout.of("cifar100"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("data format 'cifar100' is unknown; known are cifar10, idx, images, arrays");
  }
}
