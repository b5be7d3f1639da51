package falcon.model.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafetensorsFileTest {
  private static final int FLIPPED_FILES = 2_000;

  @TempDir Path folder;

  /// A file that the reference implementation wrote, see `make_fixtures.py` beside it.
  private static Path fixture() {
    try {
      var name = "mixed-safetensors0.8.safetensors";
      return Path.of(
          Objects.requireNonNull(SafetensorsFileTest.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static StateDict everyType() {
    var tensors = new LinkedHashMap<String, Tensor>();
    for (var type : DataType.values()) {
      var bytes = new byte[6 * type.bytes()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (type == DataType.BOOL ? i % 2 : i);
      }
      tensors.put("t." + type, Tensor.ofBytes(type, List.of(2L, 3L), bytes));
    }
    tensors.put("scalar \"quoted\" ü", Tensor.ofFloats(List.of(), 1.5f));
    tensors.put("empty", Tensor.ofFloats(List.of(3L, 0L)));
    return new StateDict(tensors, Map.of("falcon.mean", "0.5"));
  }

  private Path file(String header, int dataBytes) throws IOException {
    var json = header.getBytes(StandardCharsets.UTF_8);
    var buffer = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(json.length).put(json);
    return Files.write(folder.resolve("made.safetensors"), buffer.array());
  }

  private void assertRefused(String header, int dataBytes, String message) throws IOException {
    var file = file(header, dataBytes);
    assertThatThrownBy(() -> SafetensorsFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("made.safetensors: the header " + message)
        .hasMessageContaining("fetch it again");
  }

  @Test
  void fileOfTheReferenceImplementationIsRead() {
    var content = SafetensorsFile.read(fixture());
    var kernel = new float[24];
    for (int i = 0; i < 24; i++) {
      kernel[i] = i / 8f;
    }
    var tensors = content.tensors();
    assertThat(tensors).hasSize(6);
    assertThat(tensors.get("conv.weight"))
        .isEqualTo(Tensor.ofFloats(List.of(2L, 3L, 2L, 2L), kernel));
    assertThat(tensor(tensors, "conv.bias").type()).isEqualTo(DataType.FLOAT64);
    assertThat(tensor(tensors, "conv.bias").toFloats()).containsExactly(-1.5f, 2.25f);
    assertThat(tensor(tensors, "half").toFloats()).containsExactly(0.5f, 65504f);
    assertThat(tensors.get("count")).isEqualTo(Tensor.ofLongs(List.of(), 7));
    assertThat(tensors.get("mask"))
        .isEqualTo(Tensor.ofBytes(DataType.BOOL, List.of(3L), new byte[] {1, 0, 1}));
    assertThat(tensor(tensors, "empty").shape()).containsExactly(0L, 4L);
    assertThat(content.metadata())
        .containsOnly(
            Map.entry("format", "pt"),
            Map.entry("falcon.border", "4"),
            Map.entry("Größe", "über \"alles\""));
  }

  private static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  @Test
  void whatIsWrittenIsReadBackInOrder() throws IOException {
    var content = everyType();
    var file = folder.resolve("a.safetensors");
    SafetensorsFile.write(content, file);
    var read = SafetensorsFile.read(file);
    assertThat(read).isEqualTo(content);
    assertThat(read.tensors().keySet()).containsExactlyElementsOf(content.tensors().keySet());

    var again = folder.resolve("b.safetensors");
    SafetensorsFile.write(read, again);
    assertThat(again).hasSameBinaryContentAs(file);
  }

  @Test
  void whatIsMappedIsWhatIsReadAndOutlivesTheFile() throws IOException {
    var file = folder.resolve("a.safetensors");
    SafetensorsFile.write(everyType(), file);
    var mapped = SafetensorsFile.map(file);
    Files.delete(file);
    assertThat(mapped).isEqualTo(everyType());
  }

  @Test
  void partsAreWrittenAsTheTensorsThatTheyAre() throws IOException {
    var values = new float[40_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 7 == 0 ? -0f : 1f / i;
    }
    var whole = Tensor.ofFloats(List.of((long) values.length), values);
    var out = new ByteArrayOutputStream();
    var parts = new LinkedHashMap<String, TensorPart>();
    parts.put("bytes", TensorPart.of(Tensor.ofBytes(DataType.UINT8, List.of(1L), new byte[] {9})));
    parts.put("floats", TensorPart.ofFloats(values));
    parts.put("none", TensorPart.ofFloats());
    SafetensorsFile.write(parts, Map.of("a", "b"), out);
    var read = SafetensorsFile.read(Files.write(folder.resolve("p"), out.toByteArray()));
    assertThat(read.tensors().keySet()).containsExactly("bytes", "floats", "none");
    assertThat(read.tensors().get("floats")).isEqualTo(whole);
    assertThat(tensor(read.tensors(), "none").size()).isZero();
    assertThat(read.metadata()).containsOnly(Map.entry("a", "b"));
  }

  @Test
  void tensorsAreAlignedToTheirElements() throws IOException {
    var file = folder.resolve("a.safetensors");
    SafetensorsFile.write(everyType(), file);
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int headerBytes = (int) bytes.getLong();
    assertThat(headerBytes % 8).isZero();
    var json = new String(bytes.array(), 8, headerBytes, StandardCharsets.UTF_8);
    var header = HeaderReader.read(json, bytes.capacity() - 8 - headerBytes);
    assertThat(header.entries())
        .allSatisfy((name, entry) -> assertThat(entry.begin() % entry.type().bytes()).isZero());
  }

  @Test
  void fileWithoutTensorsIsReadBack() {
    var nothing = new StateDict(Map.of(), Map.of());
    var file = folder.resolve("a.safetensors");
    SafetensorsFile.write(nothing, file);
    assertThat(SafetensorsFile.read(file)).isEqualTo(nothing);
  }

  @Test
  void fileThatCannotBeWrittenIsNamed() {
    assertThatThrownBy(
            () -> SafetensorsFile.write(everyType(), folder.resolve("none/a.safetensors")))
        .isInstanceOf(UnwritableFileException.class)
        .hasMessageContaining("a.safetensors");
  }

  @Test
  void tensorCannotHaveTheNameOfTheMetadata() {
    var content = new StateDict(Map.of("__metadata__", Tensor.ofFloats(List.of(), 1)), Map.of());
    assertThatThrownBy(() -> SafetensorsFile.write(content, folder.resolve("a.safetensors")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a tensor cannot be named __metadata__");
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    var file = Files.copy(fixture(), folder.resolve("cut.safetensors"));
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (long length = channel.size() - 1; length >= 0; length--) {
        channel.truncate(length);
        assertThatThrownBy(() -> SafetensorsFile.read(file))
            .as("first %d bytes", length)
            .isInstanceOf(MalformedModelException.class)
            .hasMessageContaining("cut.safetensors");
      }
    }
  }

  @Test
  void flippedBitsGiveTensorsOrAClearError() throws IOException {
    var whole = Files.readAllBytes(fixture());
    var file = Files.write(folder.resolve("flipped.safetensors"), whole);
    var random = new SplittableRandom(20260102);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int i = 0; i < FLIPPED_FILES; i++) {
        var damaged = whole.clone();
        int bit = random.nextInt(8 * whole.length);
        damaged[bit / 8] ^= (byte) (1 << (bit % 8));
        channel.write(ByteBuffer.wrap(damaged), 0);
        try {
          SafetensorsFile.read(file);
        } catch (MalformedModelException e) {
          assertThat(e).as("bit %d", bit).hasMessageContaining("flipped.safetensors");
        }
      }
    }
  }

  @Test
  void headerLongerThanTheFileIsRefusedBeforeItIsRead() throws IOException {
    var bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 40).array();
    var file = Files.write(folder.resolve("a.safetensors"), bytes);
    assertThatThrownBy(() -> SafetensorsFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(
            "announces a header of 1099511627776 bytes; the file has 16 and a header at most"
                + " 100000000.");
  }

  @Test
  void gapsAndOverlapsAreRefused() throws IOException {
    var a = "'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}".replace('\'', '"');
    var b = "'b':{'dtype':'U8','shape':[4],'data_offsets':[%d,%d]}".replace('\'', '"');
    assertThat(SafetensorsFile.read(file("{" + b.formatted(4, 8) + "," + a + "}", 8)).tensors())
        .hasSize(2);
    assertRefused(
        "{" + a + "," + b.formatted(5, 9) + "}",
        9,
        "lets tensor 'b' begin at byte 5 of the data, where the one before ends at 4.");
    assertRefused("{" + a + "," + b.formatted(3, 7) + "}", 7, "lets tensor 'b' begin at byte 3");
    assertRefused("{" + a + "}", 5, "states 4 bytes of data, but the file has 5.");
    assertRefused("{" + a + "}", 3, "states 4 bytes of data, but the file has 3.");
  }

  @Test
  void namesThatComeTwiceAreRefused() throws IOException {
    var a = "'a':{'dtype':'U8','shape':[0],'data_offsets':[0,0]}".replace('\'', '"');
    assertRefused("{" + a + "," + a + "}", 0, "is no proper JSON at character");
  }

  @Test
  void shapeThatDoesNotFitItsBytesIsRefused() throws IOException {
    assertRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,20]}}",
        20,
        "gives tensor 'a', F32 [2, 3], bytes 0 to 20, but it takes 24.");
    assertRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
        0,
        "gives tensor 'a' the impossible shape [4611686018427387904, 4].");
    assertRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}",
        0,
        "has -1 in tensor 'a', shape.");
    assertRefused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}",
        0,
        "is no proper JSON");
  }

  @Test
  void unsupportedTypeIsNamed() throws IOException {
    assertRefused(
        "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}",
        1,
        "gives tensor 'a' the type 'F8_E4M3', which is not supported.");
  }

  @Test
  void headerOfAnotherShapeIsRefused() throws IOException {
    assertRefused("[]", 0, "has an array where the header needs an object.");
    assertRefused("{\"a\":1}", 0, "has an integer where tensor 'a' needs an object.");
    assertRefused("{\"a\":{}}", 0, "lacks dtype, shape or the two data_offsets of tensor 'a'.");
    assertRefused("{\"a\":{\"x\":1}}", 0, "has the unknown field 'x' in tensor 'a'.");
    assertRefused(
        "{\"__metadata__\":{\"a\":1}}", 0, "has an integer where metadata 'a' needs a text.");
    assertRefused("{} {}", 0, "goes on behind its closing brace.");
    assertRefused("{\"a\":" + "[".repeat(5_000), 0, "has an array where tensor 'a' needs");
    assertRefused("", 0, "has its end where the header needs an object.");
  }

  @Test
  void headerThatIsNoTextIsRefused() throws IOException {
    var bytes = new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xff};
    var file = Files.write(folder.resolve("a.safetensors"), bytes);
    assertThatThrownBy(() -> SafetensorsFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("the header is not UTF-8 text.");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> SafetensorsFile.read(folder.resolve("none.safetensors")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("none.safetensors");
  }
}
