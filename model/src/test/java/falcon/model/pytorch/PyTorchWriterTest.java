package falcon.model.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.format.StateDicts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PyTorchWriterTest {
  @TempDir private Path folder;

  private static void write(Path path, StateDict content) {
    var contents = new LinkedHashMap<Path, StateDict>();
    contents.put(path, content);
    StateDicts.writeAll(contents);
  }

  private static StateDict content() {
    var tensors = new LinkedHashMap<String, Tensor>();
    Tensor tied = Tensor.ofFloats(List.of(2L, 3L), 1, 2, 3, 4, 5, 6);
    tensors.put("encoder.weight", tied);
    tensors.put("decoder.weight", tied);
    tensors.put("half", Tensor.ofFloats(DataType.FLOAT16, List.of(2L), 0.5f, -2));
    tensors.put("brain", Tensor.ofFloats(DataType.BFLOAT16, List.of(1L, 2L), 0.5f, -2));
    tensors.put("double", Tensor.ofFloats(DataType.FLOAT64, List.of(2L), 0.25f, 3));
    tensors.put("bn.num_batches_tracked", Tensor.ofLongs(List.of(), 7));
    tensors.put("kept", Tensor.ofBytes(DataType.BOOL, List.of(3L), new byte[] {1, 0, 1}));
    tensors.put("größe", Tensor.ofFloats(List.of(0L, 4L)));
    return new StateDict(tensors, Map.of("falcon.stateDict", "1"));
  }

  @Test
  void whatIsWrittenIsReadAgainInItsOrder() {
    Path path = folder.resolve("state.pth");
    write(path, content());
    StateDict read = StateDicts.read(path);
    assertThat(read).isEqualTo(content());
    assertThat(read.tensors().keySet()).containsExactlyElementsOf(content().tensors().keySet());
  }

  @Test
  void tiedTensorsShareAStorage() {
    Path path = folder.resolve("state.pth");
    write(path, content());
    Map<String, Tensor> read = StateDicts.read(path).tensors();
    assertThat(read.get("decoder.weight")).isSameAs(read.get("encoder.weight"));
    assertThat(read.get("half")).isNotSameAs(read.get("brain"));
  }

  @Test
  void theSameContentHasTheSameBytes() throws IOException {
    Path one = folder.resolve("one.pth");
    Path other = folder.resolve("other.pt");
    write(one, content());
    write(other, content());
    assertThat(Files.mismatch(one, other)).isEqualTo(-1);
  }

  /// PyTorch maps storages into memory where they are.
  @Test
  void storagesBeginAtMultiplesOf64Bytes() throws IOException {
    Path path = folder.resolve("state.pth");
    write(path, content());
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int entries = 0;
    for (int at = 0; file.getInt(at) == 0x04034b50; entries++) {
      int start = at + 30 + file.getShort(at + 26) + file.getShort(at + 28);
      assertThat(start % 64).isZero();
      at = start + file.getInt(at + 18);
    }
    assertThat(entries).isEqualTo(10); // pickle, seven storages, version, one piece of metadata
  }

  @Test
  void aTypeThatNoStorageHoldsIsNamed() {
    Path path = folder.resolve("state.pth");
    Tensor tensor = Tensor.ofBytes(DataType.UINT32, List.of(1L), new byte[4]);
    assertThatThrownBy(() -> write(path, new StateDict(Map.of("count", tensor), Map.of())))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessageContaining("tensor 'count' is UINT32");
    assertThat(path).doesNotExist();
  }

  @Test
  void thePickleNamesNothingButTensors() throws IOException {
    Path path = folder.resolve("state.pth");
    write(path, content());
    String text = Files.readString(path, StandardCharsets.ISO_8859_1);
    assertThat(text).contains("ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nFloatStorage\n");
    assertThat(text).doesNotContain("cbuiltins", "cposix", "_codecs");
  }
}
