package falcon.torch.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The output of libtorch to the standard error of a separate process.
@Tag("native")
class NativeSettingsTest {
  @TempDir Path folder;

  /// The oracle: the same call warns as soon as libtorch's log has the level that it begins with.
  @Test
  void warningsOfLibtorchAreNotWritten() throws IOException, InterruptedException {
    assertThat(output())
        .startsWith("as Falcon sets it\nas libtorch begins\n[W")
        .contains("An output with one or more elements was resized");
  }

  @Test
  void nnpackIsNotTried() {
    NativeLibraries.ensureLoaded();
    assertThat(torch.globalContext().userEnabledNNPACK()).isFalse();
  }

  private String output() throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    var builder =
        new ProcessBuilder(
            java.toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            Warned.class.getName());
    builder.environment().put("TORCH_CPP_LOG_LEVEL", "WARNING");
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // Java would write that it heeds them
    int exit = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start().waitFor();
    String text = Files.readString(output);
    assertThat(exit).as(text).isZero();
    return text;
  }

  /// Triggers a warning of libtorch twice.
  static final class Warned {
    private Warned() {}

    public static void main(String[] args) {
      NativeLibraries.ensureLoaded();
      System.out.println("as Falcon sets it");
      giveAnOutputOfAnotherShape();
      System.out.println("as libtorch begins");
      torch.initLogging(); // takes TORCH_CPP_LOG_LEVEL
      giveAnOutputOfAnotherShape();
    }

    private static void giveAnOutputOfAnotherShape() {
      torch.add_out(torch.ones(3), torch.ones(5), torch.ones(5));
    }
  }
}
