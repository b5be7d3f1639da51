package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands as people type them: exit codes, what is printed where, what is written.
class MainTest {
  private static final int RECORD_BYTES = 1 + 3 * 32 * 32;

  @TempDir static Path shared;
  private static Path model;
  private static Path data;

  @TempDir Path temporary;

  @BeforeAll
  static void prepare() throws IOException {
    model = shared.resolve("net.onnx");
    Networks.write(Architecture.RESNET20.initial(3, 32, 32, 10, 1), model);
    data = Files.createDirectory(shared.resolve("cifar10"));
    Files.write(data.resolve("data_batch_1.bin"), images(60));
    Files.write(data.resolve("test_batch.bin"), images(20));
  }

  @Test
  void helpOfEveryCommandIsPrintedAndIsNoError() {
    for (String command : List.of("demo", "inspect", "evaluate", "prune", "train")) {
      Ran ran = Ran.of(command, "--help");
      assertThat(ran.code()).as(command).isZero();
      assertThat(ran.out()).contains("Usage: falcon " + command, "--json");
    }
    assertThat(Ran.of("--help").out()).contains("prune", "Exit codes");
  }

  @Test
  void versionNamesWhatResultsDependOn() {
    assertThat(Ran.of("--version").out()).contains("falcon", "libtorch", "java");
  }

