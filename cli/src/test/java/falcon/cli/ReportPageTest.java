package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.page.HtmlReport;
import falcon.prune.page.RunComparison;
import falcon.prune.page.RunResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The pages in a real browser. They are left out where there is none; continuous integration
/// installs it, and fails without it.
class ReportPageTest extends InBrowser {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final List<String> HOSTILE =
      List.of(
          "</script><script>document.title='broken'</script>",
          "<img src=x onerror=\"document.title='broken'\">",
          "卷积.权重\"'&amp;",
          "משקל\u202e.weight",
          "line\nbreak\u2028<!--",
          "a".repeat(180));

  private static ObjectNode result(int layers) {
    var random = new SplittableRandom(layers);
    ObjectNode json = MAPPER.createObjectNode().put("schemaVersion", 1).put("seed", 7);
    json.put("command", "./falcon prune 'a b.onnx'").put("measure", "accuracy");
    json.putObject("versions").put("falcon", "0.1.0").put("java", "25");
    json.putObject("machine").put("processor", "X").put("processors", 2).put("memoryBytes", 8e9);
    json.putArray("inputs")
        .addObject()
        .put("role", "model")
        .put("path", "dir/net.onnx")
        .put("bytes", 5000)
        .put("sha256", "ab12");
    ArrayNode all = json.putArray("layers");
    long macs = 0;
    long used = 0;
    long weights = 0;
    long kept = 0;
    for (int l = 0; l < layers; l++) {
      int count = random.nextInt(64, 4096);
      int stays = random.nextInt(0, count + 1);
      int cost = random.nextInt(1, 900);
      ObjectNode layer = all.addObject().put("name", "block%d.weight".formatted(l));
      layer.put("weights", count).put("kept", stays).put("macs", (long) count * cost);
      layer.put("macsKept", (long) stays * cost).put("kind", l % 2 == 0 ? "Conv" : "MatMul");
      layer.put("leastKept", l == 1 ? stays : 0).put("refit", "products");
      layer.put("outputError", l == 2 ? null : random.nextDouble());
      layer.putArray("shape").add(count);
      macs += (long) count * cost;
      used += (long) stays * cost;
      weights += count;
      kept += stays;
    }
    budget(json.putObject("budget").putObject("macs"), "30%", used, macs);
    budget(((ObjectNode) json.get("budget")).putObject("nnz"), "auto", kept, weights);
    ObjectNode accuracy = json.putObject("accuracy");
    quality(accuracy.putObject("validation"), 95.8, 95.25)
        .put("samples", 1000)
        .putArray("interval")
        .add(93.75)
        .add(96.5);
    quality(accuracy.putObject("test"), 93.8, 93.71);
    ObjectNode certificate = json.putObject("certificate");
    certificate.put("value", 200.0).put("bound", 200.5).put("gap", 0.5);
    certificate.putObject("prices").put("macs", 1e-5).put("nnz", 0.0);
    ObjectNode model = json.putObject("model").put("bytes", 4321).put("denseBytes", 5000);
    model.putArray("files").addObject().put("name", "model.onnx").put("bytes", 4321);
    json.putArray("stages").addObject().put("macs", used).put("nnz", kept).put("seconds", 3.5);
    json.putObject("seconds").put("support", 1.25).put("test", 2.5);
    json.putArray("warnings");
    return json;
  }

  private static void budget(ObjectNode json, String request, long used, long total) {
    json.put("asked", used + 5).put("request", request).put("used", used).put("total", total);
    json.putObject("network")
        .put("used", used + 100)
        .put("total", total + 100)
        .put("percent", 50.5);
  }

  private static ObjectNode quality(ObjectNode json, double dense, double last) {
    return json.put("dense", dense).put("pruned", last).putNull("refreshed").put("final", last);
  }

  private Path page(ObjectNode json) throws IOException {
    Path file = folder.resolve("page.html");
    HtmlReport.write(RunResult.of("run", MAPPER.writeValueAsString(json)), file);
    return file;
  }

  private void open(ObjectNode json) throws IOException {
    browser.open(page(json));
  }

  private static String text(String selector) {
    return browser
        .evaluate("document.querySelector(%s).innerText".formatted(quoted(selector)))
        .asText();
  }

  private static String quoted(String text) {
    return MAPPER.valueToTree(text).toString();
  }

  private static List<String> texts(String selector) {
    return browser
        .evaluate(
            "[...document.querySelectorAll(%s)].filter(e => e.checkVisibility()).map(e => e.textContent)"
                .formatted(quoted(selector)))
        .valueStream()
        .map(JsonNode::asText)
        .toList();
  }

