package falcon.torch.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.LoadedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("native")
class NativeLibrariesTest {
  private static final Path SYSTEM_LIBTORCH =
      Path.of("/usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13");

  @TempDir Path folder;

  /// Two processes unpack into one empty folder at once, while the linker's default path leads to
  /// another libtorch.
  @Test
  @Tag("slow")
  void twoProcessesWithAColdCacheLoadTheUnpackedLibtorchOnly()
      throws IOException, InterruptedException {
    assumeThat(SYSTEM_LIBTORCH).as("Debian's libtorch1.13 is not installed").exists();
    var processes = new ArrayList<Process>();
    for (int i = 0; i < 2; i++) {
      processes.add(start(folder.resolve("output" + i)));
    }
    for (int i = 0; i < 2; i++) {
      int exit = processes.get(i).waitFor();
      String output = Files.readString(folder.resolve("output" + i));
      assertThat(exit).as("%s", output).isZero();
      assertThat(output.lines()).singleElement().satisfies(this::isUnpacked);
    }
  }

  @Test
  void loadedLibtorchIsTheUnpackedOne() throws IOException {
    NativeLibraries.ensureLoaded();
    NativeLibraries.ensureLoaded();
    assertThat(NativeLibraries.loadedLibtorch()).hasSizeLessThanOrEqualTo(1);
  }

  private void isUnpacked(String line) {
    assertThat(Path.of(line)).startsWith(folder.toAbsolutePath());
  }

  private Process start(Path output) throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    var builder =
        new ProcessBuilder(
            List.of(
                java.toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache"),
                "-cp",
                System.getProperty("java.class.path"),
                LoadsLibtorch.class.getName()));
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    return builder.start();
  }

  /// A process that computes with libtorch and prints the libraries that it has found.
  static final class LoadsLibtorch {
    private LoadsLibtorch() {}

    public static void main(String[] args) throws IOException {
      try (var workers = new Workers(1)) {
        workers.map(
            1,
            task -> {
              try (var loaded = new LoadedNetwork(Graph.residual(1), Precision.FLOAT32);
                  var execution =
                      loaded.start(new NoiseSamples(List.of(3L, 6L, 5L), 1, 3, 1).batch(0, 1))) {
                return Torch.floats(execution.runToEnd());
              }
            });
      }
      NativeLibraries.loadedLibtorch().forEach(System.out::println);
    }
  }
}
