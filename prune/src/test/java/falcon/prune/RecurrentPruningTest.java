package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Loss;
import falcon.prune.options.Method;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.StageNote;
import falcon.prune.run.StageFolder;
import falcon.prune.run.StageStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Recurrent networks on noise: two supports are re-fitted, held-out samples decide.
@Tag("native")
class RecurrentPruningTest {
  private static final int SAMPLES = 600;

  private static final ReconstructionMethod.Settings UNREFINED =
      ReconstructionMethod.defaults(Method.FALCON).withSteps(0);

  @TempDir private Path folder;
  private SuiteNetwork suite;
  private Dataset data;

  @BeforeEach
  void drawSamples() throws IOException {
    use("gru");
  }

  private void use(String name) throws IOException {
    suite =
        SuiteNetwork.all().stream()
            .filter(each -> each.name().equals(name))
            .findFirst()
            .orElseThrow();
    data = suite.data(Files.createDirectories(folder.resolve(name)), SAMPLES);
  }

  @ParameterizedTest(name = "{0} at {1}")
  @CsvSource({"gru, 0.05, false", "lstm, 0.07, true"})
  void theSupportWithTheBetterOutputsIsTaken(String name, double macs, boolean searchWins)
      throws IOException {
    use(name);
    PrunedNetwork pruned = run(macs, UNREFINED, 1, 1, StageStore.NONE);
    StageNote.SupportChoice choice = choice(pruned);
    boolean isSearched = choice.isSearched();
    assertThat(choice.samples()).isEqualTo(60);
    assertThat(isSearched).as(choice.text()).isEqualTo(searchWins);
    assertThat(isSearched ? choice.searched() : choice.greatest())
        .isEqualTo(Math.max(choice.searched(), choice.greatest()));
    PrunedNetwork start = run(macs, UNREFINED.withSearchSteps(1), 1, 1, StageStore.NONE);
    assertThat(start.report().stages().getFirst().notes()).isEmpty();
    assertThat(pruned.mask().equals(start.mask())).isEqualTo(!isSearched);
    assertThat(pruned.network().initializers().equals(start.network().initializers()))
        .isEqualTo(!isSearched);
  }

  @Test
  void aRunThatIsResumedBehindTheChoiceWritesTheSameBytes() throws IOException {
    PrunedNetwork whole = run(0.1, UNREFINED, 2, 2, store("whole"));
    Path resumed = folder.resolve("resumed");
    Files.createDirectories(resumed.resolve("01"));
    try (var files = Files.list(folder.resolve("whole/01"))) {
      for (Path file : files.toList()) {
        Files.copy(file, resumed.resolve("01").resolve(Objects.requireNonNull(file.getFileName())));
      }
    }
    PrunedNetwork rest = run(0.1, UNREFINED, 2, 1, store("resumed"));
    assertThat(bytes(rest.network())).isEqualTo(bytes(whole.network()));
    assertThat(rest.mask()).isEqualTo(whole.mask());
    assertThat(choice(rest)).isEqualTo(choice(whole));
    assertThat(rest.report().stages().get(1).notes()).isEmpty();
  }

  @Test
  void threadsChangeNoBitOfTheChoice() {
    PrunedNetwork one = run(0.1, UNREFINED, 1, 1, StageStore.NONE);
    PrunedNetwork three = run(0.1, UNREFINED, 1, 3, StageStore.NONE);
    assertThat(three.network().initializers()).isEqualTo(one.network().initializers());
    assertThat(choice(three)).isEqualTo(choice(one));
  }

  private static StageNote.SupportChoice choice(PrunedNetwork pruned) {
    List<StageNote> notes = pruned.report().stages().getFirst().notes();
    assertThat(notes).hasSize(1);
    return (StageNote.SupportChoice) notes.getFirst();
  }

  private StageStore store(String name) {
    Network network = Networks.read(suite.file());
    List<PruningPlan.PrunableLayer> layers =
        Falcon.prune(network, data, BudgetRequest.macs(0.1)).options(options(2, 1)).plan().layers();
    return new StageFolder(folder.resolve(name), network, layers);
  }

  private byte[] bytes(Network network) throws IOException {
    Path file = folder.resolve("written.onnx");
    Networks.write(network, file);
    return Files.readAllBytes(file);
  }

  private PrunedNetwork run(
      double macs,
      ReconstructionMethod.Settings settings,
      int stages,
      int threads,
      StageStore store) {
    return Falcon.prune(Networks.read(suite.file()), data, BudgetRequest.macs(macs))
        .options(options(stages, threads))
        .method(new ReconstructionMethod(settings, MaskProjection.EXACT))
        .stages(store)
        .run();
  }

  private static PruningOptions options(int stages, int threads) {
    return PruningOptions.builder()
        .method(stages == 1 ? Method.FALCON : Method.FALCON_PLUS_PLUS)
        .stages(stages == 1 ? null : stages)
        .loss(Loss.SELF)
        .samples(128)
        .threads(threads)
        .build();
  }
}