  @Test
  void everyFigureIsThatOfTheResult() throws IOException {
    ObjectNode json = result(20);
    open(json);
    JsonNode figures =
        browser.evaluate(
            "[...document.querySelectorAll('data[data-pointer]')].map(e => [e.dataset.pointer, Number(e.value), e.textContent])");
    assertThat(figures.size()).isGreaterThan(110);
    for (JsonNode figure : figures) {
      String pointer = figure.get(0).asText();
      JsonNode there = json.at(pointer);
      assertThat(there.isNumber()).as(pointer).isTrue();
      assertThat(figure.get(1).doubleValue()).as(pointer).isEqualTo(there.doubleValue());
    }
    Map<String, String> shown =
        figures
            .valueStream()
            .collect(
                Collectors.toMap(
                    figure -> figure.get(0).asText(),
                    figure -> figure.get(2).asText(),
                    (a, _) -> a));
    assertThat(shown)
        .containsEntry(
            "/budget/macs/used", "%,d".formatted(json.at("/budget/macs/used").longValue()))
        .containsEntry("/accuracy/test/final", "93.71\u00a0%")
        .containsEntry("/accuracy/validation/interval/0", "93.75\u00a0%")
        .containsEntry("/layers/3/kept", "%,d".formatted(json.at("/layers/3/kept").longValue()));
    String error = Objects.requireNonNull(shown.get("/layers/5/outputError"));
    assertThat(Double.parseDouble(error.substring(0, error.indexOf('\u00a0'))))
        .isCloseTo(100 * json.at("/layers/5/outputError").doubleValue(), within(0.06));
  }

  @Test
  void sectionsComeInOrderAndTheCertificateIsInWords() throws IOException {
    ObjectNode json = result(3);
    json.withArray("warnings").add("The test split has no labels.");
    open(json);
    assertThat(texts("h2"))
        .containsExactly(
            "1 warning",
            "Asked and used",
            "Accuracy",
            "Speed",
            "Layers",
            "Certificate",
            "Stages and time",
            "Reproduction");
    assertThat(text("[aria-labelledby=certificate]"))
        .contains("no choice within the budget has more than 0.249")
        .contains("multiply-accumulates more")
        .contains("more saliency at most")
        .contains("The limit of weights does not bind");
    assertThat(text("[aria-labelledby=speed]"))
        .contains("Zeros alone make most runtimes no faster");
    assertThat(text("[aria-labelledby=reproduction]"))
        .contains("./falcon prune 'a b.onnx'", "ab12");
    assertThat(text(".layers")).contains("at least, binding");
  }

  @Test
  void whatIsLostAndTheBudgetsThatWereTriedAreShown() throws IOException {
    ObjectNode json = result(3);
    ObjectNode drop = ((ObjectNode) json.at("/accuracy/validation")).putObject("drop");
    drop.put("points", 0.55).putArray("interval").add(0.125).add(0.95);
    ObjectNode search = json.putObject("maxDrop").put("asked", 1.0);
    ArrayNode trials = search.putArray("trials");
    trials.addObject().put("share", "10%").put("isWithin", false).set("drop", drop);
    trials.addObject().put("share", "31.6%").put("isWithin", true).set("drop", drop);
    trials.addObject().put("share", "1.2%").put("isWithin", false).putNull("drop");
    open(json);
    assertThat(text("main"))
        .contains("0.55 points", "0.13 to 0.95 with 95 % confidence", "At most 1.00 were asked for")
        .contains("31.6%", "cannot be met");
  }

  @Test
  void millisecondsAreShownWhereTheyWereMeasured() throws IOException {
    ObjectNode json = result(3);
    ObjectNode speed = json.putArray("speed").addObject();
    speed.put("runtime", "ONNX Runtime").put("threads", 2).put("dense", 4.25).put("pruned", 4.125);
    open(json);
    assertThat(text("[aria-labelledby=budget]")).contains("ONNX Runtime, milliseconds", "97.06");
    assertThat(text("[aria-labelledby=speed]")).contains("4.13\u00a0ms", "4.25\u00a0ms");
  }

  @Test
  void tableSortsByKeyboardAndSaysSo() throws IOException {
    ObjectNode json = result(30);
    open(json);
    int column = texts(".layers thead th").indexOf("kept") + 1;
    String head = ".layers thead th:nth-child(%d)".formatted(column);
    browser.evaluate("document.querySelector('%s button').focus()".formatted(head));
    browser.press("Enter", 13);
    assertThat(sortOf(head)).isEqualTo("descending");
    List<Long> descending = numbers(column);
    assertThat(descending).isSortedAccordingTo((a, b) -> Long.compare(b, a)).hasSize(30);
    browser.press("Enter", 13);
    assertThat(sortOf(head)).isEqualTo("ascending");
    assertThat(numbers(column)).isEqualTo(descending.reversed());
    assertThat(texts(".layers [aria-sort=ascending], .layers [aria-sort=descending]")).hasSize(1);
    int error = texts(".layers thead th").indexOf("output error") + 1;
    for (int click = 0; click < 2; click++) { // what is not known comes last either way
      browser.evaluate(
          "document.querySelector('.layers thead th:nth-child(%d) button').click()"
              .formatted(error));
      assertThat(texts(".layers tbody td:nth-child(%d)".formatted(error)).getLast()).isEqualTo("–");
    }
  }

