package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.model.Attribute;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.format.Networks;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Layers that are parts of a constant, or made of several.
class SelectedWeightsCommandsTest {
  private static final int SIDE = 8;

  @TempDir Path folder;

  /// Two thirds of `w`, of which the first is not used, and the columns of two constants.
  private Path file() {
    var random = new SplittableRandom(2);
    Map<String, Attribute> columns = Map.of("axis", new Attribute.IntegerValue(1));
    Network network =
        Network.builder("selected")
            .opset("", 17)
            .input(
                new ValueInfo(
                    "x",
                    DataType.FLOAT32,
                    List.of(new Dimension.Symbolic("n"), new Dimension.Fixed(SIDE))))
            .output(new ValueInfo("y", DataType.FLOAT32, null))
            .initializer("w", noise(random, SIDE, 3 * SIDE))
            .initializer("wide", noise(random, SIDE, 5))
            .initializer("narrow", noise(random, SIDE, 3))
            .node(node("Split", columns, List.of("w"), "unread", "first", "second"))
            .node(node("Concat", columns, List.of("narrow", "wide"), "joined"))
            .node(node("MatMul", Map.of(), List.of("x", "first"), "a"))
            .node(node("MatMul", Map.of(), List.of("a", "second"), "b"))
            .node(node("MatMul", Map.of(), List.of("b", "joined"), "y"))
            .build();
    Path file = folder.resolve("selected.onnx");
    Networks.write(network, file);
    return file;
  }

  private static Node node(
      String opType, Map<String, Attribute> attributes, List<String> inputs, String... outputs) {
    return new Node(opType + outputs[0], opType, "", inputs, List.of(outputs), attributes);
  }

  private static Tensor noise(SplittableRandom random, long rows, long columns) {
    var values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(List.of(rows, columns), values);
  }

  @Test
  void masksAreThoseOfTheConstants() throws IOException {
    Path file = file();
    Path out = folder.resolve("out");
    Ran ran =
        Ran.of(
            "prune",
            file.toString(),
            "--method",
            "magnitude",
            "--macs",
            "50%",
            "--out",
            out.toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    Network dense = Networks.read(file);
    Network pruned = Networks.read(out.resolve("model.onnx"));
    Map<String, Tensor> masks = SafetensorsFile.read(out.resolve("mask.safetensors")).tensors();
    assertThat(masks.keySet()).containsExactlyInAnyOrder("w", "wide", "narrow");
    int kept = 0;
    for (Map.Entry<String, Tensor> entry : masks.entrySet()) {
      String name = entry.getKey();
      Tensor mask = entry.getValue();
      float[] before = dense.tensor(name).toFloats();
      float[] after = pruned.tensor(name).toFloats();
      assertThat(mask.shape()).isEqualTo(dense.tensor(name).shape());
      for (int i = 0; i < after.length; i++) {
        boolean isPart = !name.equals("w") || i % (3 * SIDE) >= SIDE;
        boolean isKept = mask.bytes().get(i) != 0;
        assertThat(isPart || isKept).isTrue();
        assertThat(after[i]).isEqualTo(isKept ? before[i] : 0);
        kept += isPart && isKept ? 1 : 0;
      }
    }
    JsonNode result = new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
    assertThat(result.at("/budget/macs/total").asInt()).isEqualTo(3 * SIDE * SIDE);
    assertThat(result.at("/budget/macs/used").asInt()).isEqualTo(kept).isEqualTo(96);
    assertThat(result.get("layers")).hasSize(3);
    for (JsonNode layer : result.get("layers")) {
      assertThat(layer.get("constants").toString())
          .isEqualTo(
              layer.get("name").asText().equals("joined") ? "[\"narrow\",\"wide\"]" : "[\"w\"]");
    }
  }

  @Test
  void inspectNamesTheConstants() throws IOException {
    String file = file().toString();
    assertThat(Ran.of("inspect", file).out())
        .contains("prunable: 3 tensors, 192 weights")
        .contains("yes, in 'narrow' and 'wide'")
        .contains("yes, in 'w'");
    JsonNode layers = new ObjectMapper().readTree(Ran.of("inspect", file, "--json").out());
    assertThat(layers.at("/layers/2/constants").toString()).isEqualTo("[\"narrow\",\"wide\"]");
    assertThat(layers.at("/layers/2/type").asText()).isEqualTo("FLOAT32");
  }
}
