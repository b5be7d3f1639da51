package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `retrain`, and `prune --retrain`.
@Tag("native")
class RetrainCommandsTest {
  private static final String MODEL = Cases.file("mlp.onnx");
  private static final String DATA = Cases.file("data/ok.npz");

  @TempDir Path folder;

  @Test
  void maskOfARunIsHeldAndTheNetworkGetsBetter() throws IOException {
    pruned("p");
    Ran ran = retrain("t", MODEL, "--mask", mask("p"), "--epochs", "6");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(zeros("t")).isEqualTo(zeros("p"));
    assertThat(Files.readAllBytes(folder.resolve("t/mask.safetensors")))
        .isEqualTo(Files.readAllBytes(folder.resolve("p/mask.safetensors")));
    JsonNode retraining = result("t").get("retraining");
    assertThat(retraining.get("start").asText()).isEqualTo("dense");
    assertThat(retraining.get("epochs")).hasSize(6);
    assertThat(retraining.get("trials")).isNotEmpty();
    assertThat(retraining.at("/epochs/5/heldOutLoss").asDouble())
        .isLessThan(retraining.at("/trials/0/loss").asDouble());
    assertThat(result("t").at("/budget/macs/used")).isEqualTo(result("p").at("/budget/macs/used"));
    assertThat(result("t").get("certificate").isNull()).isTrue();
    assertThat(ran.out()).contains("retrained for 6 epochs from the dense weights");
  }

  @Test
  void zerosOfThePrunedNetworkAreTheMaskAndBothStartsAreTried() throws IOException {
    pruned("p");
    String model = folder.resolve("p/model.onnx").toString();
    Ran ran = retrain("t", model, "--teacher", MODEL, "--epochs", "2");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(zeros("t")).isEqualTo(zeros("p"));
    JsonNode trials = result("t").at("/retraining/trials");
    assertThat(trials.at("/0/start").asText()).isEqualTo("re-fitted");
    assertThat(trials.at("/1/start").asText()).isEqualTo("dense");
    JsonNode accuracy = result("t").get(result("t").get("measure").asText());
    assertThat(accuracy.at("/validation/final").asDouble())
        .isGreaterThanOrEqualTo(result("t").at("/stages/0/validation").asDouble());
  }

  @Test
  void pruneGoesOnWithRetraining() throws IOException {
    pruned("p");
    Ran ran = pruned("q", "--retrain", "2", "--retrain-loss", "both");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(zeros("q")).isEqualTo(zeros("p"));
    assertThat(result("q").get("stages")).hasSize(2);
    assertThat(result("q").at("/retraining/epochs")).hasSize(2);
    assertThat(result("q").at("/options/retraining/retrainLoss").asText()).isEqualTo("both");
  }

  @Test
  void budgetsShrinkOverTheEpochsOfAGradualRetraining() throws IOException {
    Ran ran = pruned("g", "--retrain", "6", "--retrain-schedule", "gradual", "--stages", "3");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    JsonNode stages = result("g").get("stages");
    assertThat(stages).hasSize(6);
    for (int pruning = 0; pruning < 6; pruning += 2) {
      long kept = stages.at("/%d/nnz".formatted(pruning)).longValue();
      assertThat(stages.at("/%d/nnz".formatted(pruning + 1)).longValue()).isEqualTo(kept);
      assertThat(pruning == 0 || kept < stages.at("/%d/nnz".formatted(pruning - 1)).longValue())
          .isTrue();
    }
    assertThat(stages.at("/1/retraining/epochs")).hasSize(1);
    assertThat(stages.at("/3/retraining/epochs")).hasSize(1);
    assertThat(result("g").at("/retraining/epochs")).hasSize(4);
    assertThat(stages.at("/3/retraining/trials/1/start").asText()).isEqualTo("earlier");
    assertThat(result("g").at("/retraining/learningRate"))
        .isEqualTo(stages.at("/1/retraining/learningRate"));
    assertThat(result("g").at("/budget/macs/used").longValue())
        .isLessThanOrEqualTo(result("g").at("/budget/macs/asked").longValue());
    assertThat(ran.err()).contains("epoch 6 of 6");
  }

