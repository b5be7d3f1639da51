package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Figures on few held-out samples come with their number and interval.
@Tag("native")
class FewSamplesTest {
  @TempDir Path folder;

  @Test
  void aFigureOnEnoughSamplesHasAnIntervalAndNoWarning() throws IOException {
    Ran ran = pruned("m07e_lstmbf.onnx", "data/lstmopen_nt.npz");
    JsonNode validation = result().at("/accuracy/validation");
    assertThat(validation.get("samples").asInt()).isEqualTo(32);
    double last = validation.get("final").asDouble();
    assertThat(validation.at("/interval/0").asDouble()).isBetween(0.0, last);
    assertThat(validation.at("/interval/1").asDouble()).isBetween(last, 100.0);
    assertThat(ran.out()).contains("validation: 32 held-out samples; ", "(95 % confidence)");
    assertThat(ran.err()).doesNotContain("rest on");
  }

  @Test
  void aFigureOnFewSamplesIsWarnedOf() throws IOException {
    Ran ran = pruned("mlp.onnx", "data/n9.npz");
    JsonNode result = result();
    JsonNode validation = result.get(result.get("measure").asText()).get("validation");
    assertThat(validation.get("samples").asInt()).isEqualTo(4);
    assertThat(validation.get("interval")).hasSize(2);
    assertThat(result.get("warnings").toString()).contains("rest on 4 held-out samples: ");
    assertThat(ran.err()).contains("rest on 4 held-out samples: ");
  }

  /// Prunes to half of the MACs; the run is in [#folder].
  private Ran pruned(String model, String data) {
    Ran ran =
        Ran.of(
            "prune",
            Cases.file(model),
            "--data",
            Cases.file(data),
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--out",
            folder.resolve("run").toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    return ran;
  }

  private JsonNode result() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("run/result.json").toFile());
  }
}