  private static String sortOf(String head) {
    return browser.evaluate("document.querySelector('%s').ariaSort".formatted(head)).asText();
  }

  private static List<Long> numbers(int column) {
    return texts(".layers tbody tr > :nth-child(%d)".formatted(column)).stream()
        .map(text -> Long.valueOf(text.replace(",", "")))
        .toList();
  }

  @Test
  void searchLeavesWhatMatchesAllWords() throws IOException {
    open(result(30));
    search("BLOCK1 conv");
    assertThat(texts(".layers tbody th"))
        .containsExactly(
            "block10.weight",
            "block12.weight",
            "block14.weight",
            "block16.weight",
            "block18.weight");
    assertThat(text(".search output")).isEqualTo("5 of 30 layers");
    search("no such layer");
    assertThat(texts(".layers tbody th")).isEmpty();
    search("");
    assertThat(texts(".layers tbody th")).hasSize(30);
    assertThat(browser.evaluate("document.querySelector('.search input').labels.length").asInt())
        .isEqualTo(1);
  }

  private static void search(String words) {
    browser.evaluate(
        "(() => { const i = document.querySelector('.search input'); i.value = %s; i.dispatchEvent(new Event('input')); })()"
            .formatted(quoted(words)));
  }

  @Test
  void namesOfFilesLayersAndWarningsAreTexts() throws IOException {
    ObjectNode json = result(HOSTILE.size());
    for (int i = 0; i < HOSTILE.size(); i++) {
      ((ObjectNode) json.at("/layers/" + i)).put("name", HOSTILE.get(i));
      json.withArray("warnings").add(HOSTILE.get(i));
    }
    ((ObjectNode) json.at("/inputs/0"))
        .put("path", "dir/" + HOSTILE.get(2))
        .put("sha256", HOSTILE.get(0));
    json.put("command", HOSTILE.get(1)).put("seed", HOSTILE.get(0));
    ((ObjectNode) json.get("seconds")).put(HOSTILE.get(0), 1.5);
    open(json);
    assertThat(texts(".layers tbody th")).isEqualTo(HOSTILE);
    assertThat(texts("h1")).containsExactly(HOSTILE.get(2));
    assertThat(browser.evaluate("document.title").asText())
        .isEqualTo(HOSTILE.get(2) + " – Falcon report");
    assertThat(browser.evaluate("document.querySelectorAll('img').length").asInt()).isZero();
    assertThat(browser.evaluate("document.scripts.length").asInt()).isEqualTo(2);
    assertThat(browser.evaluate("document.querySelector('.layers bdi').tagName").asText())
        .isEqualTo("BDI");
  }

  @ParameterizedTest
  @ValueSource(ints = {375, 768, 1440})
  void noPageIsWiderThanTheWindow(int width) throws IOException {
    ObjectNode json = result(400);
    ((ObjectNode) json.at("/layers/7")).put("name", HOSTILE.getLast());
    for (int i = 0; i < 40; i++) {
      json.withArray("warnings").add("warning " + i + " " + HOSTILE.getLast());
    }
    browser.resize(width, 900);
    open(json);
    assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
        .isLessThanOrEqualTo(width);
    assertThat(texts(".warnings h2")).containsExactly("40 warnings");
    assertThat(texts(".warnings li")).hasSize(5);
  }

  @Test
  void fourHundredLayersAreQuick() throws IOException {
    open(result(400));
    double milliseconds =
        browser
            .evaluate(
                "(() => { const t = performance.now(); for (let i = 0; i < 3; i++) document.querySelector('.layers thead th:nth-child(6) button').click(); document.body.offsetHeight; return performance.now() - t; })()")
            .asDouble();
    assertThat(milliseconds)
        .as("three times sorted, on a machine that does other work")
        .isLessThan(5000);
  }

