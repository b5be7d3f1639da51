package falcon.prune.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.storage.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurveTest {
  @TempDir private Path folder;

  private Path run(String name, int macs, double quality) throws IOException {
    ObjectNode json = Json.object().put("schemaVersion", 1).put("measure", "accuracy");
    json.putObject("versions").put("falcon", "1");
    ObjectNode budget = json.putObject("budget");
    budget.putObject("macs").put("request", macs + "%").put("used", macs).put("total", 100);
    budget.putObject("nnz").put("used", 2 * macs).put("total", 400);
    json.putObject("model").put("bytes", 1000 + macs);
    ObjectNode accuracy = json.putObject("accuracy");
    accuracy
        .putObject("validation")
        .put("dense", 95.0)
        .put("final", quality)
        .put("samples", 200)
        .putArray("interval")
        .add(quality - 2)
        .add(quality + 1);
    accuracy.putObject("test").put("dense", 94.0).put("final", quality - 1);
    json.putObject("seconds").put("test", 1.5);
    ObjectNode speed = json.putArray("speed").addObject().put("runtime", "A, \"B\"");
    speed.put("pruned", macs / 10.0).put("dense", 10.0);
    Path path = Files.createDirectories(folder.resolve(name));
    Json.write(json, path.resolve("result.json"));
    return path;
  }

  private List<Path> five() throws IOException {
    return List.of(
        run("r10", 10, 60),
        run("r20", 20, 85),
        run("r60", 60, 95),
        run("r40", 40, 94),
        run("r30", 30, 92));
  }

  @Test
  void pointsGoFromTheGreatestBudgetToTheLeast() throws IOException {
    Curve curve = Curve.read(five());
    assertThat(curve.points())
        .extracting(CurvePoint::name)
        .containsExactly("r60", "r40", "r30", "r20", "r10");
    CurvePoint point = curve.points().get(2);
    assertThat(point.share()).isEqualTo(30);
    assertThat(point.cost().weights().percent()).isEqualTo(15);
    assertThat(
            Objects.requireNonNull(Objects.requireNonNull(point.judged().heldOut()).interval())
                .low())
        .isEqualTo(90);
    assertThat(Objects.requireNonNull(point.judged().test()).value()).isEqualTo(91);
    assertThat(point.cost().milliseconds()).containsEntry("A, \"B\"", 3.0);
  }

  /// ŷ − x̂ is 0, 0.51, 0.51, 0.37, 0 at 10 to 60 %: 0.7143 − 0.2 = 0.5143, 0.9143 − 0.4 = 0.5143.
  @Test
  void theKneeIsFurthestAboveTheDiagonal() throws IOException {
    assertThat(Objects.requireNonNull(Curve.read(five()).knee()).name()).isEqualTo("r20");
    run("r30", 30, 93);
    assertThat(
            Objects.requireNonNull(
                    Curve.read(
                            List.of(
                                folder.resolve("r10"),
                                folder.resolve("r20"),
                                folder.resolve("r30"),
                                folder.resolve("r60")))
                        .knee())
                .name())
        .isEqualTo("r30");
  }

  @Test
  void aCurveBelowTheDiagonalHasNoKnee() {
    assertThat(Knee.of(new double[] {1, 2, 3}, new double[] {1, 1.1, 3})).isNull();
    assertThat(Knee.of(new double[] {1, 2}, new double[] {1, 3})).isNull();
    assertThat(Knee.of(new double[] {1, 2, 3}, new double[] {5, 5, 5})).isNull();
    assertThat(Knee.of(new double[] {3, 2, 1}, new double[] {10, 9, 0})).isEqualTo(1);
  }

  @Test
  void damagedAndUnfinishedRunsAreNamedAndTheOthersShown() throws IOException {
    Path whole = run("r60", 60, 95);
    Path damaged = run("r30", 30, 92);
    Files.writeString(damaged.resolve("result.json"), "{ \"schemaVersion\"");
    Path foreign = run("r20", 20, 92);
    Files.writeString(foreign.resolve("result.json"), "{}");
    Path poor = run("r15", 15, 92);
    ObjectNode json = (ObjectNode) Json.read(poor.resolve("result.json"), "");
    json.remove("budget");
    Json.write(json, poor.resolve("result.json"));
    Curve curve = Curve.read(List.of(whole, damaged, foreign, poor, folder.resolve("r10")));
    assertThat(curve.points()).extracting(CurvePoint::name).containsExactly("r60");
    assertThat(curve.damaged()).containsOnlyKeys("r30", "r20", "r15");
    assertThat(curve.damaged().get("r15")).contains("how many weights stay");
    assertThat(curve.missing()).containsExactly("r10");
    JsonNode text = Json.parse(curve.json());
    assertThat(text.at("/damaged/0/run").asText()).isEqualTo("r30");
    assertThat(text.at("/missing/0").asText()).isEqualTo("r10");
  }

  @Test
  void magnitudeIsBesideItsPoint() throws IOException {
    Path run = run("r30", 30, 92);
    Path magnitude = run("m30", 30, 80);
    Curve curve = Curve.readAll(List.of(new Curve.Source("r30", run, magnitude)));
    assertThat(Objects.requireNonNull(curve.points().getFirst().judged().magnitude()).value())
        .isEqualTo(80);
    Files.writeString(magnitude.resolve("result.json"), "no");
    curve = Curve.readAll(List.of(new Curve.Source("r30", run, magnitude)));
    assertThat(curve.points().getFirst().judged().magnitude()).isNull();
    assertThat(curve.damaged()).containsOnlyKeys("r30, magnitude");
  }

  @Test
  void textHasTheSameFiguresInCommasAndInJson() throws IOException {
    Curve curve = Curve.read(five()).fulfilledBy("r40");
    List<String> lines = curve.csv().lines().toList();
    assertThat(curve.csv()).endsWith("\r\n");
    assertThat(lines.getFirst())
        .startsWith("run,asked,macs,macs_percent,weights,")
        .endsWith(",knee,\"milliseconds A, \"\"B\"\"\"");
    assertThat(lines.get(4))
        .isEqualTo(
            "r20,20%,20,20.0,40,10.0,1020,accuracy,95.0,85.0,83.0,86.0,200,accuracy,94.0,84.0,,,,1.5,1,2.0");
    JsonNode json = Json.parse(curve.json());
    assertThat(json.path("knee").asText()).isEqualTo("r20");
    assertThat(json.path("maxDrop").asText()).isEqualTo("r40");
    JsonNode point = json.at("/points/3");
    assertThat(point.at("/macs/percent").doubleValue()).isEqualTo(20);
    assertThat(point.at("/heldOut/interval/1").doubleValue()).isEqualTo(86);
    assertThat(point.path("magnitude").isNull()).isTrue();
    assertThat(point.at("/milliseconds/A, \"B\"").doubleValue()).isEqualTo(2);
  }

  @Test
  void aPageHasTheCurveAndNoMarkupOfTheData() throws IOException {
    String page = CurvePage.of("</script><img src=x>", Curve.read(five()));
    assertThat(page).doesNotContain("<img").contains("Leon Sorokin", "r20");
    assertThat(page.split("</script>", -1)).hasSize(3);
  }
}
