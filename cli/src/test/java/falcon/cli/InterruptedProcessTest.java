package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Stops a process by a signal while its threads are in libtorch. `.ci/processes` tests Ctrl-C and
/// a closed terminal, since processes of a test that was started in the background ignore them.
@Tag("native")
@Tag("slow")
class InterruptedProcessTest {
  private static final int IMAGES = 600;
  private static final int RECORD_BYTES = 1 + 3 * 32 * 32;

  @TempDir Path folder;

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2})
  void endsInOrderAtAnyMoment(long seed) throws IOException, InterruptedException {
    var random = new SplittableRandom(seed);
    Path err = folder.resolve("err");
    Process process = start(random, err);
    try {
      while (process.isAlive() && !Files.readString(err).contains("training")) {
        process.waitFor(20, TimeUnit.MILLISECONDS);
      }
      process.waitFor(random.nextLong(1_000), TimeUnit.MILLISECONDS);
      process.destroy(); // SIGTERM
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(err);
    assertThat(process.exitValue()).as(said).isEqualTo(143);
    assertThat(said)
        .contains("Told to stop (SIGTERM). No network was written; training cannot be resumed.")
        .doesNotContain("\tat ", "SIGSEGV");
    try (var files = Files.list(folder)) {
      assertThat(files).noneMatch(file -> String.valueOf(file.getFileName()).startsWith("hs_err"));
    }
  }

  /// Starts a training that would take hours.
  private Process start(SplittableRandom random, Path err) throws IOException {
    var bytes = new byte[IMAGES * RECORD_BYTES];
    random.nextBytes(bytes);
    for (int i = 0; i < IMAGES; i++) {
      bytes[i * RECORD_BYTES] = (byte) (i % 10);
    }
    Path data = Files.createDirectory(folder.resolve("cifar10"));
    Files.write(data.resolve("data_batch_1.bin"), bytes);
    Files.write(data.resolve("test_batch.bin"), bytes);
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "train",
            "--arch=resnet20",
            "--epochs=10000",
            "--data=" + data,
            "--out=" + folder.resolve("out"))
        .directory(folder.toFile())
        .redirectOutput(folder.resolve("out.txt").toFile())
        .redirectError(err.toFile())
        .start();
  }
}