  @Test
  void gradualRetrainingNeedsAnEpochForEachMask() {
    Ran few = pruned("f", "--retrain", "3", "--retrain-schedule", "gradual");
    assertThat(few.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(few.err())
        .contains("--retrain 3 is too few for --retrain-schedule gradual: each of the 4 stages");
    Ran one = pruned("f", "--retrain", "3", "--retrain-schedule", "gradual", "--stages", "1");
    assertThat(one.err()).contains("would have no effect here: --stages 1 has one mask");
    Ran none = pruned("f", "--retrain-schedule", "gradual");
    assertThat(none.err()).contains("--retrain-schedule would have no effect here");
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() throws IOException {
    pruned("p");
    retrain("one", MODEL, "--mask", mask("p"), "--epochs", "2", "--threads", "1");
    retrain("two", MODEL, "--mask", mask("p"), "--epochs", "2", "--threads", "2");
    assertThat(Files.readAllBytes(folder.resolve("two/model.onnx")))
        .isEqualTo(Files.readAllBytes(folder.resolve("one/model.onnx")));
  }

  @Test
  void learningRateThatDivergesKeepsTheNetworkBefore() throws IOException {
    pruned("p");
    String model = folder.resolve("p/model.onnx").toString();
    Ran ran =
        retrain(
            "t",
            model,
            "--teacher",
            MODEL,
            "--epochs",
            "3",
            "--learning-rate",
            "1e30",
            "--optimizer",
            "sgd");
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    assertThat(ran.err()).contains("retraining ends early: the loss became ");
    assertThat(ran.out()).contains("so the network before it is kept");
    assertThat(result("t").at("/retraining/taken").asInt()).isZero();
    assertThat(network("t").initializers()).isEqualTo(network("p").initializers());
  }

  @Test
  void maskOfOtherNamesOrShapesIsRefused() {
    pruned("p");
    Map<String, Tensor> tensors = SafetensorsFile.read(Path.of(mask("p"))).tensors();
    String first = tensors.keySet().iterator().next();
    Tensor some = tensors.get(first);
    Ran names = retrain("t", MODEL, "--mask", written(Map.of("elsewhere", some)), "--epochs", "1");
    assertThat(names.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(names.err())
        .contains("The mask has tensors that the network does not have: elsewhere.", first);
    Tensor flat = Tensor.ofBytes(DataType.BOOL, List.of(2L), new byte[2]);
    Ran shapes = retrain("t", MODEL, "--mask", written(Map.of(first, flat)), "--epochs", "1");
    assertThat(shapes.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(shapes.err()).contains("The mask of '" + first + "' has the shape [2], the weights");
  }

  @Test
  void maskThatKeepsNothingIsRefusedAndAnEmptiedLayerIsWarnedOf() {
    pruned("p");
    Map<String, Tensor> tensors = SafetensorsFile.read(Path.of(mask("p"))).tensors();
    var none = new LinkedHashMap<String, Tensor>();
    tensors.forEach((name, tensor) ->
        none.put(
            name,
            Tensor.ofBytes(
                DataType.BOOL, tensor.shape(), new byte[Math.toIntExact(tensor.size())])));
    Ran nothing = retrain("t", MODEL, "--mask", written(none), "--epochs", "1");
    assertThat(nothing.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(nothing.err()).contains("The mask keeps none of ");
    String first = none.keySet().iterator().next();
    var emptied = new LinkedHashMap<>(tensors);
    emptied.put(first, none.get(first));
    Ran one = retrain("t", MODEL, "--mask", written(emptied), "--epochs", "1");
    assertThat(one.code()).as(one.err()).isEqualTo(ExitCode.DONE);
    assertThat(one.err()).contains("The mask keeps no weight of a layer: " + first);
  }

  @Test
  void prunedNetworkAloneIsNoTeacher() {
    pruned("p");
    String model = folder.resolve("p/model.onnx").toString();
    Ran ran = retrain("t", model, "--epochs", "1");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains("--teacher");
  }

  @Test
  void optionsWithoutRetrainingAreRefused() {
    Ran ran = pruned("p", "--temperature", "2");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err())
        .contains(
            "--temperature would have no effect here: nothing is retrained without --retrain");
  }

  @Test
  void labelsThatAreAskedForAndNotThereAreMissed() {
    String model = Cases.file("m07e_lstmbf.onnx");
    String data = Cases.file("data/lstmopen_nt.npz");
    var words =
        new ArrayList<>(
            List.of("prune", model, "--data", data, "--macs", "50%", "--method", "falcon"));
    Ran ran = ran(words, "p", "--retrain", "1", "--retrain-loss", "labels", "--loss", "outputs");
    assertThat(ran.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(ran.err()).contains("--retrain-loss labels needs ");
  }

  @Test
  void anyNetworkIsTrainedFromDrawnWeightsOrFromItsOwn() throws IOException {
    Ran drawn = train("d", "--epochs", "8", "--learning-rate", "0.01");
    assertThat(drawn.code()).as(drawn.err()).isEqualTo(ExitCode.DONE);
    JsonNode epochs = result("d").at("/retraining/epochs");
    assertThat(result("d").at("/layers/0/outputError").isNull()).isTrue(); // none to compare with
    assertThat(epochs.at("/7/loss").asDouble()).isLessThan(epochs.at("/0/loss").asDouble());
    assertThat(result("d").at("/budget/nnz/used")).isEqualTo(result("d").at("/budget/nnz/total"));
    assertThat(drawn.out()).contains("\nbefore ", "\ntrained ");
    assertThat(drawn.err()).doesNotContain("by chance");
    Ran kept = train("k", "--epochs", "1", "--keep-weights");
    assertThat(kept.code()).as(kept.err()).isEqualTo(ExitCode.DONE);
    Ran resumed = train("d", "--epochs", "8", "--learning-rate", "0.01", "--resume");
    assertThat(resumed.out()).contains("was finished before");
  }

  @Test
  void trainNeedsOneNetwork() {
    Ran none = ran(new ArrayList<>(List.of("train", "--data", DATA, "--epochs", "1")), "n");
    assertThat(none.code()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(none.err()).contains("what is to be trained? Say MODEL, or --arch NAME");
    Ran resumed =
        ran(
            new ArrayList<>(List.of("train", "--arch", "resnet20", "--data", DATA)),
            "n",
            "--epochs",
            "1",
            "--resume");
    assertThat(resumed.err()).contains("--resume would have no effect here");
  }

  private Ran train(String name, String... more) {
    return ran(new ArrayList<>(List.of("train", MODEL, "--data", DATA)), name, more);
  }

  private Ran pruned(String name, String... more) {
    var words =
        new ArrayList<>(
            List.of("prune", MODEL, "--data", DATA, "--macs", "30%", "--method", "falcon"));
    return ran(words, name, more);
  }

  private Ran retrain(String name, String model, String... more) {
    return ran(new ArrayList<>(List.of("retrain", model, "--data", DATA)), name, more);
  }

  private Ran ran(List<String> words, String name, String... more) {
    words.addAll(List.of(more));
    words.addAll(List.of("--out", folder.resolve(name).toString()));
    return Ran.of(words.toArray(String[]::new));
  }

  private String mask(String name) {
    return folder.resolve(name).resolve("mask.safetensors").toString();
  }

  private String written(Map<String, Tensor> tensors) {
    Path file = folder.resolve("own.safetensors");
    SafetensorsFile.write(new StateDict(new LinkedHashMap<>(tensors), Map.of()), file);
    return file.toString();
  }

  private Network network(String name) {
    return Networks.read(folder.resolve(name).resolve("model.onnx"));
  }

  /// Returns which of the weights of the prunable layers are zero.
  private List<Boolean> zeros(String name) throws IOException {
    var zeros = new ArrayList<Boolean>();
    for (JsonNode layer : result(name).get("layers")) {
      for (float weight : network(name).tensor(layer.get("name").asText()).toFloats()) {
        zeros.add(weight == 0);
      }
    }
    assertThat(zeros).contains(true, false);
    return zeros;
  }

  private JsonNode result(String name) throws IOException {
    return new ObjectMapper().readTree(folder.resolve(name).resolve("result.json").toFile());
  }
}
