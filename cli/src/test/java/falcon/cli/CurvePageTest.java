package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.page.Curve;
import falcon.prune.page.CurvePage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The page of a curve in a real browser, as [ReportPageTest] opens those of runs.
class CurvePageTest extends InBrowser {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Curve.Source source(String name, int macs, double quality) throws IOException {
    Path run = write(name, macs, quality);
    return new Curve.Source(name, run, write("magnitude-" + name, macs, quality - 20));
  }

  private Path write(String name, int macs, double quality) throws IOException {
    ObjectNode json = MAPPER.createObjectNode().put("schemaVersion", 1).put("measure", "accuracy");
    json.putObject("versions").put("falcon", "1");
    ObjectNode budget = json.putObject("budget");
    budget
        .putObject("macs")
        .put("request", macs + "%")
        .put("used", macs * 1000)
        .put("total", 100000);
    budget.putObject("nnz").put("used", macs * 30).put("total", 4000);
    json.putObject("model").put("bytes", 1_000_000 + 10_000 * macs);
    ObjectNode accuracy = json.putObject("accuracy");
    ObjectNode heldOut = accuracy.putObject("validation").put("dense", 97.25);
    heldOut.put("final", quality).put("samples", 2000);
    heldOut.putArray("interval").add(quality - 1.25).add(quality + 0.75);
    accuracy.putObject("test").put("dense", 96.5).put("final", quality - 0.5);
    json.putArray("speed").addObject().put("runtime", "a/b~").put("pruned", macs / 8.0);
    json.putObject("seconds").put("support", 12.5);
    Path run = Files.createDirectories(folder.resolve(name));
    MAPPER.writeValue(run.resolve("result.json").toFile(), json);
    return run;
  }

  private Curve curve() throws IOException {
    List<Curve.Source> sources = new ArrayList<>();
    double[] quality = {97, 96.5, 95, 88, 60};
    int[] macs = {60, 40, 20, 10, 5};
    for (int i = 0; i < macs.length; i++) {
      sources.add(source("r" + macs[i], macs[i], quality[i]));
    }
    return Curve.readAll(sources);
  }

  private void open(Curve curve) throws IOException {
    Path file = folder.resolve("curve.html");
    CurvePage.write("net.onnx", curve, file);
    browser.open(file);
    browser.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
  }

  private static String text(String selector) {
    return browser
        .evaluate("document.querySelector(%s).innerText".formatted(MAPPER.valueToTree(selector)))
        .asText();
  }

  @Test
  void everyFigureIsThatOfTheCurve() throws IOException {
    Curve curve = curve();
    open(curve);
    JsonNode json = MAPPER.readTree(curve.json());
    JsonNode figures =
        browser.evaluate(
            "[...document.querySelectorAll('data[data-pointer]')].map(e => [e.dataset.pointer, Number(e.value)])");
    assertThat(figures).hasSize(5 * 14);
    for (JsonNode figure : figures) {
      JsonNode there = json.at(figure.get(0).asText());
      assertThat(there.isNumber()).as(figure.toString()).isTrue();
      assertThat(figure.get(1).doubleValue()).isEqualTo(there.doubleValue());
    }
    assertThat(text(".compare tbody tr:nth-child(3)"))
        .contains("r20", "20.00", "95.00", "94.50", "75.00");
  }

  @Test
  void theKneeAndTheGreatestDropAreMarked() throws IOException {
    open(curve().fulfilledBy("r40"));
    assertThat(text(".compare tbody tr:nth-child(3) .mark")).isEqualTo("knee");
    assertThat(text(".compare tbody tr:nth-child(2) .mark")).isEqualTo("greatest drop met");
    assertThat(text(".figures")).contains("knee", "r20", "greatest drop met by", "r40");
  }

  @Test
  void theBudgetIsChosenByKeyboardAndTheChartFollows() throws IOException {
    open(curve());
    assertThat(text(".chart")).contains("MACs kept, %", "magnitude", "dense", "95 % from");
    assertThat(text(".choice")).contains("MACs", "weights", "bytes", "milliseconds, a/b~");
    browser.evaluate("document.querySelector('.choice input').focus()");
    browser.press("ArrowRight", 39);
    assertThat(text(".chart")).contains("weights kept, %");
    browser.press("ArrowRight", 39);
    browser.press("ArrowRight", 39);
    assertThat(text(".chart")).contains("milliseconds, a/b~");
    assertThat(
            browser
                .evaluate("document.querySelector('.chart').getAttribute('aria-label')")
                .asText())
        .contains("Accuracy over budget", "r5: 60.00", "table below");
  }

  @Test
  void damagedAndUnfinishedRunsAreNamed() throws IOException {
    Curve.Source damaged = source("r30", 30, 90);
    Files.writeString(damaged.run().resolve("result.json"), "<script>");
    Curve.Source whole = source("r60", 60, 95);
    var missing = new Curve.Source("r9", folder.resolve("r9"), null);
    open(Curve.readAll(List.of(whole, damaged, missing)));
    assertThat(text(".warnings")).contains("r30", "result.json", "Not finished yet: r9");
    assertThat(text(".compare tbody")).contains("r60").doesNotContain("r30");
    open(Curve.readAll(List.of(missing)));
    assertThat(text("main")).contains("No run is finished yet.");
  }

  @ParameterizedTest
  @ValueSource(ints = {320, 390, 768, 1280})
  void noWidthMakesThePageScrollSideways(int width) throws IOException {
    browser.resize(width, 800);
    open(curve());
    assertThat(
            browser
                .evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                .asInt())
        .isZero();
    int drawn = browser.evaluate("document.querySelector('.uplot').offsetWidth").asInt();
    assertThat(drawn).isBetween(250, width);
  }
}