  static Stream<Arguments> wrongUsage() {
    return Stream.of(
        usage("which command?"),
        usage("Unmatched argument", "fly"),
        usage("Unknown option: '--fast'", prune("--macs", "30%", "--fast")),
        usage("how much may stay? Say --macs 30%", prune()),
        usage("'lots' is no amount; examples: 30%, 12.3M, 80000", prune("--macs", "lots")),
        usage("a budget is more than 0 % and at most 100 %, got 0 %", prune("--macs", "0%")),
        usage("a budget is more than 0 % and at most 100 %, got 150 %", prune("--macs", "150%")),
        usage("a budget is at least 1, got 0", prune("--macs", "0")),
        usage("'0.3' is no whole number", prune("--macs", "0.3")),
        usage("there is no method 'slow'", prune("--macs", "30%", "--method", "slow")),
        usage("'best' is none of auto, on, off", prune("--macs", "30%", "--bn-refresh", "best")),
        usage("neither auto nor a number above 0", prune("--macs", "30%", "--ridge", "-1")),
        usage("neither full nor a whole number", prune("--macs", "30%", "--block", "0")),
        usage("--threads 0: wanted are 1 to", prune("--macs", "30%", "--threads", "0")),
        usage("no amount of memory; examples: 800m, 8g", prune("--macs", "3%", "--memory", "x")),
        usage("Say --out DIR, or --dry-run", prune("--macs", "30%")),
        usage("contradict each other", prune("--macs", "30%", "-q", "-v", "--dry-run")),
        usage("say one of them", prune("--macs", "30%", "--resume", "--force", "--out", "x")),
        usage("leave --resume and --force out", prune("--macs", "30%", "--dry-run", "--force")),
        usage("names a budget twice", prune("--macs", "30%,30%", "--dry-run")),
        usage("has its own graph", prune("--macs", "30%", "--dry-run", "--arch", "resnet20")),
        usage(
            "--stages would have no effect",
            prune("--method=falcon", "--macs=9%", "--stages=3", "--dry-run")),
        usage("preprocessing: deviation", prune("--macs", "30%", "--dry-run", "--deviation", "0")),
        usage(
            "The epochs is 0",
            "train",
            "--arch=resnet20",
            "--epochs=0",
            "--out=x",
            "--data",
            data()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void wrongUsage(String message, String[] args) {
    expect(ExitCode.WRONG_USAGE, message, Ran.of(args));
  }

  @Test
  void aMissingModelIsNamed() {
    expect(3, "nowhere.onnx: there is no such file", Ran.of("inspect", "nowhere.onnx"));
  }

  @Test
  void aForeignFileIsNoModel() throws IOException {
    Path file = Files.writeString(temporary.resolve("notes.txt"), "nothing to see here");
    expect(3, "is neither an ONNX model nor", Ran.of("inspect", file.toString()));
  }

  @Test
  void weightsWithoutArchitectureAreRefused() {
    Path file = temporary.resolve("w.safetensors");
    StateDict state = Architecture.toState(Networks.read(model));
    SafetensorsFile.write(new StateDict(state.tensors(), java.util.Map.of()), file);
    expect(3, "holds weights but no graph", Ran.of("inspect", file.toString()));
    assertThat(Ran.of("inspect", file.toString(), "--arch", "resnet20").code()).isZero();
  }

  @Test
  void aMissingTensorIsNamed() {
    Path file = temporary.resolve("w.safetensors");
    StateDict state = Architecture.toState(Networks.read(model));
    var tensors = new LinkedHashMap<>(state.tensors());
    tensors.remove("fc.bias");
    SafetensorsFile.write(new StateDict(tensors, state.metadata()), file);
    expect(3, "fc.bias", Ran.of("inspect", file.toString()));
  }

  @Test
  void aTruncatedModelIsRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(model);
    Path file = temporary.resolve("cut.onnx");
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    expect(3, "cut.onnx", Ran.of("inspect", file.toString()));
  }

  @Test
  void aNetworkWithAWeightThatIsNoNumberIsRefused() {
    Network network = Networks.read(model);
    float[] bias = network.tensor("fc.bias").toFloats();
    bias[3] = Float.NaN;
    Path file = temporary.resolve("nan.onnx");
    Networks.write(
        network.withTensors(java.util.Map.of("fc.bias", Tensor.ofFloats(List.of(10L), bias))),
        file);
    expect(3, "fc.bias", Ran.of("inspect", file.toString()));
  }

  @Test
  void aFolderWithoutDataIsRefused() {
    expect(
        3, "holds no data", Ran.of("evaluate", model.toString(), "--data", temporary.toString()));
  }

  @Test
  void aTruncatedDataFileIsNamed() throws IOException {
    Files.copy(data.resolve("data_batch_1.bin"), temporary.resolve("data_batch_1.bin"));
    byte[] test = Files.readAllBytes(data.resolve("test_batch.bin"));
    Files.write(temporary.resolve("test_batch.bin"), Arrays.copyOf(test, test.length - 1));
    expect(
        3, "test_batch.bin", Ran.of("evaluate", model.toString(), "--data", temporary.toString()));
  }

  @Test
  void aBudgetBelowWhatOneWeightCostsCannotBeMet() {
    expect(4, "cheapest weight costs", Ran.of(prune("--macs", "0.000001%", "--dry-run")));
  }

  @Test
  void tooLittleMemoryIsToldBeforeWorkStarts() {
    expect(
        5, "--memory allows 1 MiB", Ran.of(prune("--macs", "30%", "--memory", "1m", "--dry-run")));
  }

  @Test
  void gradientsAreFittedIntoTheMemoryAllowed() {
    Ran fitting =
        Ran.of(prune("--macs", "30%", "--refit", "backsolve", "--memory", "2g", "--dry-run"));
    assertThat(fitting.code()).isZero();
    assertThat(fitting.out()).contains("gradients: ", " in float32, ", " of 2.0 GiB: vectors ");
    expect(
        5,
        "needs at least",
        Ran.of(prune("--macs", "30%", "--refit", "backsolve", "--memory", "1m", "--dry-run")));
  }

  @Test
  void anOutputFolderThatCannotBeMadeIsToldBeforeWorkStarts() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    expect(
        3,
        file + " is a file, not a folder",
        Ran.of(prune("--macs", "30%", "--out", file.resolve("run").toString())));
  }

  @Test
  void debugShowsThePlaceInTheCode() {
    assertThat(Ran.of("inspect", "nowhere.onnx", "--debug").err()).contains("\tat falcon.");
  }

  @Test
  void inspectTellsTheCostsOfEveryLayer() throws IOException {
    Ran text = Ran.of("inspect", model.toString());
    assertThat(text.code()).isZero();
    assertThat(text.out())
        .contains(
            "prunable: 20 tensors, 268,336 weights, 40,551,040 MACs (81,102,080 FLOPs = 2 × MACs)")
        .contains("no: the architecture keeps it dense");
    JsonNode json = json(Ran.of("inspect", model.toString(), "--json").out());
    assertThat(json.at("/prunable/macs").longValue()).isEqualTo(40_551_040);
    assertThat(json.get("layers")).hasSize(22);
    expect(
        2,
        "--exclude 'layer9*' matches no weights",
        Ran.of("inspect", model.toString(), "--exclude", "layer9*"));
  }

  @Test
  void namesAreTakenInUpperAndLowerCase() {
    Ran plan =
        Ran.of(
            prune(
                "--macs=30%",
                "--nnz=Auto",
                "--data-format=CIFAR10",
                "--method=FALCON++",
                "--schedule=Cubic",
                "--refit=BACKSOLVE",
                "--curvature=Logits",
                "--ridge=AUTO",
                "--block=Full",
                "--loss=LABELS",
                "--bn-refresh=Off",
                "--format=ONNX-Sparse",
                "--dry-run"));
    assertThat(plan.code()).as(plan.err()).isZero();
    expect(
        2,
        "--arch resnet20 is for weights alone",
        Ran.of("inspect", model.toString(), "--arch=ResNet20"));
  }

  static Stream<Arguments> textsOfTheLibrary() {
    return Stream.of(
        usage("--include 'blok' matches no weights", prune("--macs=9%", "--include=blok")),
        usage("--min-keep 'blok' matches no weights", prune("--macs=9%", "--min-keep=blok=2%")),
        usage(
            "--ridge would have no effect here: it belongs to --refit backsolve.",
            prune("--macs=9%", "--ridge=1")),
        usage(
            "--samples would have no effect here: --method magnitude uses none.",
            prune("--macs=9%", "--method=magnitude", "--samples=3")),
        usage("--samples 99 is more than the", prune("--macs=9%", "--samples=99")),
        usage(
            "--input-shape 5: input 'input FLOAT32[batch, 3, 32, 32]' does not take",
            prune("--macs=9%", "--input-shape=5")),
        usage(
            "--method falcon needs samples: give --data DIR, or say --method magnitude, which",
            "prune",
            model.toString(),
            "--macs=9%",
            "--method=falcon"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void textsOfTheLibrary(String message, String[] args) {
    Ran ran = Ran.of(with(args, "--dry-run"));
    expect(ExitCode.WRONG_USAGE, message, ran);
    assertThat(ran.err()).doesNotContain("‹", "›");
  }

  @Test
  void aBudgetOfWeightsAloneIsEnough() {
    Ran ran =
        Ran.of(
            "prune",
            model.toString(),
            "--data",
            data(),
            "--nnz",
            "30%",
            "--include",
            "layer1*,fc*",
            "--min-keep",
            "2%,fc.weight=50%",
            "--method",
            "magnitude",
            "--dry-run");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("of: what the 7 prunable layers have");
  }

  @Test
  void magnitudeNeedsNoData() throws IOException {
    Path out = temporary.resolve("bare");
    Ran ran =
        Ran.of(
            "prune",
            model.toString(),
            "--nnz",
            "30%",
            "--method",
            "magnitude",
            "--out",
            out.toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("accuracy: not told, there was no data");
    JsonNode json = new ObjectMapper().readTree(out.resolve("result.json").toFile());
    assertThat(json.at("/budget/nnz/used").longValue()).isEqualTo(80_500);
    assertThat(json.get("measure").isNull()).isTrue();
    assertThat(json.has("accuracy")).isFalse();
    expect(
        2,
        "--method falcon++ needs samples",
        Ran.of("prune", model.toString(), "--macs", "30%", "--out", "x"));
    expect(2, "Missing required option: '--data=PATH'", Ran.of("evaluate", model.toString()));
  }

  @Test
  void evaluateCountsEveryImage() throws IOException {
    Ran ran = Ran.of("evaluate", model.toString(), "--data", data(), "--json", "--threads", "1");
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode json = json(ran.out());
    assertThat(json.get("samples").intValue()).isEqualTo(20);
    assertThat(json.get("split").textValue()).isEqualTo("test");
  }

  @Test
  void aDryRunTellsThePlanAndWritesNothing() {
    Path out = temporary.resolve("run");
    Ran ran =
        Ran.of(prune("--macs", "30%", "--samples", "8", "--dry-run", "--out", out.toString()));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("12,165,312", "nothing was computed or written");
    assertThat(out).doesNotExist();
  }

  @Test
  void everyFormatIsEvaluatedAlike() throws IOException {
    var accuracies = new ArrayList<Double>();
    for (String format : List.of("onnx", "onnx-sparse", "safetensors")) {
      Path out = temporary.resolve(format);
      Ran ran =
          Ran.of(
              prune(
                  "--macs",
                  "10%",
                  "--method",
                  "magnitude",
                  "--bn-refresh",
                  "off",
                  "--no-test",
                  "--format",
                  format,
                  "--out",
                  out.toString()));
      assertThat(ran.code()).as(ran.err()).isZero();
      String[] files =
          format.equals("safetensors")
              ? new String[] {
                model.toString(), "--weights", out.resolve("model.safetensors").toString()
              }
              : new String[] {out.resolve("model.onnx").toString()};
      assertThat(ran.out())
          .contains(
              switch (format) {
                case "onnx" -> "model.onnx (1,";
                case "onnx-sparse" -> " with every zero stored)";
                default -> "use it with the graph of " + model;
              });
      Ran evaluated =
          Ran.of(with(with(new String[] {"evaluate"}, files), "--data", data(), "--json"));
      assertThat(evaluated.code()).as(evaluated.err()).isZero();
      accuracies.add(json(evaluated.out()).get("crossEntropy").doubleValue());
    }
    assertThat(accuracies).containsOnly(accuracies.getFirst());
    expect(
        3,
        "holds no tensors",
        Ran.of("inspect", model.toString(), "--weights", emptyWeights().toString()));
  }

  private Path emptyWeights() {
    Path path = temporary.resolve("empty.safetensors");
    SafetensorsFile.write(new StateDict(Map.of(), Map.of()), path);
    return path;
  }

  @Test
  void pruneWritesARunDirectoryThatIsNotReplacedByAccident() throws IOException {
    Path out = temporary.resolve("run");
    String[] args =
        prune(
            "--macs",
            "30%",
            "--method",
            "magnitude",
            "--bn-refresh",
            "off",
            "--json",
            "--out",
            out.toString());
    Ran ran = Ran.of(args);
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode json = json(ran.out());
    assertThat(json).isEqualTo(json(Files.readString(out.resolve("result.json"))));
    assertThat(json.at("/budget/macs/used").longValue()).isBetween(1L, 12_165_312L);
    assertThat(out.resolve("model.onnx")).exists();
    assertThat(out.resolve("mask.safetensors")).exists();
    assertThat(out.resolve("log.txt")).exists();

    expect(3, "holds a run already, a finished one", Ran.of(args));
    Ran resumed = Ran.of(with(args, "--resume"));
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(json(resumed.out())).isEqualTo(json);
    expect(3, "seed: 1 there, 2 now", Ran.of(with(args, "--resume", "--seed", "2")));
    assertThat(Ran.of(with(args, "--force")).code()).isZero();

    // The written network can be evaluated directly, with the preprocessing that it was pruned
    // with.
    Ran evaluated =
        Ran.of("evaluate", out.resolve("model.onnx").toString(), "--data", data(), "--json");
    assertThat(json(evaluated.out()).get("accuracy").doubleValue())
        .isEqualTo(json.at("/accuracy/test/final").doubleValue());
  }

  @Test
  void severalBudgetsGetAFolderEach() {
    Path out = temporary.resolve("runs");
    Ran ran =
        Ran.of(
            prune(
                "--macs",
                "50%,12.5%",
                "--method",
                "magnitude",
                "--bn-refresh",
                "off",
                "-q",
                "--out",
                out.toString()));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(out.resolve("r50/result.json")).exists();
    assertThat(out.resolve("r12.5/result.json")).exists();
    assertThat(ran.err().lines())
        .as("nothing but warnings: the labels are drawn at random")
        .allMatch(line -> line.startsWith("warning: The network gets"));
  }

  @Test
  void severalBudgetsAreOneJsonDocument() throws IOException {
    String[] budgets = {"--macs", "50%,12.5%", "--method", "magnitude", "--json"};
    Path out = temporary.resolve("runs");
    for (String[] args :
        List.of(
            prune(with(budgets, "--dry-run")),
            prune(with(budgets, "--bn-refresh", "off", "--out", out.toString())),
            prune(with(budgets, "--bn-refresh", "off", "--out", out.toString(), "--resume")),
            with(
                new String[] {
                  "prune", model.toString(), "--out", temporary.resolve("w").toString()
                },
                budgets))) {
      Ran ran = Ran.of(args);
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(ran.out().lines()).hasSize(1);
      JsonNode json = json(ran.out());
      assertThat(json.findValuesAsText("request")).containsSubsequence("50%", "12.5%");
      assertThat(json.isArray()).isTrue();
      assertThat(json).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onnx", "safetensors"})
  void trainWritesANetworkThatTheOthersRead(String format) {
    Path out = temporary.resolve("trained");
    String[] args = {
      "train",
      "--arch",
      "resnet20",
      "--data",
      data(),
      "--epochs",
      "1",
      "--format",
      format,
      "--out",
      out.toString()
    };
    Ran ran = Ran.of(args);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(Ran.of("inspect", out.resolve("model." + format).toString()).code()).isZero();
    expect(3, "is there already", Ran.of(args));
  }

  private static Arguments usage(String message, String... args) {
    return Arguments.of(message, args);
  }

  private static String[] prune(String... more) {
    return with(new String[] {"prune", String.valueOf(model), "--data", data()}, more);
  }

  private static String data() {
    return String.valueOf(data);
  }

  private static String[] with(String[] args, String... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
  }

  /// Asserts that the error is on standard error, in words, and nothing is on standard output.
  private static void expect(int code, String message, Ran ran) {
    assertThat(ran.err()).contains(message).doesNotContain("\tat ");
    assertThat(ran.code()).as(ran.err()).isEqualTo(code);
    assertThat(ran.out()).isEmpty();
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text);
  }

  private static byte[] images(int count) {
    var bytes = new byte[count * RECORD_BYTES];
    new SplittableRandom(count).nextBytes(bytes);
    for (int i = 0; i < count; i++) {
      bytes[i * RECORD_BYTES] = (byte) (i % 10);
    }
    return bytes;
  }
}
