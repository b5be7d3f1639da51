package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.prune.Falcon;
import falcon.prune.SmallProblem;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.RetrainingLoss;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.options.RetrainingSchedule;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.RetrainingReport;
import falcon.prune.report.StageNote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Retrainings that are broken off wherever their state has just been kept, and resumed. The clock
/// runs so fast that every step is kept.
@Tag("native")
class ResumedRetrainingTest {
  private static final int EPOCHS = 2;

  @TempDir private Path folder;
  private final Network network = SmallProblem.network();
  private Dataset data;
  private RetrainingSchedule schedule = RetrainingSchedule.ONE_SHOT;
  private long nanos;

  @BeforeEach
  void writeData() throws IOException {
    data = SmallProblem.dataset(Files.createDirectories(folder.resolve("data")));
  }

  @Test
  void endsWithTheSameBitsWhereverItIsBrokenOff() {
    assertThat(placesOfRunThatEndsWithTheSameBits())
        .startsWith("stage 2 of 2")
        .contains(
            "step 2 of 8 of the retraining of stage 2 of 2",
            "step 6 of 8 of the retraining of stage 2 of 2")
        .endsWith("the end of the pruning");
  }

  @Test
  void gradualRetrainingEndsWithTheSameBits() {
    schedule = RetrainingSchedule.GRADUAL;
    assertThat(placesOfRunThatEndsWithTheSameBits())
        .startsWith("stage 2 of 4")
        .contains(
            "step 2 of 4 of the retraining of stage 2 of 4",
            "stage 4 of 4",
            "step 2 of 4 of the retraining of stage 4 of 4")
        .endsWith("the end of the pruning");
  }

  /// Returns where a run was broken off, again and again.
  private List<String> placesOfRunThatEndsWithTheSameBits() {
    PrunedNetwork whole = run(StageStore.NONE, 2);
    List<String> places = new ArrayList<>();
    PrunedNetwork last = null;
    while (last == null) {
      assertThat(places).as("endless").hasSizeLessThan(50);
      last = unlessBroken(1 + places.size() % 3, places);
    }
    assertThat(last.network().initializers()).isEqualTo(whole.network().initializers());
    assertThat(last.mask()).isEqualTo(whole.mask());
    assertThat(last.report().validation()).isEqualTo(whole.report().validation());
    RetrainingReport found = report(last);
    RetrainingReport wanted = report(whole);
    assertThat(found.search()).isEqualTo(wanted.search());
    assertThat(found.taken()).isEqualTo(wanted.taken());
    assertThat(found.epochs().stream().map(RetrainingReport.Epoch::heldOutLoss))
        .isEqualTo(wanted.epochs().stream().map(RetrainingReport.Epoch::heldOutLoss).toList());
    return places;
  }

  private static RetrainingReport report(PrunedNetwork pruned) {
    return pruned.report().stages().getLast().notes().stream()
        .filter(StageNote.Retrained.class::isInstance)
        .map(note -> ((StageNote.Retrained) note).report())
        .findFirst()
        .orElseThrow();
  }

  private @Nullable PrunedNetwork unlessBroken(int threads, List<String> places) {
    try {
      return run(
          store(place -> {
            boolean isKept = !place.matches("step \\d+ of the retraining.*"); // else it was read
            if (isKept && !places.contains(place)) {
              places.add(place);
              throw new BrokenOff();
            }
          }),
          threads);
    } catch (BrokenOff _) {
      return null;
    }
  }

  private PrunedNetwork run(StageStore store, int threads) {
    return Falcon.prune(network, data, BudgetRequest.macs(0.3))
        .options(options(threads))
        .stages(store)
        .progress(
            new Progress() {
              @Override
              public void advance(long done) {
                nanos += Duration.ofSeconds(70).toNanos();
              }
            })
        .run();
  }

  private PruningOptions options(int threads) {
    RetrainingOptions usual =
        RetrainingOptions.of(EPOCHS).withLoss(RetrainingLoss.BOTH).withSchedule(schedule);
    RetrainingOptions.Stepping stepping = usual.stepping();
    return PruningOptions.builder()
        .method(Method.MAGNITUDE)
        .threads(threads)
        .stages(schedule == RetrainingSchedule.GRADUAL ? 2 : null)
        .retraining(
            usual.withStepping(
                new RetrainingOptions.Stepping(
                    stepping.optimizer(),
                    64,
                    stepping.weightDecay(),
                    new RetrainingOptions.Rate(
                        0.01, stepping.rate().decay(), stepping.rate().warmUp()))))
        .build();
  }

  private ResumableStages store(Consumer<String> listener) {
    PruningOptions options = options(2);
    var description =
        RunDescription.builder(
                network,
                Falcon.prune(network, data, BudgetRequest.macs(0.3)).options(options).plan(),
                options)
            .build();
    var store =
        new ResumableStages(
            folder.resolve("stages"), description, () -> nanos += Duration.ofSeconds(2).toNanos());
    store.onKept(listener);
    return store;
  }

  private static final class BrokenOff extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
