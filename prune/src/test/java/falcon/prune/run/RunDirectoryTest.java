package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.budget.Mask;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.format.Networks;
import falcon.model.layer.LayerSelection;
import falcon.model.layer.NamePattern;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import falcon.prune.Falcon;
import falcon.prune.TinyData;
import falcon.prune.options.Amount;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Curvature;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Measure;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.Stage;
import falcon.prune.report.StageNote;
import falcon.prune.report.Summary;
import falcon.prune.storage.InputFile;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.ModelFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunDirectoryTest {
  @TempDir Path temporary;
  private Path directory;
  private Path model;
  private Dataset data;
  private Network network;
  private ModelFormat written = ModelFormat.ONNX;

  @BeforeEach
  void prepare() throws IOException {
    directory = temporary.resolve("run");
    network = Architecture.RESNET20.initial(3, 32, 32, 10, 1);
    model = temporary.resolve("dense.onnx");
    Networks.write(network, model);
    data = Datasets.open(TinyData.write(temporary.resolve("data")));
  }

  @Test
  void aStageComesBackAsItWasSaved() {
    Stage stage = stage(0);
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      assertThat(run.stages().finished()).isEmpty();
      run.stages().save(stage);
    }
    try (var run = open(RunDirectory.Existing.RESUME)) {
      List<Stage> finished = run.stages().finished();
      assertThat(finished).hasSize(1);
      Stage again = finished.getFirst();
      assertThat(again.network().initializers()).isEqualTo(stage.network().initializers());
      assertThat(again.mask()).isEqualTo(stage.mask());
      assertThat(again.choice().certificate()).isEqualTo(stage.choice().certificate());
      assertThat(again.report()).isEqualTo(stage.report());
      assertThat(again.choice().effectiveRows()).isEqualTo(61.7);
    }
  }

  @Test
  void aRunCanBeResumedFromItsFirstStageOn() {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      assertThat(run.canBeResumed()).isFalse();
      run.stages().save(stage(0));
      assertThat(run.canBeResumed()).isTrue();
    }
    try (var run = open(RunDirectory.Existing.RESUME)) {
      assertThat(run.canBeResumed()).isTrue();
    }
  }

  @Test
  void aFailureLeavesEarlierStagesReadable() throws IOException {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.stages().save(stage(0));
      Files.createFile(directory.resolve("stages/.02.partial"));
      assertThatThrownBy(() -> run.stages().save(stage(1)))
          .isInstanceOf(UnwritableFileException.class);
      assertThat(run.stages().finished()).hasSize(1);
    }
  }

  @Test
  void aDamagedStageIsNamed() throws IOException {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.stages().save(stage(0));
      Path weights = directory.resolve("stages/01/weights.safetensors");
      byte[] bytes = Files.readAllBytes(weights);
      Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      assertThatThrownBy(() -> run.stages().finished())
          .isInstanceOf(PruningException.class)
          .hasMessageContaining("stages/01")
          .hasMessageContaining("Remove the folder");
    }
  }

  @Test
  void onlyARunOfWhichSomethingIsKeptIsResumable() throws IOException {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      assertThat(run.canBeResumed()).isFalse();
      Path begun = Files.createDirectories(directory.resolve("stages/01.begun"));
      Files.createFile(begun.resolve(".refinement.safetensors.tmp0"));
      assertThat(run.canBeResumed()).isFalse();
      Files.createFile(begun.resolve("support-search.safetensors"));
      assertThat(run.canBeResumed()).isTrue();
    }
    try (var run = open(RunDirectory.Existing.REPLACE)) {
      assertThat(run.canBeResumed()).isFalse();
      var places = new ArrayList<String>();
      run.onKept(places::add);
      run.stages().save(stage(0));
      assertThat(run.canBeResumed()).isTrue();
      assertThat(places).containsExactly("the end of the pruning");
    }
  }

  @Test
  void checkpointsOfAFinishedStageAreRemoved() throws IOException {
    Path begun = directory.resolve("stages/01.begun");
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.stages().save(stage(0));
      Files.createFile(Files.createDirectories(begun).resolve("refinement.safetensors"));
    }
    try (var run = open(RunDirectory.Existing.RESUME)) {
      assertThat(run.stages().finished()).hasSize(1);
      assertThat(begun).doesNotExist();
    }
  }

  @Test
  void resumingWithOtherOptionsNamesEachDifference() {
    open(RunDirectory.Existing.REFUSE).close();
    var other = description(BudgetRequest.macs(0.2), PruningOptions.builder().seed(7).build());
    assertThatThrownBy(() -> RunDirectory.open(place(), other, RunDirectory.Existing.RESUME))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.INPUT))
        .hasMessageContaining("seed: 1 there, 7 now")
        .hasMessageContaining("macs: 30% there, 20% now")
        .hasMessageContaining("‹force›");
  }

  @Test
  void resumingWithOtherMemoryIsRefusedAsItDecidesHowManySamplesAreLookedAt() {
    open(RunDirectory.Existing.REFUSE).close();
    var other =
        description(
            BudgetRequest.macs(0.3), PruningOptions.builder().memoryBytes(2L << 30).build());
    assertThatThrownBy(() -> RunDirectory.open(place(), other, RunDirectory.Existing.RESUME))
        .hasMessageMatching(
            "(?s).*  memory: \\d+ bytes for samples on their way there, \\d+ bytes .* now.*");
  }

  @Test
  void resumingWithAnotherNetworkFileIsRefused() throws IOException {
    open(RunDirectory.Existing.REFUSE).close();
    Networks.write(Architecture.RESNET20.initial(3, 32, 32, 10, 2), model);
    assertThatThrownBy(() -> open(RunDirectory.Existing.RESUME))
        .hasMessageContaining("model dense.onnx: SHA-256");
  }

  @Test
  void moreThreadsMayResume() {
    open(RunDirectory.Existing.REFUSE).close();
    var other = description(BudgetRequest.macs(0.3), PruningOptions.builder().threads(9).build());
    RunDirectory.open(place(), other, RunDirectory.Existing.RESUME).close();
  }

  @Test
  void aRunThatIsThereIsNotTouchedUnlessForced() {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.stages().save(stage(0));
    }
    assertThatThrownBy(() -> open(RunDirectory.Existing.REFUSE))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("holds a run already")
        .hasMessageContaining("‹resume›");
    try (var run = open(RunDirectory.Existing.REPLACE)) {
      assertThat(run.stages().finished()).isEmpty();
    }
  }

  @Test
  void oneRunAtATimeWorksInAFolder() {
    try (var _ = open(RunDirectory.Existing.REFUSE)) {
      assertThatThrownBy(() -> open(RunDirectory.Existing.RESUME))
          .hasMessageContaining("another run works in this folder");
    }
    open(RunDirectory.Existing.RESUME).close();
  }

  @Test
  void aFolderThatCannotBeMadeIsAnErrorAtOnce() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    directory = file.resolve("run");
    assertThatThrownBy(() -> open(RunDirectory.Existing.REFUSE))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("%s: %s is a file, not a folder.", directory, file);
  }

  @Test
  void remainsOfAKilledProcessAreRemoved() throws IOException {
    Files.createDirectories(directory);
    Path remains = Files.createFile(directory.resolve(".model.onnx.tmp0"));
    open(RunDirectory.Existing.REFUSE).close();
    assertThat(remains).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource
  void budgetsAreCountedFromTheFileThatWasWritten(ModelFormat format) throws IOException {
    PrunedNetwork pruned = pruned();
    written = format;
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      assertThat(run.write(pruned)).isEqualTo(RunDirectory.result(directory));
    }
    assertThat(Networks.read(directory.resolve(format.fileName())).initializers())
        .isEqualTo(pruned.network().initializers());
    JsonNode budget = result().get("budget");
    assertThat(budget.get("nnz").get("used").longValue()).isEqualTo(pruned.mask().keptCount());
    assertThat(budget.get("macs").get("used").longValue())
        .isEqualTo(pruned.mask().macs(pruned.plan().costs()));
    assertThat(budget.get("macs").get("total").longValue()).isEqualTo(40_551_040);
    assertThat(budget.get("macs").get("used").longValue())
        .isLessThanOrEqualTo(budget.get("macs").get("asked").longValue());
    JsonNode file = result().get("model");
    assertThat(file.get("bytes").longValue())
        .isEqualTo(Files.size(directory.resolve(format.fileName())));
    // a quarter of the weights at 12 bytes each, instead of all of them at 4
    assertThat(file.get("bytes").doubleValue() / file.get("denseBytes").longValue())
        .isBetween(
            format == ModelFormat.ONNX_SPARSE ? 0.7 : 1.0,
            format == ModelFormat.ONNX_SPARSE ? 0.85 : 1.0);
    assertThat(Summary.fileSizes(RunDirectory.result(directory)))
        .endsWith(format == ModelFormat.ONNX_SPARSE ? " with every zero stored" : " bytes");
  }

  @Test
  void theMaskHasOneBooleanTensorAPrunedOne() throws IOException {
    PrunedNetwork pruned = pruned();
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.write(pruned);
    }
    StateDict mask = SafetensorsFile.read(directory.resolve("mask.safetensors"));
    assertThat(mask.tensors()).hasSize(20);
    mask.tensors()
        .forEach((name, kept) -> {
          Tensor weights = pruned.network().tensor(name);
          assertThat(kept.shape()).isEqualTo(weights.shape());
          float[] values = weights.toFloats();
          for (int i = 0; i < values.length; i++) {
            if (kept.bytes().get(i) == 0) {
              assertThat(values[i]).as("%s[%d]", name, i).isZero();
            }
          }
        });
  }

  @Test
  void aFileOverBudgetIsNeverCalledAResult() {
    PrunedNetwork pruned = pruned();
    var dense = new PrunedNetwork(network, pruned.mask(), pruned.plan(), pruned.report());
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      assertThatThrownBy(() -> run.write(dense))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("over the budget");
    }
    assertThat(directory.resolve("result.json")).doesNotExist();
  }

  @Test
  void textsAreInTheFilesAsTheProgramWordsThem() throws IOException {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.logged(Progress.SILENT).warn("look at ‹mean› once more");
      run.write(pruned());
    }
    assertThat(result().at("/warnings/0").textValue()).isEqualTo("beware of --mean");
    assertThat(result().at("/stages/0/notes/0").textValue()).isEqualTo("so it went with --mean");
    assertThat(Files.readString(directory.resolve("log.txt")))
        .contains("warning: look at --mean once more");
  }

  /// These names are promised: scripts read them.
  @Test
  void resultFileHasThePromisedKeys() throws IOException {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.write(pruned());
    }
    var keys = new TreeSet<String>();
    collect("", result(), keys);
    assertThat(keys.removeIf(key -> key.startsWith("identity."))).isTrue();
    assertThat(keys)
        .containsExactlyInAnyOrder(
            ("schemaVersion command folder versions.falcon versions.libtorch versions.openblas versions.java versions.system seed"
                    + " machine.processor machine.architecture machine.processors machine.memoryBytes"
                    + " inputs[].role inputs[].path inputs[].bytes inputs[].sha256"
                    + " options.method options.stages options.samples options.refit options.schedule options.steps options.learningRate"
                    + " options.curvature options.ridge options.block options.loss options.bnRefresh options.threads"
                    + " options.preprocessing options.include options.exclude options.minKeep options.pattern"
                    + " budget.macs.asked budget.macs.request budget.macs.used budget.macs.total"
                    + " budget.macs.network.used budget.macs.network.total budget.macs.network.percent"
                    + " budget.nnz.network.used budget.nnz.network.total budget.nnz.network.percent"
                    + " budget.nnz.asked budget.nnz.request budget.nnz.used budget.nnz.total"
                    + " measure accuracy.validation.dense accuracy.validation.pruned"
                    + " accuracy.validation.refreshed accuracy.validation.final"
                    + " accuracy.validation.samples accuracy.validation.interval[] accuracy.validation.drop"
                    + " accuracy.test.dense accuracy.test.pruned accuracy.test.refreshed"
                    + " accuracy.test.final"
                    + " certificate.value certificate.bound certificate.gap certificate.prices.macs"
                    + " layers[].name layers[].shape[] layers[].weights layers[].kept layers[].macs"
                    + " layers[].macsKept layers[].kind layers[].leastKept layers[].outputError"
                    + " layers[].refit effectiveRows"
                    + " model.bytes model.denseBytes model.files[].name model.files[].bytes"
                    + " model.files[].sha256 mask.name mask.bytes mask.sha256"
                    + " stages[].macs stages[].nnz stages[].validation stages[].seconds stages[].notes[]"
                    + " seconds.reconstruct peakMemoryBytes replacedKernels.convolution warnings[]")
                .split(" "));
    JsonNode json = result();
    assertThat(json.get("schemaVersion").intValue()).isEqualTo(1);
    assertThat(json.get("command").textValue()).isEqualTo("./falcon prune");
    assertThat(json.get("inputs").get(0).get("sha256").textValue()).matches("[0-9a-f]{64}");
    assertThat(json.at("/accuracy/validation/final").doubleValue()).isEqualTo(91.5);
    assertThat(json.at("/accuracy/test/refreshed").isNull()).isTrue();
    assertThat(json.get("peakMemoryBytes").longValue()).isPositive();
  }

  /// Names, order and text are compared with those of earlier runs when one of them is resumed.
  @Test
  void optionsAreInTheIdentityAsTheyAlwaysWere() {
    assertThat(identity(manyOptions()))
        .containsSubsequence(
            "method=falcon",
            "refit=backsolve",
            "samples=16",
            "curvature=empirical",
            "ridge=0.001",
            "block=2000",
            "include=[*conv*, *weight]",
            "exclude=[*fc*]",
            "min-keep=[5%, *conv1*=20]",
            "bn-refresh=off",
            "input-shape=default",
            "loss=auto",
            "seed=7");
    assertThat(identity(PruningOptions.defaults()))
        .containsSubsequence(
            "curvature=default",
            "ridge=default",
            "block=default",
            "include=[]",
            "exclude=[]",
            "min-keep=[]",
            "gradients=none",
            "bn-refresh=auto");
  }

  private List<String> identity(PruningOptions options) {
    return description(BudgetRequest.macs(0.3), options).identity().entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .toList();
  }

  @Test
  void optionsAreInTheResultAsTheyAlwaysWere() throws IOException {
    RunDescription run = description(BudgetRequest.macs(0.3), manyOptions());
    try (RunDirectory opened = RunDirectory.open(place(), run, RunDirectory.Existing.REFUSE)) {
      opened.write(pruned());
    }
    assertThat(Files.readString(directory.resolve("result.json")))
        .contains(
            """
                "curvature" : "empirical",
                "ridge" : 0.001,
                "block" : 2000,
                "loss" : "auto",
                "bnRefresh" : "off",
                "include" : [ "*conv*", "*weight" ],
                "exclude" : [ "*fc*" ],
                "minKeep" : [ "5%", "*conv1*=20" ],
                "threads" : 2,
            """);
  }

  @Test
  void optionsThatWereLeftOutAreNullInTheResult() throws IOException {
    try (var run = open(RunDirectory.Existing.REFUSE)) {
      run.write(pruned());
    }
    assertThat(Files.readString(directory.resolve("result.json")))
        .contains(
            """
                "curvature" : null,
                "ridge" : null,
                "block" : null,
                "loss" : "auto",
                "bnRefresh" : "auto",
                "include" : [ ],
                "exclude" : [ ],
                "minKeep" : [ ],
            """);
  }

  private static PruningOptions manyOptions() {
    return PruningOptions.builder()
        .method(Method.FALCON)
        .refit(Refit.BACKSOLVE)
        .samples(16)
        .curvature(Curvature.EMPIRICAL)
        .ridge(0.001)
        .block(2000)
        .floors(
            List.of(
                KeepFloor.parse("5%"),
                new KeepFloor(new NamePattern("*conv1*"), new Amount.Count(20))))
        .selection(LayerSelection.of(List.of("*conv*", "*weight"), List.of("*fc*")))
        .batchNorm(BatchNormPolicy.OFF)
        .threads(2)
        .memoryBytes(2L << 30)
        .seed(7)
        .build();
  }

  private static void collect(String path, JsonNode node, Set<String> keys) {
    if (node.isObject() && !node.isEmpty()) {
      node.properties()
          .forEach(entry ->
              collect(
                  path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(),
                  entry.getValue(),
                  keys));
    } else if (node.isArray() && !node.isEmpty()) {
      node.forEach(element -> collect(path + "[]", element, keys));
    } else {
      keys.add(path);
    }
  }

  private JsonNode result() throws IOException {
    return new ObjectMapper().readTree(Files.readAllBytes(directory.resolve("result.json")));
  }

  private RunDirectory open(RunDirectory.Existing existing) {
    return RunDirectory.open(
        place(), description(BudgetRequest.macs(0.3), PruningOptions.defaults()), existing);
  }

  private OutputFolder place() {
    return new OutputFolder(directory, InputPlaces.of(List.of(model), data), false);
  }

  private RunDescription description(BudgetRequest budget, PruningOptions options) {
    return RunDescription.builder(
            network, Falcon.prune(network, data, budget).options(options).plan(), options)
        .command("./falcon prune")
        .wording(text -> text.replace("‹mean›", "--mean"))
        .preprocessing(Preprocessing.defaultsOf(data.layout()))
        .inputs(InputFile.of(List.of(model), data))
        .format(written)
        .build();
  }

  private Stage stage(int number) {
    PrunedNetwork pruned = pruned();
    return new Stage(
        number,
        pruned.network(),
        pruned.mask(),
        new Report.Choice(pruned.report().certificate(), number == 0 ? 61.7 : null),
        pruned.report().stages().getFirst());
  }

  /// Keeps every fourth weight.
  private PrunedNetwork pruned() {
    PruningPlan plan = Falcon.prune(network, data, BudgetRequest.macs(0.3)).plan();
    var kept = new boolean[plan.costs().weightCount()];
    var tensors = new LinkedHashMap<String, Tensor>();
    int offset = 0;
    for (PruningPlan.PrunableLayer layer : plan.layers()) {
      float[] weights = network.tensor(layer.name()).toFloats();
      for (int i = 0; i < weights.length; i++) {
        kept[offset + i] = i % 4 == 0;
        weights[i] = i % 4 == 0 ? weights[i] : 0;
      }
      tensors.put(layer.name(), Tensor.ofFloats(layer.shape(), weights));
      offset += layer.count();
    }
    Mask mask = Mask.ofKept(kept);
    long macs = mask.macs(plan.costs());
    Report report =
        Report.builder(
                plan,
                mask,
                new Report.Choice(
                    new Report.Certificate(10.0, 10.5, 0.5, Map.of("macs", 0.25)), null))
            .judged(
                Measure.ACCURACY,
                new Report.Accuracy(92.25, 91.5, 90.0, 91.5),
                new Report.Accuracy(91.43, 90.5, null, 90.5))
            .heldOut(new Report.HeldOut(40, 80.0, 97.5))
            .stages(
                List.of(
                    new Report.StageReport(
                        macs,
                        mask.keptCount(),
                        91.0 / 3,
                        1.25,
                        List.of(new StageNote.Remark("so it went with ‹mean›")))))
            .seconds(Map.of("reconstruct", 1.5))
            .peakMemoryBytes(1)
            .replacedKernels(Map.of("convolution", "off by 5; used instead: aligned-convolution"))
            .warnings(List.of("beware of ‹mean›"))
            .build();
    return new PrunedNetwork(network.withTensors(tensors), mask, plan, report);
  }
}
