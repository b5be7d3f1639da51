package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.Tensor;
import falcon.model.onnx.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `bench`. No test looks at how long anything takes.
class BenchCommandTest {
  private static final String MODEL = Cases.file("mlp.onnx");

  @TempDir Path folder;

  @Test
  void prunedAndDenseNetworkAreMeasuredInBothRuntimes() throws IOException {
    String pruned = pruned();
    Ran ran = bench(pruned, "--reference", MODEL, "--batch", "1,32", "--threads", "1,2", "--json");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    JsonNode settings = new ObjectMapper().readTree(ran.out()).get("settings");
    assertThat(settings).hasSize(4);
    assertThat(settings.at("/3/batch").asInt()).isEqualTo(32);
    assertThat(settings.at("/3/threads").asInt()).isEqualTo(2);
    for (JsonNode setting : settings) {
      List<String> networks = setting.get("rows").findValuesAsText("network");
      assertThat(networks).containsExactly("pruned", "pruned", "dense", "dense");
      List<String> runtimes = setting.get("rows").findValuesAsText("runtime");
      assertThat(runtimes)
          .containsExactly("falcon.runtime", "ONNX Runtime", "falcon.runtime", "ONNX Runtime");
      assertThat(setting.get("difference").asDouble()).isBetween(0.0, 1e-4);
      assertThat(setting.at("/rows/3/ratio").asDouble()).isEqualTo(1);
      double ratio =
          setting.at("/rows/3/milliseconds").asDouble()
              / setting.at("/rows/0/milliseconds").asDouble();
      assertThat(setting.at("/rows/0/ratio").asDouble()).isEqualTo(ratio);
      for (JsonNode row : setting.get("rows")) {
        double median = row.get("milliseconds").asDouble();
        assertThat(median).isBetween(row.get("low").asDouble(), row.get("high").asDouble());
      }
    }
  }

  @Test
  void withoutAReferenceTheNetworkIsItsOwnOpponent() {
    Ran ran = bench(MODEL);
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(ran.out())
        .contains("times as fast as the same network in ONNX Runtime")
        .doesNotContain("dense");
  }

  @Test
  void theFolderOfARunTakesTheTimesIntoItsReports() throws IOException {
    pruned();
    Path run = folder.resolve("p");
    Ran ran = bench(run.toString(), "--batch", "1,4", "--layers");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(ran.out())
        .contains("as the dense network in ONNX Runtime", "MatMul node that makes 'h'", "GMAC/s");
    bench(run.toString(), "--batch", "4"); // replaces
    JsonNode speed = new ObjectMapper().readTree(run.resolve("result.json").toFile()).get("speed");
    assertThat(speed.findValuesAsText("batch")).containsExactly("1", "1", "4", "4");
    assertThat(speed.findValuesAsText("runtime")).contains("falcon.runtime", "ONNX Runtime");
    assertThat(Files.readString(run.resolve("report.md")))
        .contains("milliseconds for 4 examples, falcon.runtime");
    Files.writeString(run.resolve("report.md"), "mine");
    assertThat(bench(run.toString()).out()).contains("since they were edited: report.md");
    assertThat(run.resolve("report.md")).hasContent("mine");
  }

  @Test
  void stepsAddUpToTheWeightsOfTheFile() throws IOException {
    Ran ran = bench(pruned(), "--reference", MODEL, "--json");
    JsonNode steps = new ObjectMapper().readTree(ran.out()).at("/settings/0/steps");
    long kept = 0;
    for (JsonNode step : steps) {
      assertThat(step.get("pruned").asDouble()).isPositive();
      kept += step.path("kept").asLong();
    }
    long nonZero = 0;
    for (Tensor tensor : OnnxFile.read(Path.of(pruned())).initializers().values()) {
      if (tensor.shape().size() == 2) {
        for (float value : tensor.toFloats()) {
          nonZero += value == 0 ? 0 : 1;
        }
      }
    }
    assertThat(kept).isEqualTo(nonZero);
  }

  @Test
  void figuresThatCannotBeAreRefused() {
    assertThat(bench(MODEL, "--batch", "0").err()).contains("--batch 0: wanted are 1 to");
    assertThat(bench(MODEL, "--threads", "0").err()).contains("--threads 0: wanted are 1 to");
    Ran ran = Ran.of("bench", MODEL, "--seconds", "0");
    assertThat(ran.err()).contains("--seconds 0.0: wanted are above 0 to 3600");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
  }

  @Test
  void optionsWithoutEffectAreRefused() {
    String table = folder.resolve("times.json").toString();
    for (List<String> words :
        List.of(
            List.of("--fail-under", "speedup=1.5"),
            List.of("--summary-line"),
            List.of("--layers"))) {
      var all = new ArrayList<>(List.of("--table", table));
      all.addAll(words);
      Ran ran = bench(MODEL, all.toArray(String[]::new));
      assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.WRONG_USAGE);
      assertThat(ran.err()).contains("--table measures layers and compares no networks");
    }
    assertThat(folder.resolve("times.json")).doesNotExist();
    for (String option : List.of("--pattern=blocks", "--include=*", "--exclude=*")) {
      Ran ran = bench(MODEL, option);
      assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.WRONG_USAGE);
      assertThat(ran.err()).contains("say --table FILE");
    }
  }

  @Test
  void referenceOfOtherInputsIsRefused() {
    Ran ran = bench(MODEL, "--reference", Cases.file("m11_nhwc.onnx"));
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("m11_nhwc.onnx");
  }

  private String pruned() {
    Path run = folder.resolve("p");
    Ran ran =
        Ran.of(
            "prune", MODEL, "--macs", "30%", "--method", "magnitude", "--out", run + "", "--force");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    return run.resolve("model.onnx").toString();
  }

  private static Ran bench(String model, String... more) {
    var words = new ArrayList<>(List.of("bench", model, "--seconds", "0.01"));
    words.addAll(List.of(more));
    return Ran.of(words.toArray(String[]::new));
  }
}
