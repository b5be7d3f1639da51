package falcon.model.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.MalformedModelException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Damaged and hostile files end in a [MalformedModelException], whatever is wrong with them.
@Timeout(60)
final class HostileCheckpointTest {
  /// `collections.OrderedDict()`, then `(`: entries follow.
  private static final String DICTIONARY = "\u0080\u0002ccollections\nOrderedDict\n)R(";

  private static final int FLIPPED_FILES = 1_000;

  @TempDir Path folder;

  private static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(PyTorchCheckpointTest.fixture(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"zip-torch2.13.pt", "legacy-torch2.13.pt", "nested-legacy-torch2.13.pt"})
  void everyTruncationIsRefused(String name) throws IOException {
    var file = Files.write(folder.resolve("cut.pt"), bytes(name));
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (long length = channel.size() - 1; length >= 0; length--) {
        channel.truncate(length);
        assertThatThrownBy(() -> PyTorchCheckpoint.read(file))
            .as("first %d bytes of %s", length, name)
            .isInstanceOf(MalformedModelException.class)
            .hasMessageContaining("cut.pt");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zip-protocol4-torch2.13.pt",
        "views-torch2.13.pt",
        "legacy-torch2.13.pt",
        "nested-legacy-torch2.13.pt"
      })
  void flippedBitsGiveTensorsOrAClearError(String name) throws IOException {
    var whole = bytes(name);
    var file = Files.write(folder.resolve("flipped.pt"), whole);
    var random = new SplittableRandom(20260101);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int i = 0; i < FLIPPED_FILES; i++) {
        var damaged = whole.clone();
        int flips = 1 + random.nextInt(3);
        for (int k = 0; k < flips; k++) {
          int bit = random.nextInt(8 * whole.length);
          damaged[bit / 8] ^= (byte) (1 << (bit % 8));
        }
        channel.write(ByteBuffer.wrap(damaged), 0);
        try {
          PyTorchCheckpoint.read(file);
        } catch (MalformedModelException e) {
          assertThat(e).hasMessageContaining("flipped.pt");
        }
      }
    }
  }

  /// Returns a checkpoint whose pickle is `program`, one character per byte.
  private Path checkpoint(String program) throws IOException {
    var file = folder.resolve("hostile.pt");
    var archive = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(archive)) {
      StoredEntry.add(zip, "x/data.pkl", program.getBytes(StandardCharsets.ISO_8859_1));
      StoredEntry.add(zip, "x/data/0", new byte[16]);
    }
    return Files.write(file, archive.toByteArray());
  }

  private void assertRefused(String program, String message) throws IOException {
    var file = checkpoint(program);
    assertThatThrownBy(() -> PyTorchCheckpoint.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(message);
  }

  private static String text(String text) {
    return "\u008c" + (char) text.length() + text;
  }

  private static String u32(long number) {
    var text = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      text.append((char) (number >> (8 * i) & 0xff));
    }
    return text.toString();
  }

  /// Returns the entry `name`: a tensor over storage 0, which holds four floats.
  private static String tensor(String name, String shape, String strides) {
    return text(name)
        + "ctorch._utils\n_rebuild_tensor_v2\n(("
        + text("storage")
        + "ctorch\nFloatStorage\n"
        + text("0")
        + text("cpu")
        + "K\u0004tQK\u0000("
        + shape
        + "t("
        + strides
        + "t\u0089)tR";
  }

  @Test
  void tensorMadeByHandIsRead() throws IOException {
    var file = checkpoint(DICTIONARY + tensor("w", "K\u0002K\u0002", "K\u0002K\u0001") + "u.");
    assertThat(PyTorchCheckpointTest.tensor(PyTorchCheckpoint.read(file).tensors(), "w").shape())
        .containsExactly(2L, 2L);
  }

  @Test
  void deepNestingCostsNoStack() throws IOException {
    assertRefused("\u0080\u0002" + "]".repeat(500_000) + "a".repeat(499_999) + ".", "holds a list");
  }

  @Test
  void listThatHoldsItselfIsHarmless() throws IOException {
    assertRefused("\u0080\u0002]q\u0000h\u0000a.", "holds a list");
  }

  @Test
  void floodOfInstructionsIsRefused() throws IOException {
    assertRefused("\u0080\u0002" + "N0".repeat(1_200_000), "has more than 2097152 instructions");
  }

  @Test
  void textLongerThanTheFileIsRefused() throws IOException {
    assertRefused("\u0080\u0002X" + u32(0xffffffffL) + "abc.", "announces 4294967295 more bytes");
    assertRefused("\u0080\u0002\u008d" + u32(0) + u32(1L << 31) + ".", "announces");
  }

  @Test
  void stackAndMarksAreGuarded() throws IOException {
    assertRefused("\u0080\u00020.", "takes from an empty stack");
    assertRefused("\u0080\u0002N(0.", "takes from an empty stack");
    assertRefused("\u0080\u0002N(\u0085.", "takes from an empty stack");
    assertRefused("\u0080\u0002t.", "goes back to a mark that it never set");
    assertRefused("\u0080\u0002.", "takes from an empty stack");
  }

  @Test
  void memoIsGuarded() throws IOException {
    assertRefused("\u0080\u0002h\u0005.", "asks for value 5 of its memo");
    assertRefused("\u0080\u0002j" + u32(0xfffffff0L) + ".", "asks for value 4294967280");
  }

  @Test
  void unknownInstructionIsRefused() throws IOException {
    assertRefused("\u0080\u0002)\u0081.", "has instruction 0x81");
    assertRefused("\u0080\u0006N.", "has protocol 6");
  }

  @Test
  void namesAreOnlyCalledAsPyTorchCallsThem() throws IOException {
    assertRefused("\u0080\u0002ctorch\nfloat16\n)R.", "calls torch.float16 wrongly");
    assertRefused("\u0080\u0002NNR.", "calls None with None");
    assertRefused("\u0080\u0002ctorch\nSize\nK\u0001\u0085R.", "argument 1 is an integer");
    assertRefused("\u0080\u0002c__builtin__\neval\n.", "names '__builtin__.eval'");
    assertRefused("\u0080\u0002" + text("os") + text("system") + "\u0093.", "names 'os.system'");
  }

  @Test
  void storageKeyCannotLeaveTheArchive() throws IOException {
    var program = DICTIONARY + tensor("w", "K\u0004", "K\u0001") + "u.";
    assertRefused(program.replace(text("0"), text("../../x")), "has no entry 'x/data/../../x'");
  }

  @Test
  void tensorBeyondItsStorageIsRefused() throws IOException {
    assertRefused(
        DICTIONARY + tensor("w", "K\u0005", "K\u0001") + "u.",
        "tensor 'w' ends at byte 20 of storage '0', which has 16.");
  }

  @Test
  void sizesThatOverflowAreRefused() throws IOException {
    var huge = "J" + u32(0x7fffffff);
    assertRefused(
        DICTIONARY + tensor("w", huge.repeat(3), "K\u0000".repeat(3)) + "u.", "tensor 'w'");
    assertRefused(
        DICTIONARY + tensor("w", "K\u0002", "\u008a\u0008" + "\u00ff".repeat(7) + "\u007f") + "u.",
        "has the impossible shape [2]");
    assertRefused(
        DICTIONARY + tensor("w", "J" + u32(0xffffffffL), "K\u0001") + "u.",
        "a size, stride or offset is out of range");
  }

  @Test
  void expansionBeyondReasonIsRefusedBeforeItIsMade() throws IOException {
    assertRefused(
        DICTIONARY + tensor("w", "J" + u32(400_000_000), "K\u0000") + "u.",
        "take more than 16 times the bytes of the file");
    var many = new StringBuilder(DICTIONARY);
    for (int i = 0; i < 20; i++) {
      many.append(tensor("w" + i, "J" + u32(1_000_000), "K\u0000"));
    }
    assertRefused(many + "u.", "take more than 16 times the bytes of the file");
  }

  @Test
  void storageOfAnotherLengthIsRefused() throws IOException {
    assertRefused(
        DICTIONARY + tensor("w", "K\u0004", "K\u0001").replace("K\u0004tQ", "K\u0005tQ") + "u.",
        "entry 'x/data/0' has 16 bytes, but its tensors need 20.");
  }

  @Test
  void storageOfTwoTypesIsRefused() throws IOException {
    assertRefused(
        DICTIONARY
            + tensor("a", "K\u0004", "K\u0001")
            + tensor("b", "K\u0004", "K\u0001").replace("Float", "Long")
            + "u.",
        "gives storage '0' two different types or lengths");
  }
}
