package falcon.prune.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.options.PruningException;
import falcon.prune.storage.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunReportsTest {
  private static final String HOSTILE = "</script><img src=x>\"'&|`\n\u202e层";

  @TempDir private Path folder;

  private static ObjectNode result() {
    ObjectNode json = Json.object().put("schemaVersion", 1).put("seed", 3).put("command", HOSTILE);
    json.putObject("versions").put("falcon", "1.2");
    json.putArray("inputs").addObject().put("role", "model").put("path", "a/" + HOSTILE);
    ObjectNode macs = json.putObject("budget").putObject("macs");
    macs.put("asked", 30).put("request", "30%").put("used", 25).put("total", 100);
    json.put("measure", "accuracy");
    json.putObject("accuracy")
        .putObject("validation")
        .put("dense", 95.0)
        .put("final", 94.5)
        .put("samples", 200)
        .putArray("interval")
        .add(90.25)
        .add(97.5);
    json.putObject("certificate").put("value", 9.0).put("bound", 10.0).put("gap", 1.0);
    ObjectNode layer = json.putArray("layers").addObject().put("name", HOSTILE);
    layer.put("weights", 4).put("kept", 1).put("outputError", 0.125).putArray("shape").add(4);
    json.putArray("warnings").add(HOSTILE);
    json.putObject("model").put("bytes", 1234).put("denseBytes", 2468);
    json.putObject("seconds").put("support", 1.5).put("test", 2.0);
    return json;
  }

  private static RunResult result(ObjectNode json) {
    return RunResult.of("run", Json.text(json));
  }

  @Test
  void noTextOfTheDataIsMarkup() {
    String page = HtmlReport.of(result(result()));
    assertThat(page).doesNotContain("<img");
    assertThat(page.split("</script>", -1)).as("two script elements").hasSize(3);
    int start = page.indexOf("id=\"data\">") + 10;
    String data = page.substring(start, page.indexOf("</script>", start));
    assertThat(Json.parse(data).get("run")).isEqualTo(result());
    assertThat(data).doesNotContain("<", ">", "&");
  }

  @Test
  void aPageHasTheChartLibraryOnlyWhereThereIsACurve() {
    ObjectNode retrained = result();
    retrained.putObject("retraining").putArray("epochs").addObject().put("loss", 0.5);
    assertThat(HtmlReport.of(result(retrained))).contains("Leon Sorokin");
    assertThat(HtmlReport.of(result(result()))).doesNotContain("Leon Sorokin");
  }

  @Test
  void markdownShowsFiguresAndNoMarkupOfTheData() {
    String text = MarkdownReport.of(result(result()));
    assertThat(text)
        .contains("| MACs | 30% | 25 | 100 | 25.00 % | – |")
        .contains("| accuracy, validation | 95.00 % | 94.50 % | 90.25 to 97.50 % | 200 |")
        .contains("| 25.00 % | 12.5 % |")
        .contains("Certificate: no choice within the budget keeps more than 10.00 %")
        .contains("\\`")
        .contains(": `</script><img src=x>\"'&|' U+202E层`");
    assertThat(text.lines().filter(line -> !line.startsWith("Falcon 1.2")))
        .as("outside of the code span with the command")
        .noneMatch(line -> line.contains("<img"));
    assertThat(text.lines().filter(line -> line.startsWith("|")))
        .allSatisfy(line -> assertThat(line).endsWith("|"));
  }

  @Test
  void markdownFitsOnAScreenHoweverManyWarningsThereAre() {
    ObjectNode json = result();
    for (int i = 0; i < 50; i++) {
      json.withArray("warnings").add("warning " + i);
    }
    assertThat(MarkdownReport.of(result(json)))
        .contains("- 46 more warnings")
        .satisfies(text -> assertThat(text.lines().count()).isLessThan(40));
  }

  @Test
  void aResultOfAnEarlierVersionIsShownWithWhatItHas() {
    ObjectNode json = Json.object().put("schemaVersion", 1);
    json.putObject("versions").put("falcon", "0.0.1");
    assertThat(MarkdownReport.of(result(json))).contains("### network", "Nothing was measured.");
    assertThat(HtmlReport.of(result(json))).contains("<title>network</title>");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{\"schemaVersion\": 1, \"ver",
        "[]",
        "{\"schemaVersion\": 1}",
        "{\"schemaVersion\": 2, \"versions\": {\"falcon\": \"9\"}}"
      })
  void aDamagedResultIsNamedAndTheOthersAreShown(String content) throws IOException {
    Path good = Files.createDirectory(folder.resolve("good"));
    Path bad = Files.createDirectory(folder.resolve("bad"));
    Files.writeString(good.resolve("result.json"), Json.text(result()));
    Files.writeString(bad.resolve("result.json"), content);
    RunComparison comparison = RunComparison.read(List.of(good, bad, folder.resolve("missing")));
    assertThat(comparison.rows()).hasSize(1);
    assertThat(comparison.rows().getFirst())
        .containsExactly(
            good.toString(),
            "25.00 %",
            "–",
            "1,234",
            "accuracy",
            "95.00 %",
            "94.50 %",
            "90.25 to 97.50 %",
            "–",
            "3.5");
    assertThat(comparison.damaged()).containsOnlyKeys(bad.toString(), folder + "/missing");
    assertThat(comparison.damaged().get(bad.toString())).contains(bad + "/result.json: ");
    assertThat(Json.parse(comparison.json()).at("/damaged/1/problem").asText())
        .contains("there is no such file");
    assertThatThrownBy(() -> RunResult.read(bad)).isInstanceOf(PruningException.class);
  }

  @Test
  void anEditedReportIsNotTakenForFalcons() throws IOException {
    Path file = folder.resolve("report.md");
    MarkdownReport.write(result(result()), file);
    assertThat(ReportFile.isUnchanged(file)).isTrue();
    String text = Files.readString(file);
    Files.writeString(file, text.replace("94.50", "94.51"));
    assertThat(ReportFile.isUnchanged(file)).isFalse();
    Files.writeString(file, text + "more\n");
    assertThat(ReportFile.isUnchanged(file)).isFalse();
    Files.writeString(file, "");
    assertThat(ReportFile.isUnchanged(file)).isFalse();
    assertThat(ReportFile.isUnchanged(folder.resolve("none"))).isFalse();
  }
}
