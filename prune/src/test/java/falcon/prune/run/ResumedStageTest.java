package falcon.prune.run;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.Falcon;
import falcon.prune.SmallProblem;
import falcon.prune.SuiteNetwork;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs that are broken off inside of a stage, by an exception where something has just
/// been kept, and resumed. The clock runs so fast that every part and every step is kept.
@Tag("native")
class ResumedStageTest {
  private static final int STEPS = 6;

  @TempDir Path folder;
  private Network network = SmallProblem.network();
  private Dataset data;
  private ReconstructionMethod.Settings settings =
      ReconstructionMethod.defaults(Method.FALCON).withSteps(STEPS).withSearchSteps(3);
  private int stages = 1;
  private double macs = 0.3;
  private long nanos;

  @BeforeEach
  void writeData() throws IOException {
    data = SmallProblem.dataset(Files.createDirectories(folder.resolve("data")));
  }

  @ParameterizedTest(name = "{0} stages")
  @ValueSource(ints = {1, 2})
  void aRunThatIsBrokenOffWhereverSomethingWasKeptEndsWithTheSameBits(int count) {
    stages = count;
    PrunedNetwork whole = run(StageStore.NONE, 2, new Recorded());
    List<String> places = new ArrayList<>();
    PrunedNetwork last = null;
    while (last == null) {
      assertThat(places).as("endless").hasSizeLessThan(100);
      last = unlessBroken(1 + places.size() % 3, placeOnce(places));
    }
    requireSame(last, whole);
    String of = count == 1 ? "" : " of stage 1 of 2";
    assertThat(places)
        .startsWith(
            "the end of the support search" + of,
            "the end of the reconstruction" + of,
            "step 2 of 6 of the refinement" + of,
            "step 3 of 6 of the refinement" + of)
        .contains("the end of the refinement" + of)
        .endsWith("the end of the pruning");
    assertThat(folder.resolve("stages").toFile().list())
        .as("checkpoints of finished stages are removed")
        .allMatch(name -> name.matches("\\d\\d"));
  }

  @Test
  void aRecurrentNetworkWithTwoReconstructionsGoesOnFromEither() throws IOException {
    SuiteNetwork gru =
        SuiteNetwork.all().stream()
            .filter(each -> each.name().equals("gru"))
            .findFirst()
            .orElseThrow();
    network = Networks.read(gru.file());
    data = gru.data(Files.createDirectories(folder.resolve("gru")), 200);
    macs = 0.1;
    PrunedNetwork whole = run(StageStore.NONE, 2, new Recorded());
    List<String> places = new ArrayList<>();
    PrunedNetwork last = null;
    while (last == null) {
      assertThat(places).as("endless").hasSizeLessThan(100);
      last = unlessBroken(1, placeOnce(places));
    }
    requireSame(last, whole);
    assertThat(places)
        .contains("the end of the reconstruction", "the end of the second reconstruction");
  }

  @Test
  void whatIsKeptIsNotComputedAgain() {
    broken("step 4 of 6 of the refinement");
    var heard = new Recorded();
    run(store(place -> {}), 2, heard);
    assertThat(heard.lines)
        .contains("refine goes on after 3", "refine from 4")
        .noneMatch(line -> line.startsWith("reconstruct"))
        .anyMatch(line ->
            line.matches(
                "going on from the end of the reconstruction, kept in .*/stages/01\\.begun/reconstruction\\.safetensors"))
        .anyMatch(line ->
            line.matches(
                "going on from step 4 of the refinement, kept in .*/01\\.begun/refinement\\.safetensors"));
  }