  @Test
  void aRetrainingHasACurveAndItsFigures() throws IOException {
    ObjectNode json = result(3);
    ObjectNode retraining =
        json.putObject("retraining").put("start", "dense").put("optimizer", "sgd");
    retraining.put("learningRate", 0.01).put("taken", 2).putNull("broken").putArray("trials");
    ArrayNode epochs = retraining.putArray("epochs");
    for (int e = 0; e < 3; e++) {
      epochs
          .addObject()
          .put("loss", 1.0 / (e + 1))
          .put("heldOutLoss", e == 1 ? null : Double.valueOf(0.5))
          .put("validation", 90.0 + e)
          .put("seconds", 2.5);
    }
    open(json);
    assertThat(
            browser
                .evaluate(
                    "new Promise(r => setTimeout(() => r(document.querySelectorAll('canvas').length), 200))")
                .asInt())
        .isEqualTo(1);
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
    assertThat(text("[aria-labelledby=retraining]"))
        .contains("The state after epoch 2 of 3 is the result", "92.00\u00a0%", "0.333");
    browser.prefer("dark");
    assertThat(browser.evaluate("getComputedStyle(document.body).backgroundColor").asText())
        .isEqualTo("rgb(20, 23, 27)");
    browser.prefer("light");
  }

  static Stream<ObjectNode> unusual() {
    ObjectNode old = result(4);
    old.get("layers")
        .forEach(layer ->
            ((ObjectNode) layer).remove(List.of("kind", "leastKept", "outputError", "refit")));
    ((ObjectNode) old.get("certificate")).remove("prices");
    old.remove(List.of("machine", "measure", "mask", "warnings"));
    old.get("budget").forEach(budget -> ((ObjectNode) budget).remove("network"));
    ((ObjectNode) old.at("/accuracy/validation")).remove(List.of("samples", "interval"));
    ObjectNode withoutData = result(4).putNull("measure");
    withoutData.remove("accuracy");
    withoutData.putArray("stages");
    ((ObjectNode) withoutData.get("budget")).putNull("macs");
    withoutData
        .get("layers")
        .forEach(layer ->
            ((ObjectNode) layer)
                .putNull("macs")
                .putNull("macsKept")
                .putNull("outputError")
                .putNull("refit"));
    ObjectNode fidelity = result(4).put("measure", "fidelity").putNull("certificate");
    fidelity.set("fidelity", fidelity.remove("accuracy"));
    ((ObjectNode) fidelity.get("fidelity")).putNull("test");
    ObjectNode byTwo = result(4).put("measure", "agreement");
    byTwo.putObject("agreement").set("validation", byTwo.at("/accuracy/validation"));
    ((ObjectNode) byTwo.get("accuracy")).remove("validation");
    ObjectNode least = MAPPER.createObjectNode().put("schemaVersion", 1);
    least.putObject("versions").put("falcon", "0.0.1");
    ObjectNode wrong =
        result(2)
            .put("layers", 5)
            .put("warnings", "one")
            .put("budget", "x")
            .put("seconds", 3)
            .put("accuracy", true)
            .put("model", "m")
            .put("inputs", 1)
            .put("stages", "s")
            .put("certificate", 2)
            .put("retraining", 4)
            .put("machine", "m")
            .put("speed", "fast");
    return Stream.of(old, withoutData, fidelity, byTwo, least, wrong);
  }

  @ParameterizedTest
  @MethodSource("unusual")
  void resultsThatLackPartsAreShown(ObjectNode json) throws IOException {
    open(json);
    assertThat(text("main"))
        .contains("Falcon report", "Asked and used", "Speed", "Reproduction")
        .doesNotContain("cannot be shown", "undefined", "NaN", "[object");
  }

  @Test
  void printedPagesAreWhole() throws IOException {
    ObjectNode json = result(100);
    open(json);
    byte[] pdf = browser.print();
    assertThat(new String(pdf, 0, 5, StandardCharsets.US_ASCII)).isEqualTo("%PDF-");
    String text = new String(pdf, StandardCharsets.ISO_8859_1);
    assertThat(text.split("/Type /Page\\b", -1).length - 1)
        .as("pages of 100 layers")
        .isBetween(3, 12);
  }

  @Test
  void runsAreShownSideBySide() throws IOException {
    ObjectNode other = result(20);
    ((ObjectNode) other.at("/inputs/0")).put("sha256", "other");
    ((ObjectNode) other.at("/layers/0")).put("name", HOSTILE.getFirst());
    Path file = folder.resolve("compare.html");
    new RunComparison(
            List.of(
                RunResult.of("r30", result(30).toString()),
                RunResult.of("<b>r20</b>", other.toString())),
            Map.of("bad", "bad/result.json: cannot be read"))
        .write(file);
    browser.open(file);
    assertThat(texts(".compare thead th")).containsExactly("", "r30", "<b>r20</b>");
    assertThat(text(".warnings")).contains("bad/result.json: cannot be read", "different networks");
    assertThat(texts(".layers tbody th")).hasSize(31);
    search("</script>");
    assertThat(texts(".layers tbody th")).containsExactly(HOSTILE.getFirst());
    assertThat(texts("h2")).contains("Figures", "Kept share by layer", "Layers", "Commands");
  }
}
