package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.format.Networks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Commands on arrays without classes, and on networks with open axes and several outputs.
@Tag("native")
class ArrayCommandsTest {
  private static final int SAMPLES = 120;
  private static final int FEATURES = 5;

  @TempDir static Path folder;
  private static String model = "";
  private static String data = "";

  @BeforeAll
  static void prepare() throws IOException {
    Path network = folder.resolve("net.onnx");
    Networks.write(network(), network);
    model = network.toString();
    var random = new SplittableRandom(4);
    var features = ByteBuffer.allocate(4 * SAMPLES * FEATURES).order(ByteOrder.LITTLE_ENDIAN);
    while (features.hasRemaining()) {
      features.putFloat((float) random.nextGaussian());
    }
    byte[] header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }\n"
            .formatted(SAMPLES, FEATURES)
            .getBytes(StandardCharsets.UTF_8);
    Path array = folder.resolve("samples.npy");
    try (var out = Files.newOutputStream(array)) {
      out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
      out.write(new byte[] {(byte) header.length, 0});
      out.write(header);
      out.write(features.array());
    }
    data = array.toString();
  }

  @Test
  void prunedWithoutLabelsAndComparedWithTheDenseNetwork() throws IOException {
    String out = folder.resolve("run").toString();
    Ran pruned =
        Ran.of(
            "prune",
            model,
            "--data",
            data,
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--samples",
            "40",
            "--out",
            out,
            "--json",
            "-q");
    assertThat(pruned.code()).as(pruned.err()).isZero();
    JsonNode result = new ObjectMapper().readTree(pruned.out());
    assertThat(result.get("measure").asText()).isEqualTo("agreement");
    assertThat(result.get("agreement").get("validation").get("dense").asDouble()).isEqualTo(100);
    assertThat(result.get("agreement").get("test").isNull()).isTrue();
    assertThat(result.has("accuracy")).isFalse();

    Ran compared =
        Ran.of(
            "evaluate",
            Path.of(out, "model.onnx").toString(),
            "--reference",
            model,
            "--data",
            data,
            "--split",
            "train",
            "--json",
            "-q");
    assertThat(compared.code()).as(compared.err()).isZero();
    JsonNode comparison = new ObjectMapper().readTree(compared.out());
    assertThat(comparison.get("samples").asInt()).isEqualTo(SAMPLES);
    assertThat(comparison.get("agreement").asDouble()).isBetween(30.0, 100.0);
    assertThat(comparison.get("fidelity").asDouble()).isLessThan(100);
  }

  @Test
  void accuracyWithoutLabelsIsRefusedWithAdvice() {
    Ran ran = Ran.of("evaluate", model, "--data", data, "--split", "validation");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains("Accuracy needs labels", "--reference DENSE.onnx");
  }

  @Test
  void testSplitThatIsNotThereIsRefusedWithAdvice() {
    Ran ran = Ran.of("evaluate", model, "--data", data, "--reference", model, "--split", "test");
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("holds no test samples", "--split validation");
  }

  @Test
  void trainingPartIsMeasuredWhereThereIsNoOther() {
    Ran ran = Ran.of("evaluate", model, "--data", data, "--reference", model);
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).startsWith("train: ").contains("on 120 samples");
  }

  @Test
  void openAxesAreNamedWithTheOptionThatFixesThem() {
    Ran ran = Ran.of("inspect", model, "--input-shape", "?,5", "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("\"macs\"");
    Ran wrong = Ran.of("inspect", model, "--input-shape", "y=5");
    assertThat(wrong.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(wrong.err())
        .contains("there is no input 'y'", "The network takes x FLOAT32[n, features]");
    Ran nonsense = Ran.of("inspect", model, "--input-shape", "5x5");
    assertThat(nonsense.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(nonsense.err()).contains("'5x5' is no shape");
  }

  @Test
  void otherOutputCanBeChosen() throws IOException {
    Ran ran =
        Ran.of(
            "evaluate",
            model,
            "--reference",
            model,
            "--data",
            data,
            "--split",
            "train",
            "--output",
            "s",
            "--json",
            "-q");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(new ObjectMapper().readTree(ran.out()).get("measure").asText())
        .isEqualTo("fidelity");
    Ran wrong = Ran.of("evaluate", model, "--data", data, "--output", "q");
    assertThat(wrong.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(wrong.err()).contains("--output: the network has no output 'q'");
  }

  @Test
  void optionsOfImagesAreRefusedForArrays() {
    Ran ran = Ran.of("evaluate", model, "--data", data, "--mean", "0.5");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains("are for images");
    Ran resized = Ran.of("evaluate", model, "--data", data, "--resize", "5");
    assertThat(resized.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(resized.err()).contains("--resize is for folders of images");
  }

  /// Open axes, and two outputs: classes `z` and one number `s`.
  private static Network network() {
    var random = new SplittableRandom(9);
    return Graphs.network(
            "two outputs", new Dimension.Symbolic("n"), new Dimension.Symbolic("features"))
        .initializer("w1", Graphs.noise(random, FEATURES, 12))
        .initializer("w2", Graphs.noise(random, 12, 3))
        .initializer("w3", Graphs.noise(random, 12, 1))
        .node(Graphs.node("Gemm", "h", "x", "w1"))
        .node(Graphs.node("Relu", "r", "h"))
        .node(Graphs.node("Gemm", "z", "r", "w2"))
        .node(Graphs.node("Gemm", "s", "r", "w3"))
        .output(Graphs.output("z"))
        .output(Graphs.output("s"))
        .build();
  }
}
