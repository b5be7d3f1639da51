package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Layer;
import falcon.model.Layers;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's Java example is compiled and run, in a folder with files of those names; as it stands there
/// but for one stage in place of several, to be quick.
class ReadmeTest {
  private static final Path README = Path.of("../README.md");
  private static final Pattern JAVA = Pattern.compile("(?s)```java\n(.*?)```");

  @TempDir Path folder;

  @Test
  void theJavaExampleRuns() throws IOException, InterruptedException {
    Matcher matcher = JAVA.matcher(Files.readString(README));
    assertThat(matcher.find()).as("a Java example in %s", README.toAbsolutePath()).isTrue();
    Path source = folder.resolve("Example.java");
    Files.writeString(
        source,
        """
        import falcon.data.*;
        import falcon.model.*;
        import falcon.model.format.*;
        import falcon.model.zoo.*;
        import falcon.prune.*;

        void main() {
        %s
        }
        """
            .formatted(matcher.group(1).replace("FALCON_PLUS_PLUS", "FALCON")));
    TinyData.write(folder.resolve("cifar10"));
    Path weights = folder.resolve("weights.safetensors");
    Networks.write(Architecture.RESNET20.initial(3, 32, 32, 10, 1), weights);
    // readers go by the content, not by the name
    Files.move(weights, folder.resolve("resnet20_cifar10.pth.tar"));

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                source.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    int code = process.waitFor();
    String said = Files.readString(folder.resolve("output"));
    assertThat(code).as(said).isZero();
    assertThat(said).contains("MACs", "accuracy");

    Network pruned = Networks.read(folder.resolve("pruned.onnx"));
    long macs = 0;
    for (Layer layer : Layers.of(pruned).prunable()) {
      for (float weight : pruned.tensor(layer.tensor()).toFloats()) {
        macs += weight == 0 ? 0 : layer.macsPerWeight();
      }
    }
    assertThat(macs).isBetween(1L, Layers.of(pruned).prunableMacs() * 30 / 100);
  }
}
