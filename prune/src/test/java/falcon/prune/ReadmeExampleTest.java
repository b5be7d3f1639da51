package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.Layers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java example of the README, compiled as it stands there and run on the demo's files.
@Tag("native")
@Tag("slow")
class ReadmeExampleTest {
  @TempDir Path folder;

  @Test
  void runsAsItStandsThereAndMeetsItsBudget() throws IOException, InterruptedException {
    List<JavaExample> examples =
        JavaExample.of("README.md", Files.readString(JavaExample.ROOT.resolve("README.md")));
    assertThat(examples).as("README.md has one Java example").hasSize(1);
    String output = examples.getFirst().run(folder);
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
}
