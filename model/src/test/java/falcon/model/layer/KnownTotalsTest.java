package falcon.model.layer;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.model.format.Networks;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Totals of the networks in `models`, see the README there: multiply-accumulates of convolutions,
/// matrix products and recurrent layers for one example, padding counted like pixels, biases and
/// normalisation not.
class KnownTotalsTest {
  private static final Path MODELS = Path.of("../models");

  @TempDir private Path folder;

  /// The published figures, at 224×224 (Inception 299×299).
  @ParameterizedTest
  @CsvSource({
    "resnet18,         1814073344,         0",
    "resnet50,         4089184256,         0",
    "vgg16_bn,        15470264320,         0",
    "inception_v3,     5713216096,         0",
    "mobilenet_v2,      300774272,         0",
    "efficientnet_b0,   385814752,         0",
    "regnet_y_400mf,    401842848,         0",
    // 17.564 G in all, as published, 16.849 G without the products of attention
    "vit_b_16,        16848500736, 715327488",
  })
  void fullSizeNetworksCostWhatIsPublished(String name, long withWeights, long betweenActivations)
      throws IOException {
    Path graph = Files.copy(MODELS.resolve("graphs/" + name + ".onnx"), folder.resolve("g.onnx"));
    try (var zeros = new RandomAccessFile(folder.resolve("zeros.bin").toFile(), "rw")) {
      zeros.setLength(1L << 30); // more than all weights of VGG16; takes no space on disk
    }
    Layers layers = Layers.of(Networks.read(graph));
    assertThat(layers.obstacles()).isEmpty();
    assertThat(layers.layerMacs()).isEqualTo(withWeights);
    assertThat(layers.totalMacs()).isEqualTo(withWeights + betweenActivations);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("narrow")
  void narrowNetworksCostWhatPyTorchCounts(String name, long withWeights, long betweenActivations) {
    Layers layers = Layers.of(Networks.read(MODELS.resolve("narrow/" + name + ".onnx")));
    assertThat(layers.obstacles()).isEmpty();
    assertThat(layers.layerMacs()).isEqualTo(withWeights);
    assertThat(layers.totalMacs()).isEqualTo(withWeights + betweenActivations);
  }

  static Stream<Arguments> narrow() {
    var row =
        Pattern.compile(
            "\"name\": \"(\\w+)\", \"opset\".*\"macs\": (\\d+), \"activationMacs\": (\\d+)");
    try {
      return Files.readAllLines(MODELS.resolve("narrow/suite.json")).stream()
          .map(row::matcher)
          .filter(Matcher::find)
          .map(m -> Arguments.of(m.group(1), Long.valueOf(m.group(2)), Long.valueOf(m.group(3))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
