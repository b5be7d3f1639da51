package falcon.prune.method;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.data.Splits;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.projection.group.LayerLimits;
import falcon.prune.Falcon;
import falcon.prune.Graphs;
import falcon.prune.NpyBytes;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.evaluation.DenseStatistics;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.options.Progress;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Clock;
import falcon.prune.report.StageNote;
import falcon.torch.kernel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Outcomes whose outputs are the dense network's times a factor: the squared error is (1 −
/// factor)².
@Tag("native")
class OutcomeSelectionTest {
  private static final Network DENSE = Graphs.linear(Graphs.noise(new SplittableRandom(2), 6, 2));

  @TempDir Path folder;
  private final Workers workers = new Workers(1);

  @AfterEach
  void close() {
    workers.close();
  }

  @Test
  void theOutcomeOfSmallerErrorIsTaken() throws IOException {
    PruningMethod.Outcome near = outcome(0.9f);
    PruningMethod.Outcome far = outcome(0.5f);
    PruningMethod.Outcome searched = selection(100).better(near, far);
    assertThat(searched.network()).isSameAs(near.network());
    assertThat(searched.notes())
        .singleElement()
        .isInstanceOfSatisfying(
            StageNote.SupportChoice.class, note -> assertThat(note.isSearched()).isTrue());
    PruningMethod.Outcome start = selection(100).better(far, near);
    assertThat(start.network()).isSameAs(near.network());
    assertThat(start.notes())
        .singleElement()
        .isInstanceOfSatisfying(
            StageNote.SupportChoice.class, note -> assertThat(note.isSearched()).isFalse());
  }

  @Test
  void theSearchIsTakenWhereBothAreEqual() throws IOException {
    PruningMethod.Outcome searched = outcome(0.7f);
    assertThat(selection(100).better(searched, outcome(0.7f)).network())
        .isSameAs(searched.network());
  }

  @Test
  void aRefinementThatHelpsIsTaken() throws IOException {
    PruningMethod.Outcome before = outcome(0.8f);
    Network refined = times(0.9f);
    PruningMethod.Outcome after = selection(100).unlessHarmful(before, refined);
    assertThat(after.network()).isSameAs(refined);
    assertThat(after.projection()).isSameAs(before.projection());
    assertThat(after.notes()).isEmpty();
  }

  @Test
  void aRefinementThatDoesHarmIsNot() throws IOException {
    PruningMethod.Outcome before = outcome(0.8f);
    PruningMethod.Outcome after = selection(100).unlessHarmful(before, times(0.6f));
    assertThat(after.network()).isSameAs(before.network());
    assertThat(after.notes()).singleElement().isInstanceOf(StageNote.HarmfulRefinement.class);
  }

  @Test
  void moreThanTwiceTheErrorIsHarmWhateverTheChance() throws IOException {
    PruningMethod.Outcome before = outcome(0.8f);
    assertThat(selection(2).unlessHarmful(before, times(0.7f)).network())
        .as("one sample, 2.25 times the error")
        .isSameAs(before.network());
    Network little = times(0.75f);
    assertThat(selection(2).unlessHarmful(before, little).network())
        .as("one sample, 1.56 times the error: may be chance")
        .isSameAs(little);
  }

  @Test
  void withoutHeldOutSamplesNothingIsTurnedDown() throws IOException {
    PruningMethod.Outcome far = outcome(0.1f);
    PruningMethod.Outcome near = outcome(0.9f);
    assertThat(selection(1).better(far, near)).isSameAs(far);
    assertThat(selection(1).unlessMagnitudeIsBetter(far, near)).isSameAs(far);
    Network refined = times(0.1f);
    assertThat(selection(1).unlessHarmful(near, refined).network()).isSameAs(refined);
  }

