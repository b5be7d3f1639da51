package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.budget.CostTable;
import falcon.data.Dataset;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.projection.BudgetProjection;
import falcon.projection.Projection;
import falcon.prune.method.MaskProjection;
import falcon.prune.method.ReconstructionMethod;
import falcon.prune.method.Saliency;
import falcon.prune.method.WeightVector;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.Stage;
import falcon.prune.run.StageStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("native")
class PruningTest {
  @TempDir static Path folder;
  private static final Network NETWORK = SmallProblem.network();
  private static Dataset data;

  @BeforeAll
  static void writeData() {
    data = SmallProblem.dataset(folder);
  }

  @ParameterizedTest
  @CsvSource({"FALCON,AUTO", "FALCON_PLUS_PLUS,AUTO", "FALCON,BACKSOLVE", "MAGNITUDE,AUTO"})
  void sameSeedGivesSameBitsForAnyNumberOfThreads(Method method, Refit refit) {
    PrunedNetwork one = run(options(method).refit(refit).threads(1));
    PrunedNetwork three = run(options(method).refit(refit).threads(3));
    assertThat(three.mask()).isEqualTo(one.mask());
    assertThat(three.network().initializers()).isEqualTo(one.network().initializers());
  }

  @Test
  void anotherSeedGivesOtherWeights() {
    assertThat(run(options(Method.FALCON).seed(1)).network().initializers())
        .isNotEqualTo(run(options(Method.FALCON).seed(2)).network().initializers());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.1, 0.5, 1.0})
  void countedWeightsNeverExceedTheBudget(double share) {
    for (Method method : List.of(Method.FALCON, Method.MAGNITUDE)) {
      var request =
          BudgetRequest.macs(share)
              .withNnz(new NnzRule.Limit(new Amount.Share(Math.min(1, 1.1 * share))));
      PrunedNetwork pruned =
          Falcon.prune(NETWORK, data, request).options(options(method).build()).run();
      long macs = 0;
      long nnz = 0;
      for (CostTable.Layer layer : pruned.plan().costs().layers()) {
        for (float weight : pruned.network().tensor(layer.name()).toFloats()) {
          macs += weight == 0 ? 0 : layer.macsPerWeight();
          nnz += weight == 0 ? 0 : 1;
        }
      }
      assertThat(macs)
          .as("%s %s", method, share)
          .isLessThanOrEqualTo(pruned.plan().budget().maxMacs());
      assertThat(nnz)
          .as("%s %s", method, share)
          .isLessThanOrEqualTo(pruned.plan().budget().maxNnz());
      assertThat(pruned.plan().budget().maxMacs())
          .isEqualTo((long) Math.floor(share * pruned.plan().costs().totalMacs() + 1e-6));
    }
  }

  @Test
  void everyPercentFromOneToAHundredIsMet() {
    for (int percent = 1; percent <= 100; percent++) {
      PruningPlan plan =
          Falcon.prune(NETWORK, data, BudgetRequest.macs(percent / 100.0))
              .options(options(Method.MAGNITUDE).build())
              .plan();
      float[] weights = WeightVector.of(NETWORK, plan.costs());
      Projection projection =
          new BudgetProjection().project(Saliency.squares(weights), plan.costs(), plan.budget());
      Network pruned = WeightVector.into(NETWORK, weights, projection.mask(), plan.costs());
      long macs = 0;
      for (CostTable.Layer layer : plan.costs().layers()) {
        for (float weight : pruned.tensor(layer.name()).toFloats()) {
          macs += weight == 0 ? 0 : layer.macsPerWeight();
        }
      }
      assertThat(macs).as("%d %%", percent).isLessThanOrEqualTo(plan.budget().maxMacs());
      assertThat(plan.budget().maxMacs()).isEqualTo(plan.costs().totalMacs() * percent / 100);
    }
  }

  @Test
  void aResumedRunEndsWithTheSameBits() {
    var kept = new ArrayList<Stage>();
    PrunedNetwork whole =
        pruning(BudgetRequest.macs(0.3), options(Method.FALCON_PLUS_PLUS).stages(3).build())
            .stages(store(List.of(), kept))
            .run();
    assertThat(kept).hasSize(3);
    var resumed = new ArrayList<Stage>();
    PrunedNetwork rest =
        pruning(BudgetRequest.macs(0.3), options(Method.FALCON_PLUS_PLUS).stages(3).build())
            .stages(store(kept.subList(0, 1), resumed))
            .run();
    assertThat(resumed).hasSize(2);
    assertThat(rest.network().initializers()).isEqualTo(whole.network().initializers());
    assertThat(rest.mask()).isEqualTo(whole.mask());
  }

  @Test
  void stageBudgetsShrinkToTheOneAsked() {
    PruningPlan plan =
        Falcon.prune(NETWORK, data, BudgetRequest.macs(0.2))
            .options(options(Method.FALCON_PLUS_PLUS).stages(5).build())
            .plan();
    assertThat(plan.stageBudgets()).hasSize(5);
    for (int t = 1; t < 5; t++) {
      assertThat(plan.stageBudgets().get(t).maxMacs())
          .isLessThan(plan.stageBudgets().get(t - 1).maxMacs());
    }
    assertThat(plan.stageBudgets().getLast()).isEqualTo(plan.budget());
  }

  @Test
  void aFullBudgetKeepsEveryWeight() {
    PrunedNetwork pruned = run(BudgetRequest.macs(1), options(Method.MAGNITUDE));
    assertThat(pruned.network().initializers()).isEqualTo(NETWORK.initializers());
  }

  @Test
  void aBudgetBelowOneWeightIsRefused() {
    assertThatThrownBy(() ->
            Falcon.prune(
                    NETWORK, data, new BudgetRequest(new Amount.Share(1e-9), new NnzRule.Free()))
                .plan())
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.BUDGET))
        .hasMessageContaining("allows 0 MACs")
        .hasMessageContaining("Ask for at least 1 MACs");
  }

  @Test
  void moreThanTheNetworkHasIsRefused() {
    assertThatThrownBy(() ->
            Falcon.prune(
                    NETWORK,
                    data,
                    new BudgetRequest(new Amount.Count(1L << 40), new NnzRule.Free()))
                .plan())
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("more than the network has");
  }

  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = {"FALCON", "MAGNITUDE"})
  void anOptionWithoutEffectIsRefused(Method method) {
    assertThatThrownBy(() -> plan(options(method).stages(3)))
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("‹stages› would have no effect");
    assertThatThrownBy(() -> plan(options(method).ridge(0.1)))
        .hasMessageContaining("it belongs to ‹refit› backsolve");
  }

  @Test
  void weightsThatAreNotFiniteAreNamed() {
    var broken = new LinkedHashMap<String, Tensor>();
    Tensor tensor = NETWORK.tensor("layer2.1.conv1.weight");
    float[] values = tensor.toFloats();
    values[7] = Float.NaN;
    broken.put("layer2.1.conv1.weight", Tensor.ofFloats(tensor.shape(), values));
    assertThatThrownBy(() ->
            Falcon.prune(NETWORK.withTensors(broken), data, BudgetRequest.macs(0.5))
                .options(options(Method.MAGNITUDE).build())
                .run())
        .isInstanceOf(PruningException.class)
        .hasMessageContaining("Weight 7 of layer 'layer2.1.conv1.weight' is NaN");
  }

  @Test
  void reportCountsWhatTheNetworkHolds() {
    PrunedNetwork pruned = run(options(Method.FALCON));
    Report report = pruned.report();
    assertThat(report.layers()).hasSize(20);
    assertThat(report.layers().stream().mapToLong(Report.LayerReport::kept).sum())
        .isEqualTo(report.nnz().used())
        .isEqualTo(pruned.mask().keptCount());
    assertThat(report.layers().stream().mapToLong(Report.LayerReport::macsKept).sum())
        .isEqualTo(report.macs().used());
    assertThat(Objects.requireNonNull(report.certificate()).gap()).isGreaterThanOrEqualTo(0);
    assertThat(report.test()).isNotNull();
    assertThat(report.seconds()).containsKeys("support", "reconstruction", "refinement", "test");
  }

  private static PruningOptions.Builder options(Method method) {
    return PruningOptions.builder().method(method).threads(2);
  }

  private static PrunedNetwork run(PruningOptions.Builder options) {
    return run(BudgetRequest.macs(0.3), options);
  }

  private static PrunedNetwork run(BudgetRequest request, PruningOptions.Builder options) {
    PruningOptions built = options.build();
    if (built.method() == Method.FALCON_PLUS_PLUS) {
      built = options.stages(2).build();
    }
    return pruning(request, built).run();
  }

  /// The method asked for, falcon++ with fewer steps of refinement than its 1,200.
  private static Pruning pruning(BudgetRequest request, PruningOptions options) {
    Pruning pruning = Falcon.prune(NETWORK, data, request).options(options);
    if (options.method() != Method.FALCON_PLUS_PLUS) {
      return pruning;
    }
    var usual = ReconstructionMethod.defaults(Method.FALCON_PLUS_PLUS);
    var shortened = usual.withRefining(usual.refining().withSteps(20, 60));
    return pruning.method(new ReconstructionMethod(shortened, MaskProjection.EXACT));
  }

  private static PruningPlan plan(PruningOptions.Builder options) {
    return Falcon.prune(NETWORK, data, BudgetRequest.macs(0.3)).options(options.build()).plan();
  }

  private static StageStore store(List<Stage> finished, List<Stage> saved) {
    return new StageStore() {
      @Override
      public List<Stage> finished() {
        return finished;
      }

      @Override
      public void save(Stage stage) {
        saved.add(stage);
      }
    };
  }
}
