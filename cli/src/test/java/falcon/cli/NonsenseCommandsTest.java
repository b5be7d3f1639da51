package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.cli.process.ExitCode;
import falcon.model.Attribute;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Networks with nonsensical attributes are refused: stride 0, for instance, at which native code
/// would end the process.
@Tag("native")
class NonsenseCommandsTest {
  private static final int SAMPLES = 40;

  @TempDir static Path folder;
  private static String model = "";
  private static String data = "";

  @BeforeAll
  static void prepare() throws IOException {
    Path network = folder.resolve("nonsense.onnx");
    Networks.write(network(), network);
    model = network.toString();
    Path array = folder.resolve("samples.npy");
    byte[] header =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 2, 6, 6), }\n"
            .formatted(SAMPLES)
            .getBytes(StandardCharsets.UTF_8);
    try (var out = Files.newOutputStream(array)) {
      out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
      out.write(new byte[] {(byte) header.length, 0});
      out.write(header);
      out.write(new byte[4 * SAMPLES * 2 * 6 * 6]);
    }
    data = array.toString();
  }

  @Test
  void inspectSaysWhyItIsNotPruned() {
    Ran inspected = Ran.of("inspect", model);
    assertThat(inspected.code()).as(inspected.err()).isZero();
    assertThat(inspected.out())
        .contains("no: Conv node 'c' contradicts itself: attribute 'strides' is [0, 0]")
        .doesNotContain("yes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"magnitude", "falcon", "falcon++"})
  void pruneEndsWithFileAndNode(String method) {
    requireRefused(
        Ran.of("prune", model, "--data", data, "--nnz", "50%", "--method", method, "--out", out()));
  }

  @Test
  void pruneByTheWeightsAloneEndsWithFileAndNode() {
    requireRefused(Ran.of("prune", model, "--nnz", "50%", "--method", "magnitude", "--out", out()));
  }

  @Test
  void evaluateEndsWithFileAndNode() {
    requireRefused(
        Ran.of("evaluate", model, "--data", data, "--reference", model, "--split", "validation"));
  }

  private static String out() {
    return folder.resolve("run").toString();
  }

  private static void requireRefused(Ran ran) {
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains(model + ": Conv node 'c'").contains("'strides' is [0, 0]");
  }

  private static Network network() {
    return Graphs.network(
            "nonsense",
            new Dimension.Symbolic("n"),
            new Dimension.Fixed(2),
            new Dimension.Fixed(6),
            new Dimension.Fixed(6))
        .initializer("w", Tensor.ofFloats(List.of(4L, 2L, 3L, 3L), new float[72]))
        .node(
            new Node(
                "c",
                "Conv",
                "",
                List.of("x", "w"),
                List.of("y"),
                Map.of("strides", new Attribute.IntegerList(List.of(0L, 0L)))))
        .output(Graphs.output("y"))
        .build();
  }
}
