package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.report.Report;
import falcon.prune.report.Versions;
import falcon.prune.storage.WrittenFile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultFileTest {
  private static final SmallRun RUN = SmallRun.of(0.5);

  /// Two layers as a file would hold them: fewer weights than the mask keeps.
  private static final WrittenModel WRITTEN =
      new WrittenModel(
          List.of(
              new Report.LayerReport("a", List.of(2L, 3L), 6, 4, 10),
              new Report.LayerReport("b", List.of(5L), 5, 1, 100)),
          List.of(
              new WrittenFile("model.onnx", 700, "00aa"), new WrittenFile("w.data", 50, "11bb")),
          800,
          List.of(),
          Map.of());

  private final ObjectNode json =
      ResultFile.of(
          RUN.description(), RUN.pruned(), WRITTEN, new WrittenFile("mask.safetensors", 9, "22cc"));

  @Test
  void whatIsUsedIsCountedInTheFileAndNotTakenFromTheMask() {
    Report report = RUN.pruned().report();
    assertThat(json.at("/budget/macs/used").longValue()).isEqualTo(140);
    assertThat(json.at("/budget/nnz/used").longValue()).isEqualTo(5);
    assertThat(json.at("/budget/macs/asked").longValue()).isEqualTo(report.macs().limit());
    assertThat(json.at("/budget/macs/total").longValue()).isEqualTo(report.macs().total());
    assertThat(json.at("/budget/macs/request").textValue()).isEqualTo(report.macs().asked());
  }

  @Test
  void layersAreThoseOfTheFile() {
    assertThat(json.get("layers")).hasSize(2);
    assertThat(json.at("/layers/0/name").textValue()).isEqualTo("a");
    assertThat(json.at("/layers/0/shape/1").longValue()).isEqualTo(3);
    assertThat(json.at("/layers/1/kept").longValue()).isEqualTo(1);
    assertThat(json.at("/layers/1/macsKept").longValue()).isEqualTo(100);
  }

  @Test
  void filesAreNamedWithLengthAndHash() {
    assertThat(json.at("/model/bytes").longValue()).isEqualTo(750);
    assertThat(json.at("/model/denseBytes").longValue()).isEqualTo(800);
    assertThat(json.at("/model/files/1/name").textValue()).isEqualTo("w.data");
    assertThat(json.at("/model/files/0/sha256").textValue()).isEqualTo("00aa");
    assertThat(json.at("/mask/name").textValue()).isEqualTo("mask.safetensors");
    assertThat(WrittenFile.of(json.get("mask")))
        .as("what is read again")
        .isEqualTo(new WrittenFile("mask.safetensors", 9, "22cc"));
  }

  @Test
  void whatARunIsComparedByIsThereWordForWord() {
    RUN.description()
        .identity()
        .forEach((name, text) ->
            assertThat(json.get(ResultFile.IDENTITY).path(name).textValue())
                .as(name)
                .isEqualTo(text));
    assertThat(json.get(ResultFile.IDENTITY)).hasSameSizeAs(RUN.description().identity().keySet());
  }

  @Test
  void theVersionOfTheSchemaComesFirst() {
    assertThat(json.fieldNames().next()).isEqualTo("schemaVersion");
    assertThat(json.get("schemaVersion").intValue()).isEqualTo(Versions.SCHEMA);
  }

  @Test
  void whatARunWithoutDataDoesNotKnowIsNull() {
    assertThat(json.at("/measure").isNull()).isTrue();
    assertThat(json.has("accuracy")).isFalse();
    assertThat(json.get("effectiveRows").isNull()).isTrue();
    assertThat(json.at("/options/schedule").isNull()).isTrue();
    assertThat(json.at("/options/preprocessing").isNull()).isTrue();
    assertThat(json.at("/options").has("gradients")).isFalse();
  }
}
