package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The files that commands write, and those that they leave unchanged.
class OutputsTest {
  private static final int RECORD_BYTES = 1 + 3 * 32 * 32;

  @TempDir Path temporary;
  private Path mine;
  private Path model;

  @BeforeEach
  void prepare() {
    mine = temporary.resolve("mine");
    try {
      model = Files.createDirectory(mine).resolve("model.onnx");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Networks.write(Architecture.RESNET20.initial(3, 32, 32, 10, 1), model);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "--resume", "--force", "--allow-non-empty", "--force --allow-non-empty"})
  void theNetworkSurvivesEveryOption(String options) {
    Map<String, byte[]> before = contents();
    Ran ran = Ran.of(prune(model, "30%", mine, options));
    assertThat(ran.err()).contains("is the same file", "no option lets an input be replaced");
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(contents()).containsExactlyEntriesOf(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--resume", "--force"})
  void otherFilesAreNotJoinedWithoutAWord(String options) throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("thesis"));
    Files.writeString(folder.resolve("model.onnx"), "mine");
    Files.writeString(folder.resolve("text.tex"), "mine");
    Map<String, byte[]> before = contents();
    for (String macs : List.of("30%", "50%,30%")) {
      Ran ran = Ran.of(prune(model, macs, folder, options));
      assertThat(ran.err())
          .contains("holds other files and no run of Falcon (model.onnx, text.tex)")
          .contains("--allow-non-empty");
      assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    }
    Ran root = Ran.of(prune(model, "30%", Path.of("/"), options));
    assertThat(root.code()).as(root.err()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(contents()).containsExactlyEntriesOf(before);
  }

  @Test
  void withAWordTheyAreJoinedAndStay() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("thesis"));
    Files.writeString(folder.resolve("text.tex"), "mine");
    for (String macs : List.of("50%,30%", "20%")) {
      Ran ran = Ran.of(prune(model, macs, folder, "--allow-non-empty"));
      assertThat(ran.code()).as(ran.err()).isZero();
    }
    assertThat(folder.resolve("text.tex")).hasContent("mine");
    assertThat(folder.resolve("result.json")).exists();
    assertThat(folder.resolve("r50/result.json")).exists();
    Ran forced = Ran.of(prune(model, "10%", folder, "--force"));
    assertThat(forced.code()).as(forced.err()).isZero();
    assertThat(folder.resolve("text.tex")).hasContent("mine");
    assertThat(folder.resolve("r50/result.json")).exists();
  }

  @Test
  void resumingChecksWhatIsThere() throws IOException {
    Path out = temporary.resolve("run");
    assertThat(Ran.of(prune(model, "30%", out, "")).code()).isZero();
    Ran again = Ran.of(prune(model, "30%", out, "--resume"));
    assertThat(again.out()).contains("was finished before");
    expect(
        "format: onnx there, safetensors now",
        prune(model, "30%", out, "--resume --format=safetensors"));
    byte[] bytes = Files.readAllBytes(out.resolve("model.onnx"));
    Files.write(out.resolve("model.onnx"), Arrays.copyOf(bytes, bytes.length / 2));
    expect("model.onnx: has ", prune(model, "30%", out, "--resume"));
    Files.delete(out.resolve("model.onnx"));
    Ran written = Ran.of(prune(model, "30%", out, "--resume"));
    assertThat(written.code()).as(written.err()).isZero();
    assertThat(out.resolve("model.onnx")).hasBinaryContent(bytes);
    Files.write(out.resolve("result.json"), new byte[0]);
    expect("result.json: the file is empty", prune(model, "30%", out, "--resume"));
    new ObjectMapper().readTree(out.resolve("result.json").toFile());
  }

  @Test
  void trainingReplacesOnlyNetworksOfItsOwn() throws IOException {
    Path data = Files.createDirectory(temporary.resolve("cifar10"));
    Files.write(data.resolve("data_batch_1.bin"), images(20));
    Files.write(data.resolve("test_batch.bin"), images(10));
    Path out = temporary.resolve("trained");
    String[] train = {
      "train", "--arch=resnet20", "--data=" + data, "--epochs=1", "--format=onnx", "--out"
    };
    Ran trained = Ran.of(with(train, out.toString()));
    assertThat(trained.code()).as(trained.err()).isZero();
    expect("is there already", with(train, out.toString()));
    assertThat(Ran.of(with(train, out.toString(), "--force")).code()).isZero();

    expect("is the data folder", with(train, data.toString(), "--force", "--allow-non-empty"));
    Path foreign = Files.createDirectory(temporary.resolve("foreign"));
    Files.writeString(foreign.resolve("text.tex"), "mine");
    Map<String, byte[]> before = contents();
    expect("holds other files", with(train, foreign.toString(), "--force"));
    Path link = Files.createSymbolicLink(foreign.resolve("model.onnx"), Path.of("nowhere"));
    expect(
        "is a link to nowhere, where nothing is",
        with(train, foreign.toString(), "--force", "--allow-non-empty"));
    Files.delete(link);
    Files.writeString(foreign.resolve("model.onnx"), "mine");
    expect(
        "is not a network that Falcon wrote",
        with(train, foreign.toString(), "--force", "--allow-non-empty"));
    Files.delete(foreign.resolve("model.onnx"));
    assertThat(contents()).containsExactlyEntriesOf(before);

    Path run = temporary.resolve("run");
    assertThat(Ran.of(prune(model, "30%", run, "")).code()).isZero();
    before = contents();
    expect("holds a run of 'falcon prune'", with(train, run.toString(), "--force"));
    assertThat(contents()).containsExactlyEntriesOf(before);
  }

  private static void expect(String message, String[] args) {
    Ran ran = Ran.of(args);
    assertThat(ran.err()).contains(message).doesNotContain("\tat ");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.out()).isEmpty();
  }

  private static String[] prune(Path network, String macs, Path out, String options) {
    String[] args = {
      "prune", network.toString(), "--macs=" + macs, "--method=magnitude", "--out=" + out
    };
    return options.isEmpty() ? args : with(args, options.split(" "));
  }

  private static String[] with(String[] args, String... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
  }

  /// Returns the content of every file, empty for a folder.
  private Map<String, byte[]> contents() {
    var contents = new TreeMap<String, byte[]>();
    try (Stream<Path> files = Files.walk(temporary)) {
      for (Path file : files.toList()) {
        contents.put(
            file.toString(), Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0]);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }

  private static byte[] images(int count) {
    var bytes = new byte[count * RECORD_BYTES];
    new SplittableRandom(count).nextBytes(bytes);
    for (int i = 0; i < count; i++) {
      bytes[i * RECORD_BYTES] = (byte) (i % 10);
    }
    return bytes;
  }
}