  @Test
  void magnitudeIsTakenWhereItsErrorIsSmaller() throws IOException {
    PruningMethod.Outcome found = outcome(0.5f).withNote(new StageNote.Remark("before"));
    PruningMethod.Outcome magnitude = outcome(0.9f);
    PruningMethod.Outcome taken = selection(20).unlessMagnitudeIsBetter(found, magnitude);
    assertThat(taken.network()).isSameAs(magnitude.network());
    assertThat(taken.projection()).isSameAs(magnitude.projection());
    assertThat(taken.notes()).hasSize(2).startsWith(new StageNote.Remark("before"));
    assertThat(taken.notes().getLast())
        .isInstanceOfSatisfying(
            StageNote.MagnitudeChoice.class,
            note -> {
              assertThat(note.samples()).isEqualTo(8);
              assertThat(note.measure()).isEqualTo("fidelity");
            });
  }

  @Test
  void whatWasFoundStaysWhereMagnitudeIsNoBetter() throws IOException {
    PruningMethod.Outcome found = outcome(0.9f);
    assertThat(selection(20).unlessMagnitudeIsBetter(found, outcome(0.5f))).isSameAs(found);
    assertThat(selection(20).unlessMagnitudeIsBetter(found, outcome(0.9f))).isSameAs(found);
  }

  /// A factor below zero exchanges the two classes of every sample.
  @Test
  void theRunsOwnMeasureDecidesWhereItTellsThemApart() throws IOException {
    PruningMethod.Outcome near = outcome(-0.5f); // error 2.25, all classes wrong
    PruningMethod.Outcome far = outcome(3f); // error 4, all classes right
    PruningMethod.Outcome taken = selection(40, Loss.SELF).unlessMagnitudeIsBetter(near, far);
    assertThat(taken.network()).isSameAs(far.network());
    assertThat(taken.notes())
        .singleElement()
        .isInstanceOfSatisfying(
            StageNote.MagnitudeChoice.class,
            note -> assertThat(note.measure()).isEqualTo("agreement"));
    assertThat(selection(40, Loss.SELF).unlessMagnitudeIsBetter(far, near)).isSameAs(far);
    assertThat(selection(40, Loss.OUTPUTS).unlessMagnitudeIsBetter(far, near).network())
        .as("by the error alone")
        .isSameAs(near.network());
  }

  private OutcomeSelection selection(int samples) throws IOException {
    return selection(samples, Loss.OUTPUTS);
  }

  /// @param samples in all, of which [Splits] holds some out
  private OutcomeSelection selection(int samples, Loss loss) throws IOException {
    Path file = folder.resolve("x%d.npy".formatted(samples));
    Files.write(file, NpyBytes.noise(new SplittableRandom(3), samples, 6));
    Dataset data = Datasets.open(file);
    NetworkWithData match = NetworkWithData.of(DENSE, data, null, loss);
    return new OutcomeSelection(
        new PruningMethod.Setting(
            DENSE,
            plan(),
            new CalibrationSamples(match, Splits.of(data.train()), 1),
            DenseStatistics.ofOneRun(),
            new PruningMethod.Tools(
                workers, Progress.SILENT, new Clock(), folder, StageCheckpoints.NONE)),
        64);
  }

  private static PruningPlan plan() {
    return Falcon.prune(DENSE, BudgetRequest.macs(0.5)).plan();
  }

  private PruningMethod.Outcome outcome(float factor) {
    PruningPlan plan = plan();
    float[] weights = WeightVector.of(DENSE, plan.costs());
    Projection projection =
        MaskProjection.EXACT
            .apply(workers, LayerLimits.NONE)
            .project(Saliency.squares(weights), plan.costs(), plan.budget());
    return new PruningMethod.Outcome(times(factor), projection, null, List.of());
  }

  private static Network times(float factor) {
    float[] weights = DENSE.tensor("w").toFloats();
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= factor;
    }
    return DENSE.withTensors(Map.of("w", DENSE.tensor("w").withFloats(weights)));
  }
}
