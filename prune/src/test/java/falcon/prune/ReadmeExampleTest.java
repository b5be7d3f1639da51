package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java example of the README, compiled as it stands there and run on the demo's files.
@Tag("native")
@Tag("slow")
class ReadmeExampleTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String IMPORTS =
      """
      import falcon.data.format.*;
      import falcon.model.*;
      import falcon.model.format.Networks;
      import falcon.prune.*;
      import falcon.prune.options.*;
      import falcon.prune.report.*;
      import java.nio.file.Path;
      """;

  @TempDir Path folder;

  @Test
  void runsAsItStandsThereAndMeetsItsBudget() throws IOException, InterruptedException {
    Path source = folder.resolve("Example.java");
    Files.writeString(source, IMPORTS + "void main() throws Exception {\n" + example() + "}\n");
    Files.createSymbolicLink(folder.resolve("demo"), ROOT.resolve("demo"));

    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(
        List.of(
            "-Xmx1g",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            source.toString()));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("MACs", "30%", "certificate");

    Network pruned = Networks.read(folder.resolve("pruned.onnx"));
    Layers layers = Layers.of(pruned);
    long kept = 0;
    for (var layer : layers.prunable()) {
      for (float weight : pruned.tensor(layer.tensor()).toFloats()) {
        kept += weight == 0 ? 0 : layer.macsPerWeight();
      }
    }
    assertThat(kept).isLessThanOrEqualTo((long) (0.30 * layers.prunableMacs()));
    assertThat(kept).isGreaterThan((long) (0.29 * layers.prunableMacs()));
  }

  private static String example() throws IOException {
    Matcher matcher =
        Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve("README.md")));
    assertThat(matcher.find()).as("README.md has a Java example").isTrue();
    return matcher.group(1);
  }
}
