package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.data.Dataset;
import falcon.data.Splits;
import falcon.data.format.Datasets;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.MainOutput;
import falcon.model.Network;
import falcon.model.ValueInfo;
import falcon.model.layer.Layers;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Curvature;
import falcon.prune.options.ExampleShapes;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.StageNote;
import falcon.prune.report.Summary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Multilayer perceptrons on arrays, with and without labels.
@Tag("native")
class ArrayPruningTest {
  private static final int FEATURES = 6;
  private static final int SAMPLES = 200;

  @TempDir Path folder;

  @Test
  void classifierWithoutLabelsIsJudgedByAgreement() throws IOException {
    Report report = prune(Graphs.perceptron(3), arrays(false), Loss.AUTO).report();
    assertThat(report.measure()).isEqualTo(Measure.AGREEMENT);
    assertThat(Objects.requireNonNull(report.validation()).dense()).isEqualTo(100);
    assertThat(Objects.requireNonNull(report.validation()).finalAccuracy()).isBetween(40.0, 100.0);
    assertThat(report.test()).isNull();
    assertThat(report.macs().used()).isLessThanOrEqualTo(report.macs().limit());
    assertThat(Summary.of(report)).contains("agreement");
  }

  @Test
  void classifierWithLabelsIsJudgedByAccuracyUnlessToldOtherwise() throws IOException {
    Dataset labelled = arrays(true);
    assertThat(NetworkWithData.of(Graphs.perceptron(3), labelled, null, Loss.AUTO).measure())
        .isEqualTo(Measure.ACCURACY);
    assertThat(NetworkWithData.of(Graphs.perceptron(3), labelled, null, Loss.SELF).measure())
        .isEqualTo(Measure.AGREEMENT);
    assertThat(NetworkWithData.of(Graphs.perceptron(3), labelled, null, Loss.OUTPUTS).measure())
        .isEqualTo(Measure.FIDELITY);
    assertThat(NetworkWithData.of(Graphs.perceptron(1), labelled, null, Loss.AUTO).measure())
        .isEqualTo(Measure.FIDELITY);
  }

  @Test
  void otherNetworksAreJudgedByFidelity() throws IOException {
    Report report = prune(Graphs.perceptron(1), arrays(false), Loss.AUTO).report();
    assertThat(report.measure()).isEqualTo(Measure.FIDELITY);
    assertThat(Objects.requireNonNull(report.validation()).dense()).isEqualTo(100);
    assertThat(Objects.requireNonNull(report.validation()).finalAccuracy()).isBetween(50.0, 100.0);
  }

  @Test
  void backsolveDrawsLabelsFromTheNetworkItself() throws IOException {
    var options =
        PruningOptions.builder()
            .method(Method.FALCON)
            .refit(Refit.BACKSOLVE)
            .curvature(Curvature.EMPIRICAL)
            .loss(Loss.SELF)
            .samples(60)
            .threads(1)
            .build();
    Report report =
        Falcon.prune(Graphs.perceptron(3), arrays(false), BudgetRequest.macs(0.5))
            .options(options)
            .run()
            .report();
    assertThat(report.measure()).isEqualTo(Measure.AGREEMENT);
    assertThat(report.effectiveRows()).isPositive();
  }

  @Test
  void fixedNumbersOfExamplesGiveTheSameNetwork() throws IOException {
    Dataset data = arrays(true);
    float[] open = prune(Graphs.perceptron(3), data, Loss.AUTO).network().tensor("w1").toFloats();
    float[] fixed =
        prune(
                Graphs.perceptron(3, new Dimension.Fixed(4), new Dimension.Fixed(FEATURES)),
                data,
                Loss.AUTO)
            .network()
            .tensor("w1")
            .toFloats();
    for (int i = 0; i < open.length; i++) {
      assertThat(fixed[i]).isCloseTo(open[i], org.assertj.core.api.Assertions.within(1e-2f));
    }
  }

