package falcon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.format.Datasets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ForeignFileTest {
  private static final String POINTER =
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 102442450\n";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "'', EMPTY",
    "<!DOCTYPE html><title>Sign in</title>, HTML",
    "'\uFEFF \n<HTML lang=en>', HTML",
    "'PK\u0003\u0004', ZIP",
    "PAR1, PARQUET",
    "BZh91AY, PACKED"
  })
  void firstBytesTell(String start, ForeignFile kind) {
    assertThat(ForeignFile.of(start.getBytes(StandardCharsets.UTF_8))).isEqualTo(kind);
  }

  @Test
  void bytesBeyondAsciiTell() {
    assertThat(ForeignFile.of(POINTER.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(ForeignFile.GIT_LFS);
    assertThat(ForeignFile.of(DataFolders.gzip(new byte[3]))).isEqualTo(ForeignFile.GZIP);
    assertThat(ForeignFile.of(new byte[] {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'}))
        .isEqualTo(ForeignFile.HDF5);
    assertThat(ForeignFile.of(new byte[] {(byte) 0x80, 4, (byte) 0x95}))
        .isEqualTo(ForeignFile.PICKLE);
    assertThat(ForeignFile.of(Npy.file("<f4", false, "(1,)", Npy.floats(1)))).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.npz", "x.npy", "data_batch_1.bin", "train-images-idx3-ubyte"})
  void pointerIsNamedWhateverItStandsFor(String name) throws IOException {
    Path file = Files.writeString(folder.resolve(name), POINTER);
    Path data = name.startsWith("x.") ? file : folder;
    assertThatThrownBy(() -> Datasets.open(data).train())
        .isInstanceOf(MalformedDataException.class)
        .hasMessageContaining("is a Git LFS pointer")
        .hasMessageContaining("git lfs pull");
  }

  @Test
  void pointerInPlaceOfAnImageIsNamed() throws IOException {
    Files.createDirectories(folder.resolve("a"));
    Path file = Files.writeString(folder.resolve("a/1.png"), POINTER);
    var images = (Images) Datasets.open(folder).sized(3, 4, 4, null).train();
    assertThatThrownBy(() -> images.copy(0, new byte[48], 0))
        .hasMessageStartingWith(file + ": is a Git LFS pointer");
  }

  @Test
  void archiveIsToBeUnpacked() throws IOException {
    Path file = folder.resolve("cifar-10-binary.tar.gz");
    Files.write(file, DataFolders.gzip(new byte[9]));
    assertThatThrownBy(() -> Datasets.open(file))
        .hasMessageContaining("is packed by gzip")
        .hasMessageContaining("tar xzf");
  }
}
