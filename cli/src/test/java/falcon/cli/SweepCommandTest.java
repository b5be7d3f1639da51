package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.model.Attribute;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.onnx.OnnxFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sweeps, their folders, and budgets that a greatest drop finds.
@Tag("native")
class SweepCommandTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String MODEL = Cases.file("mlp.onnx");
  private static final String DATA = Cases.file("data/ok.npz");

  @TempDir private static Path folder;
  private static Path swept;
  private static Ran ran;

  @BeforeAll
  static void run() {
    swept = folder.resolve("swept");
    ran = sweep(swept, "--macs", "90%..20%", "--points", "3", "--json");
    assertThat(ran.err()).contains("run 1 of 3: r90", "run 3 of 3: r20").doesNotContain("of 6");
    assertThat(ran.code()).isZero();
  }

  private static Ran sweep(Path out, String... more) {
    return command("sweep", out, more);
  }

  private static Ran command(String name, Path out, String... more) {
    var words = new ArrayList<>(List.of(name, MODEL, "--data", DATA));
    if (!List.of(more).contains("--method")) {
      words.addAll(List.of("--method", "falcon"));
    }
    words.addAll(List.of("--out", out.toString()));
    words.addAll(List.of(more));
    return Ran.of(words.toArray(String[]::new));
  }

  private static JsonNode json(Path file) throws IOException {
    return MAPPER.readTree(Files.readAllBytes(file));
  }

  /// Returns the bytes of all networks and masks below a folder.
  private static Map<String, String> networks(Path below) throws IOException {
    var networks = new TreeMap<String, String>();
    try (Stream<Path> files = Files.walk(below)) {
      for (Path file : files.filter(path -> path.toString().matches(".*/r[^/]*/m[^/]*")).toList()) {
        if (Files.isRegularFile(file)) {
          networks.put(
              below.relativize(file).toString(),
              HexFormat.of().formatHex(Files.readAllBytes(file)));
        }
      }
    }
    return networks;
  }

  @Test
  void aPointIsARunOfItsOwn() throws IOException {
    Path single = folder.resolve("single");
    assertThat(command("prune", single, "--macs", "20%", "-q").code()).isZero();
    for (String name : List.of("model.onnx", "mask.safetensors")) {
      assertThat(swept.resolve("r20").resolve(name)).hasSameBinaryContentAs(single.resolve(name));
    }
    JsonNode point = json(swept.resolve("r20/result.json"));
    JsonNode alone = json(single.resolve("result.json"));
    assertThat(point.path("accuracy")).isEqualTo(alone.path("accuracy"));
    assertThat(point.path("warnings")).isEqualTo(alone.path("warnings"));
    assertThat(point.path("identity")).isEqualTo(alone.path("identity"));
    assertThat(swept.resolve("r20/report.html")).exists();
  }

  @Test
  void theCurveHasTheFiguresOfTheRuns() throws IOException {
    JsonNode curve = json(swept.resolve("curve.json"));
    assertThat(MAPPER.readTree(ran.out())).isEqualTo(curve);
    assertThat(curve.path("points")).hasSize(3);
    for (JsonNode point : curve.path("points")) {
      String name = point.path("name").asText();
      JsonNode result = json(swept.resolve(name).resolve("result.json"));
      JsonNode magnitude = json(swept.resolve("magnitude").resolve(name).resolve("result.json"));
      assertThat(point.at("/macs/used")).isEqualTo(result.at("/budget/macs/used"));
      assertThat(point.at("/weights/used")).isEqualTo(result.at("/budget/nnz/used"));
      assertThat(point.path("bytes")).isEqualTo(result.at("/model/bytes"));
      assertThat(point.at("/heldOut/final")).isEqualTo(result.at("/accuracy/validation/final"));
      assertThat(point.at("/heldOut/interval"))
          .isEqualTo(result.at("/accuracy/validation/interval"));
      assertThat(point.at("/magnitude/final"))
          .isEqualTo(magnitude.at("/accuracy/validation/final"));
      assertThat(magnitude.at("/options/method").asText()).isEqualTo("magnitude");
    }
    assertThat(Files.readAllLines(swept.resolve("curve.csv"))).hasSize(4);
    assertThat(swept.resolve("curve.html")).content().contains("mlp.onnx");
  }

  @Test
  void anInterruptedSweepEndsWithTheSameBytes() throws IOException {
    Path again = folder.resolve("again");
    assertThat(sweep(again, "--macs", "90%..20%", "--points", "3", "-q").code()).isZero();
    Map<String, String> before = networks(again);
    assertThat(before).hasSize(12).isEqualTo(networks(swept));
    // as if it had been stopped in the second point
    for (String name : List.of("r42.43", "magnitude/r42.43", "r20", "magnitude/r20")) {
      for (String file : List.of("result.json", "model.onnx", "mask.safetensors")) {
        Files.delete(again.resolve(name).resolve(file));
      }
    }
    delete(again.resolve("r20/stages/01"));
    Files.delete(again.resolve("curve.json"));
    Ran refused = sweep(again, "--macs", "90%..20%", "--points", "3");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err()).contains("holds a sweep already (r90", "--resume", "--force");
    Ran resumed = sweep(again, "--macs", "90%..20%", "--points", "3", "--resume");
    assertThat(resumed.code()).isZero();
    assertThat(resumed.err()).contains("r90: finished before");
    assertThat(networks(again)).isEqualTo(before);
    assertThat(json(again.resolve("curve.json")).path("missing")).isEmpty();
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void aSweepFromThePreviousPointEndsWithTheSameBytes() throws IOException {
    Path chain = folder.resolve("chain");
    String[] options = {"--macs", "70%,40%,20%", "--from-previous", "--no-magnitude", "-q"};
    assertThat(sweep(chain, options).code()).isZero();
    Map<String, String> before = networks(chain);
    assertThat(json(chain.resolve("r20/result.json")).at("/options/path"))
        .hasToString("[\"70%\",\"40%\"]");
    delete(chain.resolve("r40/stages/01")); // its network is needed, and made again
    Files.delete(chain.resolve("r20/result.json"));
    Files.delete(chain.resolve("r20/model.onnx"));
    delete(chain.resolve("r20/stages/01"));
    var words = new ArrayList<>(List.of(options));
    words.add("--resume");
    assertThat(sweep(chain, words.toArray(String[]::new)).code()).isZero();
    assertThat(networks(chain)).isEqualTo(before);
    Ran other = sweep(folder.resolve("no"), "--method", "magnitude", "--from-previous");
    assertThat(other.code()).isEqualTo(2);
    assertThat(other.err()).contains("--from-previous", "--method falcon");
  }

  @Test
  void aFolderOfAnotherSweepIsRefusedWithWhatDiffers() {
    Ran budgets = sweep(swept, "--macs", "50%,20%", "--resume");
    assertThat(budgets.code()).isEqualTo(3);
    assertThat(budgets.err())
        .contains("macs: 90%,42.43%,20% there, 50%,20% now", "--force", "--out");
    Ran options = sweep(swept, "--macs", "90%..20%", "--points", "3", "--seed", "5", "--resume");
    assertThat(options.code()).isEqualTo(3);
    assertThat(options.err()).contains("seed: 1 there, 5 now");
    Ran single = command("sweep", swept.resolve("r20"), "--macs", "50%,20%");
    assertThat(single.code()).isEqualTo(3);
    assertThat(single.err()).contains("holds a single run, and no sweep");
  }

  @Test
  void badUsageIsToldBeforeAnythingIsRead() {
    assertThat(usage("--macs", "50%..50%")).contains("is a single budget");
    assertThat(usage("--macs", "20M..5M")).contains("a range is one of shares");
    assertThat(usage("--macs", "50%,5M")).contains("shares and numbers");
    assertThat(usage("--macs", "50%,50%")).contains("names a budget twice");
    assertThat(usage("--macs", "50%,20%", "--points", "4"))
        .contains("--points would have no effect");
    assertThat(usage("--points", "1")).contains("--points is 2 to 100, got 1");
    assertThat(usage("--max-drop", "101%")).contains("at most 100 %");
    assertThat(usage("--max-drop", "0")).contains("more than 0 %");
    assertThat(usage("--max-drop", "little")).contains("is no drop of quality");
    Ran noData = Ran.of("sweep", MODEL, "--out", folder.resolve("none").toString());
    assertThat(noData.code()).isEqualTo(2);
    assertThat(noData.err()).contains("say --data DIR");
  }

  private static String usage(String... options) {
    Ran refused = sweep(folder.resolve("none"), options);
    assertThat(refused.code()).as(String.join(" ", options)).isEqualTo(2);
    assertThat(folder.resolve("none")).doesNotExist();
    return refused.err();
  }

  @Test
  void aDryRunWritesNothing() {
    Ran plan = sweep(folder.resolve("dry"), "--dry-run", "--points", "3");
    assertThat(plan.code()).isZero();
    assertThat(plan.out()).contains("3 points, about", "17.32%");
    assertThat(folder.resolve("dry")).doesNotExist();
  }

  @Test
  void aDamagedPointIsNamedAndTheOthersShown() throws IOException {
    Path damaged = folder.resolve("damaged");
    assertThat(sweep(damaged, "--macs", "80%,30%", "--no-magnitude", "-q").code()).isZero();
    Path result = damaged.resolve("r80/result.json");
    byte[] whole = Files.readAllBytes(result);
    Files.write(result, "{ \"schema".getBytes(StandardCharsets.UTF_8));
    Ran report = Ran.of("report", damaged.toString());
    assertThat(report.code()).isEqualTo(3);
    assertThat(report.err()).contains("r80", "result.json");
    JsonNode curve = json(damaged.resolve("curve.json"));
    assertThat(curve.path("points")).hasSize(1);
    assertThat(curve.at("/damaged/0/run").asText()).isEqualTo("r80");
    Files.write(result, whole);
    assertThat(Ran.of("report", damaged.toString()).code()).isZero();
    assertThat(json(damaged.resolve("curve.json")).path("points")).hasSize(2);
    Files.writeString(damaged.resolve("curve.html"), "mine");
    assertThat(Ran.of("report", damaged.toString()).code()).isZero();
    assertThat(damaged.resolve("curve.html")).as("edited").hasContent("mine");
  }

  @Test
  void theSmallestBudgetWithinADropIsFound() throws IOException {
    Path found = folder.resolve("found");
    Ran within = command("prune", found, "--max-drop", "40%");
    assertThat(within.code()).as(within.err()).isZero();
    JsonNode result = json(found.resolve("result.json"));
    JsonNode search = result.path("maxDrop");
    assertThat(search.path("asked").doubleValue()).isEqualTo(40);
    double smallest = 100;
    for (JsonNode trial : search.path("trials")) {
      double high = trial.at("/drop/interval/1").doubleValue();
      assertThat(trial.path("isWithin").booleanValue()).isEqualTo(high <= 40);
      if (high <= 40) {
        smallest = Math.min(smallest, percent(trial.path("share").asText()));
      }
    }
    assertThat(percent(result.at("/budget/macs/request").asText())).isEqualTo(smallest);
    assertThat(result.at("/accuracy/validation/drop/interval/1").doubleValue())
        .isLessThanOrEqualTo(40);
    assertThat(within.out())
        .contains(
            "drop: ", "95 % confidence", "asked for was at most 40", "budget: the smallest of");
    assertThat(found.resolve("trials/curve.html")).exists();
    assertThat(found.resolve("report.md")).content().contains("At most 40 points lost were asked");
    assertThat(found.resolve("report.html")).content().contains("maxDrop");
    byte[] model = Files.readAllBytes(found.resolve("model.onnx"));
    Files.delete(found.resolve("model.onnx"));
    assertThat(command("prune", found, "--max-drop", "40%", "--resume").code()).isZero();
    assertThat(found.resolve("model.onnx")).hasBinaryContent(model);
    Ran other = command("prune", found, "--max-drop", "50%", "--resume");
    assertThat(other.code()).isEqualTo(3);
    assertThat(other.err()).contains("max-drop: 40 there, 50 now");
    assertThat(command("prune", found, "--max-drop", "40%").code()).isEqualTo(3);
  }

  @Test
  void whereMacsAreNotKnownADropIsOneOfWeights() throws IOException {
    Path file = folder.resolve("uncounted.onnx");
    OnnxFile.write(uncounted(), file);
    Path found = folder.resolve("weights");
    var words = new ArrayList<>(List.of("prune", file.toString(), "--data", DATA));
    words.addAll(List.of("--loss", "self", "--method", "magnitude", "--max-drop", "40%"));
    words.addAll(List.of("--out", found.toString(), "-q"));
    Ran within = Ran.of(words.toArray(String[]::new));
    assertThat(within.code()).as(within.err()).isZero();
    JsonNode result = json(found.resolve("result.json"));
    assertThat(result.at("/budget/macs").isNull()).isTrue();
    assertThat(percent(result.at("/budget/nnz/request").asText())).isLessThan(100);
    assertThat(result.at("/agreement/validation/drop/interval/1").doubleValue())
        .isLessThanOrEqualTo(40);
  }

  /// A network with a product of so many rows as the data say.
  private static Network uncounted() {
    return Graphs.network("uncounted", new Dimension.Symbolic("n"), new Dimension.Fixed(12))
        .initializer("shape", Tensor.ofLongs(List.of(3L), -1, 4, 3))
        .initializer("least", Tensor.ofFloats(List.of(), -100))
        .initializer("w", Graphs.noise(new SplittableRandom(1), 3, 3))
        .node(Graphs.node("Reshape", "rows", "x", "shape"))
        .node(reduced("ReduceMax", "greatest", "rows", 0L, 2L))
        .node(Graphs.node("Greater", "is", "greatest", "least"))
        .node(
            new Node(
                "some",
                "Compress",
                "",
                List.of("rows", "is"),
                List.of("some"),
                Map.of("axis", new Attribute.IntegerValue(1))))
        .node(Graphs.node("MatMul", "h", "some", "w"))
        .node(Graphs.node("Relu", "r", "h"))
        .node(reduced("ReduceMean", "z", "r", 1L))
        .output(Graphs.output("z"))
        .build();
  }

  private static Node reduced(String opType, String output, String input, Long... axes) {
    return new Node(
        output,
        opType,
        "",
        List.of(input),
        List.of(output),
        Map.of(
            "axes",
            new Attribute.IntegerList(List.of(axes)),
            "keepdims",
            new Attribute.IntegerValue(0)));
  }

  private static double percent(String share) {
    return Double.parseDouble(share.replace("%", ""));
  }

  @Test
  void aSweepGoesOnToTheDropBetweenItsPoints() throws IOException {
    Path within = folder.resolve("within");
    Ran found = sweep(within, "--macs", "90%,20%", "--no-magnitude", "--max-drop", "40%");
    assertThat(found.code()).as(found.err()).isZero();
    assertThat(found.out()).contains("at most 40 points lost: ", "95 % confidence");
    JsonNode curve = json(within.resolve("curve.json"));
    assertThat(curve.path("points").size()).isGreaterThan(2);
    assertThat(curve.path("maxDrop").asText()).startsWith("r");
    assertThat(within.resolve(curve.path("maxDrop").asText()).resolve("model.onnx")).exists();
  }

  @Test
  void aDropThatCannotBeShownOrMetIsRefused() {
    Ran few = command("prune", folder.resolve("few"), "--max-drop", "1%");
    assertThat(few.code()).isEqualTo(3);
    assertThat(few.err())
        .contains("--max-drop 1%", "32 held-out samples", "381 are needed", "a tenth of them");
    assertThat(folder.resolve("few")).doesNotExist();
    Ran none = command("prune", folder.resolve("never"), "--max-drop", "10.8%");
    assertThat(none.code()).isEqualTo(4);
    assertThat(none.err())
        .contains("No budget below 100% is within --max-drop 10.8%", "on 32 held");
    assertThat(command("prune", folder.resolve("x"), "--max-drop", "40%", "--macs", "30%").err())
        .contains("leave --macs out");
    Ran noData = Ran.of("prune", MODEL, "--max-drop", "1%", "--out", "x");
    assertThat(noData.code()).isEqualTo(2);
    assertThat(noData.err()).contains("say --data DIR");
  }
}
