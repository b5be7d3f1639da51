package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs with reports, the commands that make reports of runs, and what `result.json` has for them.
@Tag("native")
class ReportCommandsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String MODEL = Cases.file("mlp.onnx");

  @TempDir private static Path folder;
  private static Path half;
  private static Path whole;

  @BeforeAll
  static void run() {
    half = folder.resolve("half");
    whole = folder.resolve("whole");
    assertThat(prune("--macs", "50%", "--out", half.toString()).code()).isZero();
    assertThat(prune("--macs", "100%", "--out", whole.toString(), "--no-report").code()).isZero();
  }

  private static Ran prune(String... more) {
    var words = new ArrayList<>(List.of("prune", MODEL, "--data", Cases.file("data/ok.npz")));
    words.addAll(List.of("--method", "falcon", "-q"));
    words.addAll(List.of(more));
    return Ran.of(words.toArray(String[]::new));
  }

  private static JsonNode result(Path run) throws IOException {
    return MAPPER.readTree(Files.readAllBytes(run.resolve("result.json")));
  }

  @Test
  void aRunWritesReportsUnlessItIsToldNotTo() throws IOException {
    assertThat(half.resolve("report.html")).content().contains("<html", "mlp.onnx");
    assertThat(half.resolve("report.md"))
        .content()
        .contains("### mlp.onnx", "greatest output errors");
    assertThat(whole.resolve("report.html")).doesNotExist();
    assertThat(whole.resolve("report.md")).doesNotExist();
    Ran arch =
        Ran.of(
            "train",
            "--arch",
            "resnet20",
            "--data",
            "x",
            "--epochs",
            "1",
            "--out",
            "y",
            "--no-report");
    assertThat(arch.code()).isEqualTo(2);
    assertThat(arch.err()).contains("--no-report would have no effect here");
  }

  @Test
  void layersHaveKindErrorAndHowTheyWereReFitted() throws IOException {
    JsonNode pruned = result(half).path("layers");
    assertThat(pruned).isNotEmpty();
    for (JsonNode layer : pruned) {
      assertThat(layer.path("kind").asText()).isEqualTo("MatMul");
      assertThat(layer.path("refit").asText()).isIn("products", "rows", "unchanged");
      assertThat(layer.path("leastKept").asInt()).isZero();
      assertThat(layer.path("outputError").doubleValue()).isBetween(1e-9, 2.0);
    }
    for (JsonNode layer : result(whole).path("layers")) {
      assertThat(layer.path("outputError").doubleValue()).as("nothing is pruned").isLessThan(0.05);
    }
  }

  @Test
  void theCertificateHasPrices() throws IOException {
    JsonNode prices = result(half).at("/certificate/prices");
    assertThat(prices.path("macs").doubleValue()).isPositive();
    assertThat(prices.path("nnz").isNumber()).isTrue();
    assertThat(result(whole).at("/certificate/prices/macs").doubleValue()).isZero();
  }

  @Test
  void reportsOfFinishedRunsAreMadeAgainAndDamagedRunsAreNamed(@TempDir Path other)
      throws IOException {
    Path copy = Files.createDirectory(other.resolve("copy"));
    Files.copy(whole.resolve("result.json"), copy.resolve("result.json"));
    Path bad = Files.createDirectory(other.resolve("bad"));
    Files.writeString(bad.resolve("result.json"), "{\"schemaVersion\": 1,");
    Ran ran = Ran.of("report", bad.toString(), copy.toString());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains(bad.resolve("result.json").toString());
    assertThat(ran.out()).contains("written: " + copy.resolve("report.html"));
    assertThat(copy.resolve("report.html")).exists();
    Files.writeString(copy.resolve("report.md"), "mine");
    Ran json = Ran.of("report", copy.toString(), "--json");
    assertThat(json.code()).isEqualTo(3);
    assertThat(MAPPER.readTree(json.out()).at("/damaged/0/problem").asText())
        .contains("report.md: is not a report as Falcon wrote it");
    assertThat(copy.resolve("report.md")).hasContent("mine");
  }

  @Test
  void runsAreComparedAsTextAsJsonAndAsAPage(@TempDir Path other) throws IOException {
    Path page = other.resolve("compare.html");
    Ran ran = Ran.of("compare", half.toString(), whole.toString(), "--out", page.toString());
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    List<String> lines = ran.out().lines().toList();
    assertThat(lines.getFirst()).startsWith("run").contains("MACs kept", "95 % interval");
    assertThat(lines.get(1)).startsWith(half.toString()).contains("accuracy");
    assertThat(lines.get(2)).startsWith(whole.toString()).contains("100.00 %");
    assertThat(page).content().contains("Runs compared");
    assertThat(
            Ran.of("compare", half.toString(), whole.toString(), "--out", page.toString()).code())
        .isEqualTo(3);
    assertThat(
            Ran.of(
                    "compare",
                    half.toString(),
                    whole.toString(),
                    "--out",
                    page.toString(),
                    "--force")
                .code())
        .isZero();
    Path mine = Files.writeString(other.resolve("mine.html"), "mine");
    assertThat(
            Ran.of(
                    "compare",
                    half.toString(),
                    whole.toString(),
                    "--out",
                    mine.toString(),
                    "--force")
                .err())
        .contains("no other file is replaced");
    JsonNode json =
        MAPPER.readTree(Ran.of("compare", half.toString(), whole.toString(), "--json").out());
    assertThat(json.at("/runs/1/result")).isEqualTo(result(whole));
  }

  @Test
  void aDamagedRunIsNamedAndTheOthersAreCompared(@TempDir Path other) {
    Ran ran = Ran.of("compare", half.toString(), other.toString());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains(other.resolve("result.json") + ": there is no such file");
    assertThat(ran.out()).contains(half.toString());
    Ran alone = Ran.of("compare", half.toString());
    assertThat(alone.code()).isEqualTo(2);
    assertThat(alone.err()).contains("give two or more");
  }

  @Test
  void aFinishedRunThatIsResumedHasItsReportsAgain(@TempDir Path other) throws IOException {
    Path run = other.resolve("run");
    String[] words = {"--macs", "40%", "--method", "magnitude", "--out", run.toString()};
    Ran first = Ran.of(words(words));
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).contains("result.json, report.html, report.md");
    Files.delete(run.resolve("report.html"));
    String[] again = new String[words.length + 1];
    System.arraycopy(words, 0, again, 0, words.length);
    again[words.length] = "--resume";
    assertThat(Ran.of(words(again)).code()).isZero();
    assertThat(run.resolve("report.html")).exists();
    assertThat(result(run).at("/layers/0/outputError").isNull()).isTrue();
  }

  private static String[] words(String... more) {
    var words = new ArrayList<>(List.of("prune", MODEL));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }
}