  @Test
  void refinementTakesWholeBatchesOfTheNetwork() throws IOException {
    Dataset data = arrays(false);
    ReconstructionMethod.Settings usual = ReconstructionMethod.defaults(Method.FALCON);
    float[] fixed =
        prune(
                Graphs.perceptron(1, new Dimension.Fixed(5), new Dimension.Fixed(FEATURES)),
                data,
                usual,
                65)
            .network()
            .tensor("w1")
            .toFloats();
    float[] open =
        prune(Graphs.perceptron(1), data, usual.withBatch(35), 65)
            .network()
            .tensor("w1")
            .toFloats();
    float[] other = prune(Graphs.perceptron(1), data, usual, 65).network().tensor("w1").toFloats();
    assertThat(distance(fixed, open)).isLessThan(0.1 * distance(other, open));
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.pow(a[i] - b[i], 2);
    }
    return Math.sqrt(sum);
  }

  @Test
  void lossOnLabelsNeedsThem() throws IOException {
    Dataset unlabelled = arrays(false);
    assertThatThrownBy(
            () -> NetworkWithData.of(Graphs.perceptron(3), unlabelled, null, Loss.LABELS))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("‹loss› labels needs classes")
        .hasMessageContaining("Say ‹loss› self");
  }

  @Test
  void accuracyWithoutLabelsIsRefusedWithAdvice() throws IOException {
    var evaluator = new Evaluator(arrays(false), null, 1);
    assertThatThrownBy(() ->
            evaluator.evaluate(Graphs.perceptron(3), Evaluator.Part.VALIDATION, Progress.SILENT))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("‹reference› DENSE.onnx");
  }

  @Test
  void networkComparedWithItselfAgreesInAll() throws IOException {
    var evaluator = new Evaluator(arrays(false), null, 1);
    Evaluator.Comparison same =
        evaluator.compare(
            Graphs.perceptron(3), Graphs.perceptron(3), Evaluator.Part.TRAIN, Progress.SILENT);
    assertThat(same.measure()).isEqualTo(Measure.AGREEMENT);
    assertThat(same.samples()).isEqualTo(SAMPLES);
    assertThat(same.percent()).isEqualTo(100);
    assertThat(same.fidelity()).isEqualTo(100);
  }

  @Test
  void arraysOfAnotherShapeAreRefusedWithBoth() throws IOException {
    Dataset data = arrays(false);
    Network wider = Graphs.perceptron(3).withExampleShapes(Map.of());
    assertThatThrownBy(() ->
            NetworkWithData.of(
                ExampleShapes.parse("x=6").appliedTo(renamed(wider, 7)), data, null, Loss.AUTO))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("‹input shape› x=6");
    assertThatThrownBy(() -> NetworkWithData.of(renamed(wider, 7), data, null, Loss.AUTO))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("The network takes [x FLOAT32[n, 7]]")
        .hasMessageContaining("is x [6]");
  }

  @Test
  void openAxesHaveTheSizesOfTheData() throws IOException {
    Network open =
        Graphs.perceptron(3, new Dimension.Symbolic("n"), new Dimension.Symbolic("features"));
    assertThat(Layers.of(open).isCounted()).isFalse();
    assertThat(Layers.of(open).all().getFirst().uncountedReason()).contains("(‹input shape›)");
    assertThat(
            Layers.of(NetworkWithData.of(open, arrays(false), null, Loss.AUTO).network())
                .totalMacs())
        .isEqualTo(Layers.of(Graphs.perceptron(3)).totalMacs());
    assertThat(Layers.of(ExampleShapes.parse("6").appliedTo(open)).totalMacs())
        .isEqualTo(Layers.of(Graphs.perceptron(3)).totalMacs());
  }

  @Test
  void outputThatCountsIsTheFirstRealOneOrTheNamedOne() {
    Network.Builder builder =
        Graphs.network("two", FEATURES)
            .output(new ValueInfo("x", DataType.INT64, null))
            .output(new ValueInfo("x", DataType.FLOAT32, null));
    assertThat(MainOutput.of(builder.build()).type()).isEqualTo(DataType.FLOAT32);
    Network named = Graphs.perceptron(3).withMetadata(Map.of(MainOutput.METADATA, "h2"));
    assertThatThrownBy(() -> MainOutput.of(named))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the network has no output 'h2'");
  }

  @Test
  void missingScratchFolderIsSaidToBeMissing() throws IOException {
    var options =
        PruningOptions.builder()
            .method(Method.FALCON)
            .refit(Refit.BACKSOLVE)
            .scratch(folder.resolve("nowhere"))
            .build();
    Dataset data = arrays(true);
    assertThatThrownBy(() ->
            Falcon.prune(Graphs.perceptron(3), data, BudgetRequest.macs(0.5))
                .options(options)
                .plan())
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.USAGE))
        .hasMessageContaining("there is no such folder.");
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 8})
  void refinementThatDoesHarmIsNotTakenHoweverFewSamplesTellSo(int count) throws IOException {
    Dataset data = arrays(false, count);
    int heldOut = Splits.of(data.train()).validation().length;
    int samples = count / 2;
    ReconstructionMethod.Settings usual = ReconstructionMethod.defaults(Method.FALCON);
    PrunedNetwork plain = prune(Graphs.perceptron(1), data, usual.withSteps(0), samples);
    PrunedNetwork spoilt =
        prune(Graphs.perceptron(1), data, usual.withSteps(3).withLearningRate(3), samples);
    assertThat(spoilt.network().tensor("w1")).isEqualTo(plain.network().tensor("w1"));
    assertThat(spoilt.report().stages().getFirst().notes())
        .filteredOn(StageNote.HarmfulRefinement.class::isInstance)
        .singleElement()
        .isInstanceOfSatisfying(
            StageNote.HarmfulRefinement.class,
            note -> {
              assertThat(note.samples()).isEqualTo(heldOut);
              assertThat(note.after()).isLessThan(note.before());
            });
  }

  @Test
  void refinementThatHelpsIsTaken() throws IOException {
    Dataset data = arrays(false);
    ReconstructionMethod.Settings usual = ReconstructionMethod.defaults(Method.FALCON);
    PrunedNetwork plain = prune(Graphs.perceptron(1), data, usual.withSteps(0), 65);
    PrunedNetwork helped = prune(Graphs.perceptron(1), data, usual, 65);
    assertThat(helped.network().tensor("w1")).isNotEqualTo(plain.network().tensor("w1"));
    assertThat(helped.report().stages().getFirst().notes()).isEmpty();
  }

  private static PrunedNetwork prune(
      Network network, Dataset data, ReconstructionMethod.Settings settings, int samples) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.5))
        .options(PruningOptions.builder().method(Method.FALCON).samples(samples).threads(1).build())
        .method(new ReconstructionMethod(settings, MaskProjection.EXACT))
        .run();
  }

  private static PrunedNetwork prune(Network network, Dataset data, Loss loss) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.5))
        .options(
            PruningOptions.builder()
                .method(Method.FALCON)
                .loss(loss)
                .samples(64)
                .threads(1)
                .build())
        .run();
  }

  /// The same network for another number of features; its weights do not fit.
  private static Network renamed(Network network, long features) {
    Network.Builder builder = Graphs.network(network.name(), features);
    network.initializers().forEach(builder::initializer);
    network.nodes().forEach(builder::node);
    network.outputs().forEach(builder::output);
    return builder.build();
  }

  private Dataset arrays(boolean isLabelled) throws IOException {
    return arrays(isLabelled, SAMPLES);
  }

  private Dataset arrays(boolean isLabelled, int samples) throws IOException {
    var random = new SplittableRandom(11);
    var features = ByteBuffer.allocate(4 * samples * FEATURES).order(ByteOrder.LITTLE_ENDIAN);
    var labels = ByteBuffer.allocate(8 * samples).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < samples; i++) {
      labels.putLong(i % 3);
      for (int f = 0; f < FEATURES; f++) {
        features.putFloat((float) (random.nextGaussian() + (f % 3 == i % 3 ? 1 : 0)));
      }
    }
    Path file = folder.resolve(isLabelled ? "labelled.npz" : "plain.npz");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("x.npy"));
      zip.write(NpyBytes.of("<f4", List.of((long) samples, (long) FEATURES), features.array()));
      if (isLabelled) {
        zip.putNextEntry(new ZipEntry("labels.npy"));
        zip.write(NpyBytes.of("<i8", List.of((long) samples), labels.array()));
      }
    }
    return Datasets.open(file);
  }
}
