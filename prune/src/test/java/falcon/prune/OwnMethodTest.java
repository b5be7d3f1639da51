package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.budget.Budget;
import falcon.budget.CostTable;
import falcon.budget.SparsityPattern;
import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.projection.Projection;
import falcon.projection.pattern.PatternItems;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.Saliency;
import falcon.prune.method.WeightVector;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.PruningOptions;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.StageNote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A method that a program brings along, written with what is public outside of its package.
@Tag("native")
class OwnMethodTest {
  private static final Network NETWORK = Graphs.perceptron(3);

  @TempDir Path folder;

  /// Keeps the weights of greatest |w| and re-fits nothing, as in the documentation.
  private static PruningMethod absolute() {
    PruningMethod absolute =
        (setting, stage, present) -> {
          CostTable costs = setting.plan().costs();
          float[] weights = WeightVector.of(present, costs);
          float[] saliency = new float[weights.length];
          for (int i = 0; i < weights.length; i++) {
            saliency[i] = Math.abs(weights[i]);
          }
          Projection projection =
              MaskProjection.EXACT
                  .apply(setting.workers(), setting.plan().limits())
                  .project(saliency, costs, setting.plan().stageBudgets().get(stage));
          Network pruned = WeightVector.into(present, weights, projection.mask(), costs);
          return new PruningMethod.Outcome(pruned, projection, null, List.of());
        };
    return absolute;
  }

  @Test
  void chooses() throws IOException {
    PrunedNetwork pruned = pruning(1).method(absolute()).run();
    CostTable costs = pruned.plan().costs();
    float[] weights = WeightVector.of(NETWORK, costs);
    float leastKept = Float.POSITIVE_INFINITY;
    float greatestPruned = 0;
    for (int i = 0; i < weights.length; i++) {
      float size = Math.abs(weights[i]);
      if (pruned.mask().isKept(i)) {
        leastKept = Math.min(leastKept, size);
      } else {
        greatestPruned = Math.max(greatestPruned, size);
      }
    }
    assertThat(leastKept).isGreaterThan(greatestPruned); // every weight costs one MAC
    assertThat(pruned.report().macs().used()).isEqualTo(pruned.plan().budget().maxMacs());
    assertThat(pruned.network().initializers())
        .isEqualTo(WeightVector.into(NETWORK, weights, pruned.mask(), costs).initializers());
  }

  @Test
  void isAskedForEachStageWithWhatTheStageBeforeGave() throws IOException {
    List<Network> given = new ArrayList<>();
    List<Network> returned = new ArrayList<>();
    PruningMethod method =
        (setting, stage, present) -> {
          assertThat(stage).isEqualTo(given.size());
          given.add(present);
          PruningMethod.Outcome outcome =
              absolute().run(setting, stage, present).withNote(note(stage));
          returned.add(outcome.network());
          return outcome;
        };
    PrunedNetwork pruned = pruning(3).method(method).run();
    assertThat(given).hasSize(3);
    assertThat(given.get(1)).isSameAs(returned.get(0));
    assertThat(given.get(2)).isSameAs(returned.get(1));
    assertThat(pruned.network().initializers()).isEqualTo(returned.get(2).initializers());
    assertThat(pruned.report().stages().stream().map(Report.StageReport::notes))
        .containsExactly(List.of(note(0)), List.of(note(1)), List.of(note(2)));
    assertThat(pruned.report().stages().stream().map(Report.StageReport::nnz))
        .isSortedAccordingTo((a, b) -> Long.compare(b, a));
  }

  @Test
  void isRefusedIfTheMaskIsOverTheBudgetOrAWeightIsLeft() throws IOException {
    PruningMethod keepsAll =
        (setting, stage, present) -> {
          CostTable costs = setting.plan().costs();
          Projection all =
              MaskProjection.EXACT
                  .apply(setting.workers(), setting.plan().limits())
                  .project(
                      new float[costs.weightCount()],
                      costs,
                      new Budget(costs.weightCount(), costs.totalMacs()));
          return new PruningMethod.Outcome(present, all, null, List.of());
        };
    assertThatThrownBy(() -> pruning(1).method(keepsAll).run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the mask of stage 0")
        .hasMessageContaining("not within its budget");

    PruningMethod leavesWeights =
        (setting, stage, present) ->
            new PruningMethod.Outcome(
                present, absolute().run(setting, stage, present).projection(), null, List.of());
    assertThatThrownBy(() -> pruning(1).method(leavesWeights).run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("though the mask does not keep it");
  }

  @Test
  void patternIsThatOfTheLimitsAndIsRequired() throws IOException {
    PruningOptions halves =
        PruningOptions.builder()
            .samples(20)
            .threads(1)
            .pattern(new SparsityPattern.AtMost(2, 4))
            .build();
    PrunedNetwork pruned = pruning(1).options(halves).method(absolute()).run();
    assertThat(
            PatternItems.of(pruned.plan().costs(), pruned.plan().limits())
                .violatedIn(pruned.mask()))
        .isNull();
    assertThat(pruned.mask().keptCount()).isEqualTo(72);
    PruningMethod scattered =
        (setting, stage, present) -> {
          CostTable costs = setting.plan().costs();
          float[] weights = WeightVector.of(present, costs);
          Projection projection =
              MaskProjection.EXACT
                  .apply(setting.workers(), setting.plan().limits().withPattern(null))
                  .project(
                      Saliency.squares(weights), costs, setting.plan().stageBudgets().get(stage));
          return new PruningMethod.Outcome(
              WeightVector.into(present, weights, projection.mask(), costs),
              projection,
              null,
              List.of());
        };
    assertThatThrownBy(() -> pruning(1).options(halves).method(scattered).run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("does not have the pattern '2:4' in layer 'w");
  }

  @Test
  void theDocumentationHasTheSameCode() throws IOException {
    Matcher documented =
        Pattern.compile("/// ```java\\n(.*?)/// ```", Pattern.DOTALL)
            .matcher(
                Files.readString(Path.of("src/main/java/falcon/prune/method/PruningMethod.java")));
    assertThat(documented.find()).isTrue();
    String here = Files.readString(Path.of("src/test/java/falcon/prune/OwnMethodTest.java"));
    assertThat(words(here)).contains(words(documented.group(1)));
  }

  /// Without line breaks, indentation and marks of comments.
  private static String words(String code) {
    return code.replace("///", "").replaceAll("\\s+", " ");
  }

  private Pruning pruning(int stages) throws IOException {
    Files.write(folder.resolve("x.npy"), NpyBytes.noise(new SplittableRandom(5), 100, 6));
    Dataset data = Datasets.open(folder);
    return Falcon.prune(NETWORK, data, BudgetRequest.macs(0.5))
        .options(PruningOptions.builder().stages(stages).samples(20).threads(1).build());
  }

  private static StageNote note(int stage) {
    return new StageNote.Remark("stage %d".formatted(stage));
  }
}