  @Test
  void aDamagedFileIsNamedAndItsPartComputedAgain() throws IOException {
    PrunedNetwork whole = run(StageStore.NONE, 2, new Recorded());
    broken("step 4 of 6 of the refinement");
    Path file = folder.resolve("stages/01.begun/refinement.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    var heard = new Recorded();
    requireSame(run(store(place -> {}), 1, heard), whole);
    assertThat(heard.warnings)
        .containsExactly(
            file
                + " is damaged: its SHA-256 is not the one it was written with; it is not used, and the refinement begins again.");
    assertThat(heard.lines).contains("refine from 1");
  }

  @Test
  void filesOfAWayWithOtherSettingsAreNotUsed() {
    broken("step 4 of 6 of the refinement");
    settings = settings.withLearningRate(0.02);
    PrunedNetwork whole = run(StageStore.NONE, 2, new Recorded());
    var heard = new Recorded();
    requireSame(run(store(place -> {}), 2, heard), whole);
    assertThat(heard.warnings)
        .hasSize(3)
        .allMatch(warning -> warning.contains(" is of another run; it is not used"));
  }

  @Test
  void filesThatCannotBeWrittenAreWarnedOfOnce() throws IOException {
    PrunedNetwork whole = run(StageStore.NONE, 2, new Recorded());
    Files.createDirectories(folder.resolve("stages"));
    Files.createFile(folder.resolve("stages/01.begun"));
    var heard = new Recorded();
    requireSame(run(store(place -> {}), 2, heard), whole);
    assertThat(heard.warnings).hasSize(1);
    assertThat(heard.warnings.getFirst())
        .contains("01.begun")
        .endsWith(
            "The run goes on; if it is broken off, what could not be written is computed again.");
  }

  @Test
  void whatAKilledProcessLeftBehindIsRemovedAndForeignFilesStay() throws IOException {
    broken("step 4 of 6 of the refinement");
    Path begun = folder.resolve("stages/01.begun");
    Files.createFile(begun.resolve(".refinement.safetensors.tmp0"));
    Path foreign = Files.createFile(begun.resolve("Notes.txt"));
    run(store(place -> {}), 2, new Recorded());
    try (var files = Files.list(begun)) {
      assertThat(files).containsExactly(foreign);
    }
  }

  private static void requireSame(PrunedNetwork found, PrunedNetwork whole) {
    assertThat(found.mask()).isEqualTo(whole.mask());
    assertThat(found.network().initializers()).isEqualTo(whole.network().initializers());
    assertThat(found.report().certificate()).isEqualTo(whole.report().certificate());
    assertThat(found.report().validation()).isEqualTo(whole.report().validation());
    assertThat(found.report().stages().stream().map(Report.StageReport::notes))
        .isEqualTo(whole.report().stages().stream().map(Report.StageReport::notes).toList());
  }

  /// Breaks off where a place is heard of for the first time.
  private static Consumer<String> placeOnce(List<String> places) {
    return place -> {
      boolean isKept = !place.matches("step \\d+ of the refinement.*"); // else it was read
      if (isKept && !places.contains(place)) {
        places.add(place);
        throw new BrokenOff();
      }
    };
  }

  private void broken(String where) {
    assertThat(
            unlessBroken(
                2,
                place -> {
                  if (place.equals(where)) {
                    throw new BrokenOff();
                  }
                }))
        .as("not broken off at " + where)
        .isNull();
  }

  private @Nullable PrunedNetwork unlessBroken(int threads, Consumer<String> listener) {
    try {
      return run(store(listener), threads, new Recorded());
    } catch (BrokenOff _) {
      return null;
    }
  }

  private PrunedNetwork run(StageStore store, int threads, Recorded progress) {
    return Falcon.prune(network, data, BudgetRequest.macs(macs))
        .options(options(threads))
        .method(new ReconstructionMethod(settings, MaskProjection.EXACT))
        .stages(store)
        .progress(progress)
        .run();
  }

  private PruningOptions options(int threads) {
    return PruningOptions.builder()
        .method(stages == 1 ? Method.FALCON : Method.FALCON_PLUS_PLUS)
        .stages(stages == 1 ? null : stages)
        .loss(Loss.SELF)
        .samples(64)
        .threads(threads)
        .build();
  }

  private ResumableStages store(Consumer<String> listener) {
    PruningOptions options = options(2);
    var description =
        RunDescription.builder(
                network,
                Falcon.prune(network, data, BudgetRequest.macs(macs)).options(options).plan(),
                options)
            .command("./falcon prune")
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

  /// Remembers what it hears; a step takes more than a minute.
  private final class Recorded implements Progress {
    private final List<String> lines = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private @Nullable String begun;

    @Override
    public void begin(String phase, long steps) {
      begun = phase;
    }

    @Override
    public void advance(long done) {
      nanos += Duration.ofSeconds(70).toNanos();
      if (begun != null) {
        lines.add("%s from %d".formatted(begun, done));
        begun = null;
      }
    }

    @Override
    public void goOn(long done) {
      lines.add("%s goes on after %d".formatted(begun, done));
    }

    @Override
    public void note(String message) {
      lines.add(Objects.requireNonNull(message));
    }

    @Override
    public void warn(String message) {
      warnings.add(message);
    }
  }
}
