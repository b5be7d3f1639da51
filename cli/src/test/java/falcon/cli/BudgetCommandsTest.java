package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.cli.process.ExitCode;
import falcon.model.Network;
import falcon.model.format.Networks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `--bytes`, `--time` and `--cost` with `--budget`. No test looks at how long anything takes.
class BudgetCommandsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// 192 weights `a` and 96 weights `b`.
  private static final String MODEL = Cases.file("mlp.onnx");

  private static final int BUDGET_NOT_MET = 4;

  @TempDir Path folder;

  private Ran prune(String... more) {
    var words =
        new ArrayList<>(List.of("prune", MODEL, "--method", "magnitude", "--out", folder + "/run"));
    words.addAll(List.of(more));
    return Ran.of(words.toArray(String[]::new));
  }

  private JsonNode result() throws IOException {
    return MAPPER.readTree(folder.resolve("run/result.json").toFile());
  }

  private Path costs(String ofA) throws IOException {
    return Files.writeString(
        folder.resolve("own.csv"),
        "resource,unit,layer,cost,fixed\nenergy,uJ,a,%s,3\nenergy,uJ,b,2,\ntraffic,,a,1,\ntraffic,,b,1,\n"
            .formatted(ofA));
  }

  /// Returns the number of weights that are not zero in the written file.
  private long kept(String tensor) {
    Network network = Networks.read(folder.resolve("run/model.onnx"));
    long kept = 0;
    for (float weight : network.tensor(tensor).toFloats()) {
      kept += weight == 0 ? 0 : 1;
    }
    return kept;
  }

  @Test
  void theFileIsNotLargerThanItsBudget() throws IOException {
    assertThat(prune("--bytes", "0.7k").code()).isZero();
    JsonNode bytes = result().at("/budget/resources/0");
    long size = Files.size(folder.resolve("run/model.onnx"));
    assertThat(size).isBetween(650L, 700L);
    assertThat(bytes.path("name").asText()).isEqualTo("bytes");
    assertThat(bytes.path("measured").asLong()).isEqualTo(size);
    assertThat(bytes.path("used").asLong()).isBetween(size, 700L);
    assertThat(bytes.path("binding").asBoolean()).isTrue();
    assertThat(bytes.path("price").asDouble()).isPositive();
    assertThat(result().at("/certificate/prices/bytes").asDouble())
        .isEqualTo(bytes.path("price").asDouble());
    assertThat(folder.resolve("run/report.md")).content().contains("| bytes | 0.7k | ");
    Ran other = prune("--bytes", "60%", "--format", "onnx", "--force");
    assertThat(other.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(other.err()).contains("--bytes is the length of a file in onnx-sparse, not in onnx");
    Ran tiny = prune("--bytes", "100", "--force");
    assertThat(tiny.code()).isEqualTo(BUDGET_NOT_MET);
    assertThat(tiny.err()).contains("is used whatever is pruned", "Ask for at least");
  }

  @Test
  void severalBudgetsHoldAtOnceInTheWrittenFile() throws IOException {
    Path table = costs("0.5");
    Ran ran =
        prune(
            "--macs",
            "60%",
            "--cost",
            table.toString(),
            "--budget",
            "energy=40%,traffic=90",
            "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode energy = result().at("/budget/resources/0");
    double used = 3 + 0.5 * kept("a") + 2.0 * kept("b");
    assertThat(energy.path("used").asDouble()).isEqualTo(used);
    assertThat(energy.path("asked").asDouble()).isCloseTo(0.4 * (3 + 96 + 192), within(1e-9));
    assertThat(used).isLessThanOrEqualTo(energy.path("asked").asDouble());
    assertThat(result().at("/budget/resources/1/used").asLong())
        .isEqualTo(kept("a") + kept("b"))
        .isBetween(85L, 90L);
    assertThat(result().at("/budget/macs/used").asLong()).isEqualTo(kept("a") + kept("b"));
    assertThat(result().path("inputs").findValuesAsText("role")).contains("costs");
    costs("0.75");
    Ran resumed =
        prune(
            "--macs",
            "60%",
            "--cost",
            table.toString(),
            "--budget",
            "energy=40%,traffic=90",
            "--resume");
    assertThat(resumed.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(resumed.err()).contains("budget energy: 40% of table SHA-256");
  }

  @Test
  void planAndInspectionShowThem() throws IOException {
    String table = costs("0.5").toString();
    Ran plan =
        Ran.of(
            "prune",
            MODEL,
            "--method",
            "magnitude",
            "--cost",
            table,
            "--budget",
            "energy=30uJ",
            "--dry-run",
            "--json");
    JsonNode energy = MAPPER.readTree(plan.out()).at("/budget/resources/0");
    assertThat(energy.path("asked").asDouble()).isEqualTo(30);
    assertThat(energy.path("fixed").asDouble()).isEqualTo(3);
    assertThat(energy.path("total").asDouble()).isEqualTo(291);
    Ran shown = Ran.of("inspect", MODEL, "--cost", table);
    assertThat(shown.out())
        .contains("energy: 291 uJ, of which 3 uJ (1.0 %) whatever is pruned")
        .contains("traffic: 288, of which 0 (0.0 %)")
        .contains("network sha256 ");
    assertThat(prune("--cost", table).err()).contains("--budget NAME=30%");
    assertThat(prune("--budget", "energy=3%").err()).contains("--cost FILE");
    assertThat(prune("--cost", table, "--budget", "enrgy=3%").err())
        .contains("has no costs of 'enrgy'", "energy, traffic");
  }

  @Test
  void aTimingTableIsMeasuredAndItsBudgetIsMeasuredAgain() throws IOException {
    Path table = folder.resolve("times.json");
    Ran bench = Ran.of("bench", MODEL, "--table", table.toString(), "--seconds", "0.01");
    assertThat(bench.code()).as(bench.err()).isZero();
    ObjectNode times = (ObjectNode) MAPPER.readTree(table.toFile());
    assertThat(times.path("patterns").findValuesAsText("pattern"))
        .containsExactly("scattered", "blocks");
    for (JsonNode layer : times.at("/patterns/0/layers")) {
      assertThat(layer.path("points")).hasSize(5);
      assertThat(layer.path("fixed").asDouble() + layer.path("perWeight").asDouble()).isPositive();
    }
    for (JsonNode pattern : times.path("patterns")) {
      ((ObjectNode) pattern).put("dense", 10).put("other", 0.5);
      set((ArrayNode) pattern.path("layers"));
    }
    ((ObjectNode) times.path("machine")).put("processor", "a telephone");
    MAPPER.writeValue(table.toFile(), times);
    Ran ran = prune("--time", "50%", "--times", table.toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode time = result().at("/budget/resources/0");
    double promised = 0.5 + 2 * 0.25 + 0.02 * (kept("a") + kept("b"));
    assertThat(time.path("used").asDouble()).isCloseTo(promised, within(1e-9)).isBetween(4.9, 5.0);
    assertThat(time.path("measured").asDouble())
        .isPositive()
        .isEqualTo(result().at("/speed/0/pruned").asDouble());
    assertThat(result().path("warnings").toString())
        .contains("of another machine (processor a telephone there, ");
    assertThat(ran.err()).contains("not in the same state, so the plan is not corrected");
    times.put("network", "0000");
    MAPPER.writeValue(table.toFile(), times);
    Ran refused = prune("--time", "2ms", "--times", table.toString(), "--force");
    assertThat(refused.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(refused.err()).contains("it is of the network 0000", "'bench' with --table");
    assertThat(prune("--time", "2ms").err()).contains("bench MODEL --table FILE");
  }

  private static void set(ArrayNode layers) {
    for (JsonNode layer : layers) {
      ((ObjectNode) layer).put("fixed", 0.25).put("perWeight", 0.02);
    }
  }
}
