package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a run says of a network and of data before and after it prunes: what is out of reach, what
/// is used, what is not finite, what labels are worth, and how many samples it needs.
@Tag("native")
class FlowCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int FEATURES = 6;

  @TempDir private Path folder;

  // What cannot be pruned or counted.

  @Test
  void aLayerThatCannotBeCountedIsPrunedByWeightsAndItsMacsAreSaidToBeUnknown() throws IOException {
    String model = Cases.file("m58_twostage.onnx");
    Ran ran = prune(model, "--method", "magnitude", "--nnz", "50%");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(ran.out()).contains("MACs not known").contains("Gemm 'fw'").contains("NonZero");
    JsonNode json = result();
    assertThat(json.at("/budget/macs").isNull()).isTrue();
    assertThat(json.at("/budget/nnz/used").intValue()).isEqualTo(724);
    assertThat(json.at("/layers/0/macs").isNull()).isTrue();
    assertThat(json.get("warnings")).hasSize(1);
    assertThat(json.at("/warnings/0").textValue()).contains("not known", "'fw'");
    assertThat(nonZero(Networks.read(out().resolve("model.onnx")), "w1", "w2", "fw"))
        .isEqualTo(724);

    Ran plan = Ran.of("prune", model, "--method", "magnitude", "--nnz", "50%", "--dry-run");
    assertThat(plan.out()).containsPattern("MACs +100% +not known");
    assertThat(Ran.of("inspect", model).out()).contains("warning: The MACs of some layers");
  }

  @Test
  void moreThanATenthThatCannotBePrunedIsSaidWithLayersAndReason() throws IOException {
    String model = attention();
    Ran inspected = Ran.of("inspect", model);
    assertThat(inspected.out())
        .contains("warning: 75.0 % of the network's MACs (288 of 384) lie in layers that cannot be")
        .contains("product of activations (MatMul 'scores', MatMul 'mixed')");
    JsonNode json = JSON.readTree(Ran.of("inspect", model, "--json").out());
    assertThat(json.at("/unprunable/macs").intValue()).isEqualTo(288);
    assertThat(json.at("/unprunable/layers")).hasSize(2);
    assertThat(json.at("/warnings/0").textValue()).contains("75.0 %");

    Ran ran = prune(model, "--method", "magnitude", "--macs", "50%");
    assertThat(ran.out())
        .contains("whole network: 336 of 384 MACs stay (87.50 %)")
        .contains("warning: 75.0 %")
        .contains("warning: 50% of the whole network's 384 MACs is out of reach: 288 (75.0 %)");
    JsonNode result = result();
    assertThat(result.at("/budget/macs/used").intValue()).isEqualTo(48);
    assertThat(result.at("/budget/macs/network/used").intValue()).isEqualTo(336);
    assertThat(result.at("/budget/macs/network/total").intValue()).isEqualTo(384);
    assertThat(result.get("warnings")).hasSize(2);

    JsonNode plan =
        JSON.readTree(
            Ran.of("prune", model, "--method", "magnitude", "--macs", "80%", "--dry-run", "--json")
                .out());
    assertThat(plan.get("warnings")).hasSize(1);
    assertThat(plan.at("/budget/macs/network/atMost").intValue()).isEqualTo(288 + 76);
  }

  @Test
  void whatIsLeftOutOnPurposeIsNoWarning() {
    Ran ran = Ran.of("inspect", Cases.file("base.onnx"), "--exclude", "w2");
    assertThat(ran.code()).isEqualTo(ExitCode.DONE);
    assertThat(ran.out()).doesNotContain("warning");
  }

  @Test
  void aNetworkThatIsPrunableAltogetherHasNoWarning() throws IOException {
    Ran ran = prune(Cases.file("base.onnx"), "--method", "magnitude", "--macs", "50%");
    assertThat(ran.out()).doesNotContain("warning");
    assertThat(result().get("warnings")).isEmpty();
  }

  // One truth about costs.

  @ParameterizedTest
  @ValueSource(strings = {"magnitude", "falcon"})
  void aPrunedNetworkIsPrunedAndConsoleResultAndFileSayTheSame(String method) throws IOException {
    Path first = folder.resolve("first");
    Ran.of(
        "prune",
        Cases.file("base.onnx"),
        "--method",
        "magnitude",
        "--macs",
        "50%",
        "--out",
        first.toString());
    String data = Cases.file("data/nchw.npz");
    Ran ran =
        prune(
            first.resolve("model.onnx").toString(),
            "--data",
            data,
            "--method",
            method,
            "--macs",
            "60%");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    JsonNode json = result();
    Network pruned = Networks.read(out().resolve("model.onnx"));
    long used = json.at("/budget/nnz/used").longValue();
    assertThat(nonZero(pruned, "w1", "w2", "fw")).isEqualTo(used);
    assertThat(ones(Networks.read(out().resolve("model.onnx")))).isEqualTo(used);
    long macs = json.at("/budget/macs/used").longValue();
    assertThat(64 * nonZero(pruned, "w1", "w2") + nonZero(pruned, "fw")).isEqualTo(macs);
    assertThat(ran.out()).contains("%,d".formatted(used)).contains("%,d".formatted(macs));
  }

  // The dense network is looked at first.

  @ParameterizedTest
  @ValueSource(strings = {"train", "validation"})
  void evaluateNamesTheNodeWhoseValueIsNotFinite(String split) {
    Ran ran =
        Ran.of(
            "evaluate",
            Cases.file("m45_nanout.onnx"),
            "--data",
            Cases.file("data/ok.npz"),
            "--split",
            split);
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("Log node that makes 'g' makes NaN for sample", "goes from -");
  }

  @ParameterizedTest
  @ValueSource(strings = {"magnitude", "falcon", "falcon++"})
  void pruneNamesTheNodeWhoseValueIsNotFiniteBeforeAnythingElse(String method) {
    Ran ran =
        prune(
            Cases.file("m45_nanout.onnx"),
            "--data",
            Cases.file("data/ok.npz"),
            "--macs",
            "50%",
            "--method",
            method);
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err())
        .contains("Log node that makes 'g' makes NaN for sample")
        .doesNotContain("evaluating the dense network");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void inputsThatAreNotFiniteAreNamedAsInputs(double value) throws IOException {
    String data = samples("bad", 40, (i, c) -> i == 7 && c == 2 ? value : i + c, i -> i % 2);
    String model = binary("Sigmoid");
    for (Ran ran :
        List.of(
            Ran.of("evaluate", model, "--data", data, "--split", "train"),
            prune(model, "--data", data, "--macs", "50%", "--method", "magnitude"))) {
      assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(ran.err())
          .contains("number 2 of sample 7 in array 'x' is %s, not a finite".formatted(value));
    }
  }

  @Test
  void anExponentialThatOverflowsIsNamedAndAMaskIsNot() throws IOException {
    // exp(1000 x) overflows; −∞ from a constant masks and is no fault
    Network network =
        Graphs.network("overflow", new Dimension.Symbolic("N"), new Dimension.Fixed(FEATURES))
            .node(Graphs.node("Add", "masked", "x", "mask"))
            .node(Graphs.node("Softmax", "soft", "masked"))
            .node(Graphs.node("Mul", "great", "soft", "thousand"))
            .node(Graphs.node("Exp", "e", "great"))
            .node(Graphs.node("MatMul", "y", "e", "w"))
            .initializer(
                "mask", Tensor.ofFloats(List.of(6L), 0, 0, 0, 0, 0, Float.NEGATIVE_INFINITY))
            .initializer("thousand", Tensor.ofFloats(List.of(), 1000f))
            .initializer("w", Graphs.noise(new SplittableRandom(1), FEATURES, 3))
            .output(Graphs.output("y"))
            .build();
    String data = samples("over", 40, (i, c) -> i * c, i -> i % 3);
    Ran ran = Ran.of("evaluate", written(network), "--data", data, "--split", "train");
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("Exp node 'e' makes +infinity", "'great' goes from 0.00 to 1");
  }

  @Test
  void aNormalisationInTrainingModeIsRefused() {
    Ran ran =
        prune(
            Cases.file("m27_trainbn.onnx"), "--data", Cases.file("data/nchw.npz"), "--macs", "50%");
    assertThat(ran.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains("'b1'", "training mode");
  }

  // Labels.

  @Test
  void aClassifierOfOneOutputHasAnAccuracy() throws IOException {
    String model = Cases.file("m09_binary.onnx");
    String data = Cases.file("data/binary.npz");
    JsonNode json =
        JSON.readTree(
            Ran.of("evaluate", model, "--data", data, "--split", "train", "--json").out());
    assertThat(json.get("samples").intValue()).isEqualTo(300);
    assertThat(json.get("accuracy").doubleValue()).isBetween(50.0, 100.0);
    assertThat(json.get("crossEntropy").doubleValue()).isBetween(0.0, 1.0);
    Ran ran = prune(model, "--data", data, "--macs", "50%", "--method", "falcon");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(result().get("measure").textValue()).isEqualTo("accuracy");
  }

  /// Labels are 1 where the sum of the inputs is above 0, and the network knows it.
  @ParameterizedTest
  @CsvSource({"Sigmoid, false", "Identity, false", "Sigmoid, true", "Identity, true"})
  void probabilityAndLogitAreToldApart(String last, boolean isVector) throws IOException {
    String data = samples("sum", 60, (i, _) -> i % 2 == 0 ? 0.1 : -0.1, i -> i % 2 == 0 ? 1 : 0);
    Network network = network(last, isVector);
    JsonNode json =
        JSON.readTree(
            Ran.of("evaluate", written(network), "--data", data, "--split", "train", "--json")
                .out());
    assertThat(json.get("accuracy").doubleValue()).isEqualTo(100);
    // log(1 + exp(-0.6))
    assertThat(json.get("crossEntropy").doubleValue()).isBetween(0.43, 0.44);
  }

  @Test
  void backsolveTakesTheCrossEntropyOfOneOutput() throws IOException {
    Ran ran =
        prune(
            Cases.file("m09_binary.onnx"),
            "--data",
            Cases.file("data/binary.npz"),
            "--macs",
            "60%",
            "--method",
            "falcon",
            "--refit",
            "backsolve",
            "--curvature",
            "empirical");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(result().at("/accuracy/validation/final").doubleValue()).isGreaterThan(50);
  }

  @Test
  void accuracyThatIsNotBeyondChanceIsAWarningWithTheUsualSuspects() throws IOException {
    // classes in the wrong order: 0 and 1 the other way round
    String data = samples("order", 60, (i, _) -> i % 2 == 0 ? 0.1 : -0.1, i -> i % 2);
    String model = binary("Sigmoid");
    Ran ran = Ran.of("evaluate", model, "--data", data, "--split", "train", "--json");
    assertThat(ran.err()).contains("warning: The network gets 0.00 % of 60 samples right");
    assertThat(JSON.readTree(ran.out()).at("/warnings/0").textValue())
        .contains("not beyond chance", "order of the classes", "preprocessing", "layout");
    prune(model, "--data", data, "--macs", "50%", "--method", "magnitude");
    assertThat(result().at("/warnings/0").textValue()).contains("not beyond chance");
  }

  @Test
  void labelsThatAreNotUsedAreSaidToBe() {
    String data = Cases.file("data/ok.npz");
    Ran asked =
        prune(
            Cases.file("mlp.onnx"),
            "--data",
            data,
            "--macs",
            "50%",
            "--method",
            "magnitude",
            "--loss",
            "outputs");
    assertThat(asked.err()).contains("are not used: --loss outputs looks at none");
    Ran compared =
        Ran.of(
            "evaluate",
            Cases.file("mlp.onnx"),
            "--data",
            data,
            "--split",
            "train",
            "--reference",
            Cases.file("mlp.onnx"));
    assertThat(compared.err()).contains("The labels of", "are not used");
  }

  @Test
  void manyClassesForOneOutputAreNotUsedAndTheRunSaysWhy() throws IOException {
    String data = samples("many", 40, (i, c) -> Math.sin(i + c), i -> i % 5);
    Ran ran = prune(binary("Identity"), "--data", data, "--macs", "50%", "--method", "magnitude");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(result().at("/measure").textValue()).isEqualTo("fidelity");
    assertThat(result().at("/warnings/0").textValue()).contains("not used", "5 classes");
  }

  @Test
  void fewerClassesThanOutputsAreSaid() throws IOException {
    String data = samples12("few", 30, i -> i % 2);
    Ran ran = Ran.of("evaluate", Cases.file("mlp.onnx"), "--data", data, "--split", "train");
    assertThat(ran.err()).contains("The data have 2 classes, the network tells 6 apart");
  }

  // Few samples.

  @ParameterizedTest
  @CsvSource({
    "magnitude, auto",
    "falcon, auto",
    "falcon++, auto",
    "falcon, backsolve",
    "falcon, none"
  })
  void fromOneSampleOnEveryMethodWorksAndNothingIsNotANumber(String method, String refit)
      throws IOException {
    for (String name : List.of("single", "n9")) {
      var words =
          new ArrayList<>(
              List.of(
                  "prune",
                  Cases.file("mlp.onnx"),
                  "--data",
                  Cases.file("data/%s.npz".formatted(name)),
                  "--macs",
                  "50%",
                  "--method",
                  method,
                  "--refit",
                  refit,
                  "-v",
                  "--out",
                  folder.resolve(name).toString()));
      if (method.equals("falcon++")) {
        words.addAll(List.of("--steps", "20", "--stages", "2"));
      }
      Ran ran = Ran.of(words.toArray(String[]::new));
      assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
      String written = Files.readString(folder.resolve(name).resolve("result.json"));
      assertThat(ran.out() + ran.err() + written).doesNotContain("NaN").doesNotContain("Infinity");
      assertThat(JSON.readTree(written).get("warnings").toString())
          .contains(
              name.equals("single")
                  ? "2 samples or more are needed"
                  : "rest on 4 held-out samples");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 9, 10, 11})
  void evaluateWorksOrSaysHowManySamplesItNeeds(int count) throws IOException {
    String data = samples12("few", count, i -> i % 6);
    for (String split : List.of("train", "validation")) {
      Ran ran = Ran.of("evaluate", Cases.file("mlp.onnx"), "--data", data, "--split", split);
      boolean isEnough = split.equals("train") || count >= 2;
      assertThat(ran.code()).isEqualTo(isEnough ? ExitCode.DONE : ExitCode.BAD_INPUT);
      assertThat(ran.out() + ran.err())
          .doesNotContain("NaN")
          .contains(isEnough ? "samples right" : "2 or more are needed");
    }
  }

  @Test
  void oneSampleHasAFidelity() {
    String model = Cases.file("mlp.onnx");
    Ran ran =
        Ran.of(
            "evaluate",
            model,
            "--data",
            Cases.file("data/single.npz"),
            "--split",
            "train",
            "--reference",
            model);
    assertThat(ran.out()).contains("fidelity of the outputs 100.00 %");
  }

  // Numbers without a unit.

  @ParameterizedTest
  @CsvSource({
    "--macs, 30, 30%, 30M, 0.03k",
    "--nnz, 30, 30%, 30M, 0.03k",
    "--nnz, 100, 100%, 100M, 0.1k",
    "--macs, 1, 1%, 1M, 0.001k",
    "--min-keep, 5, 5%, 5M, 0.005k",
    "--min-keep, a=5, 5%, 5M, 0.005k"
  })
  void aNumberThatMayBePercentIsRefusedWithItsReadings(
      String option, String value, String percent, String millions, String exactly) {
    Ran ran =
        prune(Cases.file("mlp.onnx"), "--method", "magnitude", "--macs", "50%", option, value);
    ran = option.equals("--macs") ? prune(Cases.file("mlp.onnx"), option, value) : ran;
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains(percent, millions, exactly);
  }

  @Test
  void largeNumbersAndThoseWithAUnitAreTaken() throws IOException {
    assertThat(prune(Cases.file("mlp.onnx"), "--method", "magnitude", "--nnz", "101").code())
        .isEqualTo(ExitCode.DONE);
    assertThat(result().at("/budget/nnz/used").intValue()).isEqualTo(101);
    Ran exactly =
        Ran.of(
            "prune",
            Cases.file("mlp.onnx"),
            "--method",
            "magnitude",
            "--nnz",
            "0.03k",
            "--dry-run",
            "--json");
    assertThat(JSON.readTree(exactly.out()).at("/budget/nnz/asked").intValue()).isEqualTo(30);
  }

  @Test
  void aNumberThatWasHardlyMeantIsAWarning() {
    Ran ran =
        Ran.of(
            "prune",
            Path.of("../demo/resnet20_fmnist.safetensors").toString(),
            "--method",
            "magnitude",
            "--macs",
            "300",
            "--dry-run");
    assertThat(ran.out()).contains("warning: The budget of 300 MACs is", "Is a unit missing");
  }

  // Refinement.

  @Test
  void stepsAndLearningRateAreTakenAndReported() throws IOException {
    String data = Cases.file("data/ok.npz");
    String model = Cases.file("mlp.onnx");
    Ran ran =
        prune(
            model,
            "--data",
            data,
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--steps",
            "7",
            "--learning-rate",
            "0.002");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(ran.err()).contains("refining all layers: 7 steps of 32 samples, about ");
    assertThat(result().at("/options/steps").intValue()).isEqualTo(7);
    assertThat(result().at("/options/learningRate").doubleValue()).isEqualTo(0.002);
    assertThat(result().at("/identity/steps").textValue()).isEqualTo("7");

    Ran none =
        Ran.of(
            "prune",
            model,
            "--data",
            data,
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--steps",
            "0",
            "--out",
            folder.resolve("none").toString());
    assertThat(none.code()).as(none.err()).isEqualTo(ExitCode.DONE);
    assertThat(none.err()).doesNotContain("refining");
    JsonNode json = JSON.readTree(folder.resolve("none/result.json").toFile());
    assertThat(json.at("/options/learningRate").isNull()).isTrue();
    assertThat(json.get("seconds").has("refinement")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "quick, 120, 0.01", // falcon
    "NORMAL, 1200, 0.015", // falcon++
    "high, 8000, 0.015",
    "77, 77, 0.015",
  })
  void anEffortIsAMethodAndANumberOfSteps(String effort, int steps, double learningRate)
      throws IOException {
    Ran ran =
        Ran.of(
            "prune",
            Cases.file("mlp.onnx"),
            "--data",
            Cases.file("data/ok.npz"),
            "--macs",
            "50%",
            "--effort",
            effort,
            "--dry-run",
            "--json");
    JsonNode plan = JSON.readTree(ran.out());
    assertThat(plan.get("steps").intValue()).isEqualTo(steps);
    assertThat(plan.get("learningRate").doubleValue()).isEqualTo(learningRate);
  }

  @ParameterizedTest
  @CsvSource({
    "--effort=much, is none of quick, normal, high",
    "--effort=0, is quick, normal, high or a number of steps, 1 to",
    "--effort=9999999, is quick, normal, high or a number of steps, 1 to",
    "--effort=high --method=falcon, so --method cannot be given beside it",
    "--effort=high --steps=3, so --steps cannot be given beside it",
    "--effort=high --refit=backsolve, --refit backsolve refines nothing",
  })
  void anEffortThatContradictsOtherOptionsIsRefused(String options, String message) {
    var words = new ArrayList<>(List.of("--data", Cases.file("data/ok.npz"), "--macs", "50%"));
    words.addAll(List.of(options.split(" ")));
    Ran ran = prune(Cases.file("mlp.onnx"), words.toArray(String[]::new));
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains(message);
  }

  @ParameterizedTest
  @CsvSource({
    "--steps=-1, is 0 to 1",
    "--steps=2000000, is 0 to 1",
    "--learning-rate=0, is above 0",
    "--learning-rate=NaN, is above 0",
    "--learning-rate=2, is above 0",
  })
  void stepsAndLearningRateOutsideTheirRangesAreRefused(String option, String message) {
    Ran ran =
        prune(Cases.file("mlp.onnx"), "--data", Cases.file("data/ok.npz"), "--macs", "50%", option);
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains(message);
  }

  @ParameterizedTest
  @CsvSource({
    "--steps=3 --method=magnitude, --method magnitude refines nothing",
    "--steps=3 --refit=backsolve, --refit backsolve refines nothing",
    "--saliency=scale-free, it belongs to --method magnitude",
    "--learning-rate=0.1 --refit=none, --refit none refines nothing",
    "--learning-rate=0.1 --steps=0, --steps 0 takes no steps",
  })
  void stepsThatWouldHaveNoEffectAreRefused(String options, String message) {
    var words = new ArrayList<>(List.of("--data", Cases.file("data/ok.npz"), "--macs", "50%"));
    words.addAll(List.of(options.split(" ")));
    Ran ran = prune(Cases.file("mlp.onnx"), words.toArray(String[]::new));
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains(message);
  }

  // Helpers.

  private Ran prune(String model, String... options) {
    var words = new ArrayList<>(List.of("prune", model, "--out", out().toString(), "--force"));
    words.addAll(List.of(options));
    return Ran.of(words.toArray(String[]::new));
  }

  private Path out() {
    return folder.resolve("out");
  }

  private JsonNode result() throws IOException {
    return JSON.readTree(out().resolve("result.json").toFile());
  }

  private static long nonZero(Network network, String... tensors) {
    long count = 0;
    for (String name : tensors) {
      for (float weight : network.tensor(name).toFloats()) {
        count += weight == 0 ? 0 : 1;
      }
    }
    return count;
  }

  /// Ones of the mask's file.
  private long ones(Network network) throws IOException {
    Map<String, Tensor> masks =
        falcon.model.safetensors.SafetensorsFile.read(out().resolve("mask.safetensors")).tensors();
    long count = 0;
    for (Tensor mask : masks.values()) {
      for (long bit : mask.toLongs()) {
        count += bit;
      }
    }
    assertThat(masks.keySet()).isSubsetOf(network.initializers().keySet());
    return count;
  }

  private String written(Network network) {
    Path file = folder.resolve("net.onnx");
    Networks.write(network, file);
    return file.toString();
  }

  /// Something like attention on [N, 6, 4]: 96 MACs of weights, 2 × 144 of activations.
  private String attention() {
    return written(
        Graphs.network(
                "attention",
                new Dimension.Symbolic("N"),
                new Dimension.Fixed(6),
                new Dimension.Fixed(4))
            .node(Graphs.node("MatMul", "q", "x", "w"))
            .node(
                new Node(
                    "t",
                    "Transpose",
                    "",
                    List.of("x"),
                    List.of("t"),
                    Map.of("perm", new falcon.model.Attribute.IntegerList(List.of(0L, 2L, 1L)))))
            .node(Graphs.node("MatMul", "scores", "q", "t"))
            .node(Graphs.node("MatMul", "mixed", "scores", "x"))
            .node(Graphs.node("Relu", "y", "mixed"))
            .initializer("w", Graphs.noise(new SplittableRandom(3), 4, 4))
            .output(Graphs.output("y"))
            .build());
  }

  private String binary(String last) {
    return written(network(last, false));
  }

  /// The sum of six numbers, as it is or as a probability, `[N, 1]` or `[N]`.
  private static Network network(String last, boolean isVector) {
    var ones = new float[FEATURES];
    java.util.Arrays.fill(ones, 1);
    Network.Builder builder =
        Graphs.network("sum", new Dimension.Symbolic("N"), new Dimension.Fixed(FEATURES))
            .node(Graphs.node("MatMul", "s", "x", "w"))
            .node(Graphs.node(last, isVector ? "p" : "y", "s"))
            .initializer("w", Tensor.ofFloats(List.of((long) FEATURES, 1L), ones));
    if (isVector) {
      builder
          .node(Graphs.node("Squeeze", "y", "p", "one"))
          .initializer("one", Tensor.ofLongs(List.of(1L), 1));
    }
    return builder.output(Graphs.output("y")).build();
  }

  private interface Value {
    double of(int sample, int column);
  }

  private String samples(String name, int count, Value value, IntToDoubleFunction label)
      throws IOException {
    return samples(name, count, FEATURES, value, label);
  }

  private String samples12(String name, int count, IntToDoubleFunction label) throws IOException {
    return samples(name, count, 12, (i, c) -> Math.sin(7 * i + c), label);
  }

  private String samples(
      String name, int count, int columns, Value value, IntToDoubleFunction label)
      throws IOException {
    Path file = folder.resolve(name + ".npz");
    var x = ByteBuffer.allocate(4 * count * columns).order(ByteOrder.LITTLE_ENDIAN);
    var labels = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < columns; c++) {
        x.putFloat((float) value.of(i, c));
      }
      labels.putLong((long) label.applyAsDouble(i));
    }
    try (var zip = new java.util.zip.ZipOutputStream(Files.newOutputStream(file))) {
      array(zip, "x", "<f4", "(%d, %d)".formatted(count, columns), x.array());
      array(zip, "labels", "<i8", "(%d,)".formatted(count), labels.array());
    }
    return file.toString();
  }

  private static void array(
      java.util.zip.ZipOutputStream zip, String name, String type, String shape, byte[] values)
      throws IOException {
    byte[] header =
        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n"
            .formatted(type, shape)
            .getBytes(StandardCharsets.UTF_8);
    zip.putNextEntry(new java.util.zip.ZipEntry(name + ".npy"));
    zip.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    zip.write(new byte[] {(byte) header.length, 0});
    zip.write(header);
    zip.write(values);
    zip.closeEntry();
  }
}
