package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `--fail-under` and `--summary-line`.
class ThresholdCommandsTest {
  private static final String MODEL = Cases.file("mlp.onnx");
  private static final String DATA = Cases.file("data/ok.npz");

  @TempDir private Path folder;

  @Test
  @Tag("native")
  void resultBelowIsWrittenAndHasAnExitCodeOfItsOwn() throws IOException {
    Ran missed = prune("a", "--fail-under", "accuracy=99.9%");
    assertThat(missed.code()).as(missed.err()).isEqualTo(ExitCode.UNDER_THRESHOLD);
    double accuracy = result("a").at("/accuracy/validation/final").asDouble();
    assertThat(accuracy).isLessThan(99.9);
    assertThat(missed.err())
        .contains(
            "accuracy %.2f%% on held-out samples (validation) is under the 99.90%% of --fail-under"
                .formatted(accuracy));
    assertThat(missed.out()).contains("written to " + folder.resolve("a"));
    Ran met = prune("b", "--fail-under", "accuracy=%s%%".formatted(accuracy));
    assertThat(met.code()).as(met.err()).isEqualTo(ExitCode.DONE);
    Ran finished = prune("a", "--fail-under", "accuracy=99.9%", "--resume");
    assertThat(finished.code()).as(finished.err()).isEqualTo(ExitCode.UNDER_THRESHOLD);
  }

  @Test
  @Tag("native")
  void oneRunOfSeveralThatMissesIsEnough() {
    Ran ran = prune("a", "--macs", "100%,10%", "--fail-under", "accuracy=99%", "--summary-line");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.UNDER_THRESHOLD);
    assertThat(ran.out().lines()).hasSize(2);
    assertThat(ran.out().lines().toList().getFirst())
        .startsWith("command=prune run=" + folder.resolve("a/r100") + " macs=100.00% weights=")
        .contains(" accuracy=100.00% accuracy-dense=100.00% accuracy-split=validation seconds=")
        .endsWith(" fail-under=met");
    assertThat(ran.out().lines().toList().getLast())
        .contains("macs=9.72% ")
        .endsWith(" fail-under=missed");
  }

  @Test
  @Tag("native")
  void figuresOfTestSamplesCountWhereThereAreAny() throws IOException {
    Path data = Files.createDirectory(folder.resolve("data"));
    Files.copy(Path.of(DATA), data.resolve("train.npz"));
    Files.copy(Path.of(DATA), data.resolve("test.npz"));
    String[] words = {"prune", MODEL, "--macs", "30%", "--method", "magnitude", "-q"};
    Ran ran =
        with(
            joined(words, "--data", data.toString(), "--out", folder.resolve("d").toString()),
            "--summary-line",
            "--fail-under",
            "accuracy=100%");
    double test = result("d").at("/accuracy/test/final").asDouble();
    assertThat(ran.code()).isEqualTo(ExitCode.UNDER_THRESHOLD);
    assertThat(ran.err()).contains("accuracy %.2f%% on test samples is under".formatted(test));
    assertThat(ran.out()).contains(" accuracy=%.2f%% ".formatted(test), "accuracy-split=test");
  }

  @Test
  @Tag("native")
  void evaluateComparesWhatItMeasures() {
    Ran right = Ran.of("evaluate", MODEL, "--data", DATA, "--fail-under", "accuracy=90%");
    assertThat(right.code()).as(right.err()).isEqualTo(ExitCode.DONE);
    Ran same =
        Ran.of(
            "evaluate",
            MODEL,
            "--reference",
            MODEL,
            "--data",
            DATA,
            "--fail-under",
            "agreement=100%,fidelity=100%",
            "--summary-line",
            "-q");
    assertThat(same.code()).as(same.err()).isEqualTo(ExitCode.DONE);
    assertThat(same.out().strip())
        .matches(
            "command=evaluate model=\\S+ split=train samples=300 agreement=100.00% fidelity=100.00%"
                + " seconds=[0-9.]+ fail-under=met");
  }

  @Test
  void benchComparesTheLeastSpeedup() {
    Ran ran =
        Ran.of(
            "bench",
            MODEL,
            "--seconds",
            "0.01",
            "--batch",
            "1,2",
            "--fail-under",
            "speedup=1e9",
            "--summary-line");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.UNDER_THRESHOLD);
    assertThat(ran.out().strip())
        .matches("command=bench model=\\S+ batch=1,2 threads=1 speedup=[0-9.]+ fail-under=missed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "recall=3% | 'recall' is none of accuracy, agreement, fidelity, speedup",
        "accuracy=90 | accuracy=90 has no unit; accuracy is in percent: accuracy=90%",
        "accuracy=101% | accuracy=101%: wanted are 0 % to 100 %",
        "accuracy=NaN% | accuracy=NaN%: wanted are 0 % to 100 %",
        "accuracy=x% | 'x' is no number; example: accuracy=90%",
        "accuracy | 'accuracy' names no figure and the least of it",
        "speedup=-1 | speedup=-1: wanted is above 0",
        "speedup=1.5 | speedup=1.50 can never be judged: this run measures accuracy",
        "agreement=90% | agreement=90.00% can never be judged: this run measures accuracy",
        "accuracy=90%,accuracy=80% | --fail-under names a figure twice"
      })
  @Tag("native")
  void whatCannotBeComparedIsRefusedBeforeTheRun(String typed, String message) {
    Ran ran = prune("n", "--fail-under", typed);
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains(message);
    assertThat(folder.resolve("n")).doesNotExist();
  }

  @Test
  void optionsThatContradictEachOtherAreRefused() {
    String[] magnitude = {"prune", MODEL, "--macs", "50%", "--method", "magnitude"};
    assertThat(with(magnitude, "--out", "x", "--fail-under", "accuracy=9%").err())
        .contains("without --data nothing is measured");
    assertThat(with(magnitude, "--out", "x", "--summary-line", "--json").err())
        .contains("--summary-line and --json contradict each other");
    assertThat(with(magnitude, "--dry-run", "--summary-line").err())
        .contains("--dry-run has no result");
    assertThat(Ran.of("bench", MODEL, "--fail-under", "accuracy=9%").err())
        .contains("bench measures speedup alone");
    assertThat(Ran.of("evaluate", MODEL, "--data", DATA, "--fail-under", "fidelity=9%").err())
        .contains("without --reference, accuracy is measured");
  }

  private Ran prune(String name, String... more) {
    String[] words = {
      "prune",
      MODEL,
      "--data",
      DATA,
      "--method",
      "falcon",
      "--steps",
      "0",
      "-q",
      "--out",
      folder.resolve(name).toString()
    };
    boolean hasBudget = List.of(more).contains("--macs");
    return with(joined(words, hasBudget ? new String[0] : new String[] {"--macs", "30%"}), more);
  }

  private static String[] joined(String[] words, String... more) {
    var all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static Ran with(String[] words, String... more) {
    return Ran.of(joined(words, more));
  }

  private JsonNode result(String name) throws IOException {
    return new ObjectMapper().readTree(folder.resolve(name).resolve("result.json").toFile());
  }
}
