package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Networks whose files store weights in another layout, type, quantised, or behind a mask.
class StoredWeightsCommandsTest {
  private static final long MACS = 87_632;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "m01_hwio,k2,FLOAT32",
    "m02_castfp16,k2,FLOAT16",
    "m13_mask,w2o,FLOAT32",
    "m18b_q_on_float,w2f,FLOAT32",
    "m18_qdq,q2,INT8"
  })
  void weightsArePrunedWhereTheFileStoresThem(String name, String tensor, DataType type)
      throws IOException {
    String file = Cases.file(name + ".onnx");
    Path out = folder.resolve("out");
    Ran ran =
        Ran.of("prune", file, "--method", "magnitude", "--macs", "50%", "--out", out.toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    requireHalf(file, out, tensor, type);
  }

  @Tag("native")
  @ParameterizedTest
  @CsvSource({
    "m01_hwio,k2,FLOAT32,falcon",
    "m02_castfp16,k2,FLOAT16,falcon++",
    "m13_mask,w2o,FLOAT32,falcon",
    "m18b_q_on_float,w2f,FLOAT32,falcon",
    "m18_qdq,q2,INT8,falcon",
    "m18_qdq,q2,INT8,falcon++"
  })
  void weightsAreRefittedWhereTheFileStoresThem(
      String name, String tensor, DataType type, String method) throws IOException {
    String file = Cases.file(name + ".onnx");
    Path out = folder.resolve("out");
    Ran ran =
        Ran.of(
            "prune",
            file,
            "--data",
            Cases.file("data/nchw.npz"),
            "--method",
            method,
            "--macs",
            "50%",
            "--no-test",
            "--out",
            out.toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    requireHalf(file, out, tensor, type);
  }

  /// At most half of all multiply-accumulates are left, and the file's tensors are of their types,
  /// zero where the mask says so.
  private static void requireHalf(String file, Path out, String tensor, DataType type)
      throws IOException {
    JsonNode result = new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
    long total = result.at("/budget/macs/total").asLong();
    assertThat(total).as(result.toString()).isEqualTo(MACS);
    assertThat(result.at("/budget/macs/used").asLong()).isBetween(MACS / 3, MACS / 2);
    Network dense = Networks.read(Path.of(file));
    Network pruned = Networks.read(out.resolve("model.onnx"));
    Tensor stored = pruned.tensor(tensor);
    assertThat(stored.type()).isEqualTo(type);
    assertThat(stored.shape()).isEqualTo(dense.tensor(tensor).shape());
    assertThat(stored).isNotEqualTo(dense.tensor(tensor));
    Tensor mask =
        Objects.requireNonNull(
            SafetensorsFile.read(out.resolve("mask.safetensors")).tensors().get(tensor));
    assertThat(mask.shape()).isEqualTo(stored.shape());
    Tensor factor = dense.initializers().get("w2m");
    int kept = 0;
    for (int i = 0; i < stored.size(); i++) {
      boolean isMasked = factor != null && factor.toFloats()[i] == 0;
      if (mask.bytes().get(i) == 0 || isMasked) {
        assertThat(number(stored, i)).isZero();
      }
      assertThat(isMasked && mask.bytes().get(i) != 0).isFalse();
      kept += number(stored, i) == 0 ? 0 : 1;
    }
    assertThat(kept).isBetween(stored.size() / 10, stored.size() * 3 / 4);
  }

  private static double number(Tensor tensor, int i) {
    return tensor.type().isFloatingPoint() ? tensor.toFloats()[i] : tensor.toLongs()[i];
  }

  @Test
  void inspectShowsTheStoredShapeAndType() throws IOException {
    Ran ran = Ran.of("inspect", Cases.file("m01_hwio.onnx"), "--json");
    assertThat(ran.code()).isZero();
    JsonNode layer = new ObjectMapper().readTree(ran.out()).at("/layers/0");
    assertThat(layer.get("name").asText()).isEqualTo("k1");
    assertThat(layer.get("shape").toString()).isEqualTo("[3,3,3,8]");
    Ran half = Ran.of("inspect", Cases.file("m02_castfp16.onnx"));
    assertThat(half.out()).doesNotContain("computed");
  }
}
