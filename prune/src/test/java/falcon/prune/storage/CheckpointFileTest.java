package falcon.prune.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.safetensors.TensorPart;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFileTest {
  @TempDir Path folder;
  private CheckpointFile file;

  @BeforeEach
  void write() {
    file = new CheckpointFile(folder.resolve("part.safetensors"), "this run");
    var parts = new LinkedHashMap<String, TensorPart>();
    parts.put("array", TensorPart.ofFloats(new float[] {1, -0f, Float.MIN_VALUE}));
    parts.put(
        "bytes", TensorPart.of(Tensor.ofBytes(DataType.UINT8, List.of(3L), new byte[] {1, 2, 3})));
    parts.put("numbers", CheckpointFile.part(List.of(1.0 / 3, -0.0, Double.NaN)));
    file.write(parts, Map.of("done", "7"));
  }

  @Test
  void everyBitComesBack() throws Exception {
    StateDict content = file.read();
    assertThat(content.tensors().keySet()).containsExactly("array", "bytes", "numbers", "sha256");
    assertThat(CheckpointFile.tensor(content, "array"))
        .isEqualTo(Tensor.ofFloats(List.of(3L), 1, -0f, Float.MIN_VALUE));
    assertThat(CheckpointFile.numbers(CheckpointFile.tensor(content, "numbers")))
        .containsExactly(1.0 / 3, -0.0, Double.NaN);
    assertThat(content.metadata()).containsEntry("done", "7");
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    try (var channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
      for (long length = channel.size() - 1; length >= 0; length--) {
        channel.truncate(length);
        assertThatThrownBy(file::read)
            .as("first %d bytes", length)
            .isInstanceOf(CheckpointFile.UnusableException.class)
            .hasMessage("is damaged: its SHA-256 is not the one it was written with");
      }
    }
  }

  @Test
  void everyFlippedBitIsNoticed() throws IOException {
    byte[] whole = Files.readAllBytes(file.path());
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= (byte) (1 << i % 8);
      Files.write(file.path(), damaged);
      assertThatThrownBy(file::read)
          .as("byte %d", i)
          .isInstanceOf(CheckpointFile.UnusableException.class);
    }
  }

  @Test
  void bytesBehindTheEndAreNoticed() throws IOException {
    Files.write(file.path(), new byte[40], StandardOpenOption.APPEND);
    assertThatThrownBy(file::read).hasMessageContaining("is damaged");
  }

  @Test
  void theFileOfAnotherRunIsNotTaken() {
    assertThatThrownBy(new CheckpointFile(file.path(), "that run")::read)
        .isInstanceOf(CheckpointFile.UnusableException.class)
        .hasMessage("is of another run");
  }
}
