package falcon.data.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.DataFolders;
import falcon.data.Images;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdxSubsetTest {
  @TempDir Path folder;
  private final Images train = DataFolders.random(1, 100, 1, 6, 5);
  private final Images test = DataFolders.random(2, 20, 1, 6, 5);
  private Path source = Path.of("");

  @BeforeEach
  void writeSource() throws IOException {
    source = Files.createDirectory(folder.resolve("source"));
    DataFolders.write(source.resolve("train-images-idx3-ubyte"), DataFolders.idxImages(train));
    DataFolders.write(source.resolve("train-labels-idx1-ubyte"), DataFolders.idxLabels(train));
    DataFolders.write(source.resolve("t10k-images-idx3-ubyte"), DataFolders.idxImages(test));
    DataFolders.write(source.resolve("t10k-labels-idx1-ubyte"), DataFolders.idxLabels(test));
  }

  @Test
  void subsetIsReadBackWithClassesInBalance() {
    var target = folder.resolve("a/b");
    IdxSubset.write(Datasets.open(source), 30, 7, target);
    var subset = Datasets.open(target);
    assertThat(DataFolders.areEqual(subset.test(), test)).isTrue();
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
    assertThat(DataFolders.areEqual(Datasets.open(target).train(), train)).isTrue();
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
}
