package falcon.prune.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.budget.Budget;
import falcon.budget.SparsityPattern;
import falcon.data.Dataset;
import falcon.data.format.Datasets;
import falcon.model.Network;
import falcon.prune.Graphs;
import falcon.prune.NpyBytes;
import falcon.prune.options.Amount;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Curvature;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Method;
import falcon.prune.options.NnzRule;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.Refit;
import falcon.prune.options.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannerTest {
  /// 96 + 48 weights, each of which costs one MAC.
  private static final Network NETWORK = Graphs.perceptron(3);

  @TempDir Path folder;
  private Dataset data;

  @BeforeEach
  void writeData() throws IOException {
    Files.write(folder.resolve("x.npy"), NpyBytes.noise(new SplittableRandom(1), 100, 6));
    data = Datasets.open(folder);
  }

  @Test
  void magnitudeHasOneStageAndNoSamples() {
    PruningPlan plan =
        Planner.plan(
            NETWORK, null, BudgetRequest.macs(0.5), options(o -> o.method(Method.MAGNITUDE)));
    assertThat(plan.refit()).isEqualTo(Refit.NONE);
    assertThat(plan.samples()).isZero();
    assertThat(plan.schedule()).isNull();
    assertThat(plan.stageBudgets()).containsExactly(plan.budget());
    assertThat(plan.layers().stream().map(PruningPlan.PrunableLayer::name))
        .containsExactly("w1", "w2");
  }

  @Test
  void plainSquaresGetALimitOfWeightsAFifthAboveTheirShareOfMacs() {
    PruningPlan plan =
        Planner.plan(
            NETWORK, null, BudgetRequest.macs(0.5), options(o -> o.method(Method.MAGNITUDE)));
    assertThat(plan.budget()).isEqualTo(new Budget(86, 72)); // 0.6 · 144
    PruningPlan most =
        Planner.plan(
            NETWORK, null, BudgetRequest.macs(0.9), options(o -> o.method(Method.MAGNITUDE)));
    assertThat(most.budget().maxNnz()).isEqualTo(144);
  }

  @Test
  void reconstructionLimitsTheMacsAlone() {
    PruningPlan plan = plan(BudgetRequest.macs(0.5), o -> o.method(Method.FALCON));
    assertThat(plan.refit()).isEqualTo(Refit.RECONSTRUCT);
    assertThat(plan.budget()).isEqualTo(new Budget(144, 72));
    assertThat(plan.passBytes()).isPositive();
    assertThat(plan.gradients()).isNull();
  }

  /// Blocks of `w1` have four weights, those of `w2` have its three outputs.
  @Test
  void budgetIsOneOfWholeBlocks() {
    PruningOptions blocks =
        options(o -> o.method(Method.MAGNITUDE).pattern(SparsityPattern.BLOCKS));
    PruningPlan plan =
        Planner.plan(
            NETWORK, null, new BudgetRequest(new Amount.Count(3), new NnzRule.Auto()), blocks);
    assertThat(plan.pattern()).isEqualTo(SparsityPattern.BLOCKS);
    assertThat(plan.budget()).isEqualTo(new Budget(3, 3));
    assertThatThrownBy(() ->
            Planner.plan(
                NETWORK, null, new BudgetRequest(new Amount.Count(2), new NnzRule.Auto()), blocks))
        .satisfies(e -> requireKind(e, PruningException.Kind.BUDGET))
        .hasMessageContaining("the cheapest weights cost 3 MACs, 3 at a time");
  }

  @Test
  void floorsAreThoseOfWholeBlocks() {
    UnaryOperator<PruningOptions.Builder> floors =
        o ->
            o.method(Method.MAGNITUDE)
                .pattern(SparsityPattern.BLOCKS)
                .floors(List.of(KeepFloor.parse("100%"), KeepFloor.parse("w?=0.005k")));
    assertThatThrownBy(() ->
            Planner.plan(
                NETWORK,
                null,
                new BudgetRequest(new Amount.Count(13), new NnzRule.Auto()),
                options(floors)))
        .satisfies(e -> requireKind(e, PruningException.Kind.BUDGET))
        .hasMessageContaining("asks for 14 weights and 14 MACs");
    assertThat(
            Planner.plan(
                    NETWORK,
                    null,
                    new BudgetRequest(new Amount.Count(14), new NnzRule.Auto()),
                    options(floors))
                .limits()
                .rangeByLayer())
        .hasSize(2);
  }

  @Test
  void weightsThatAreAskedForAreTheLimit() {
    BudgetRequest asked = BudgetRequest.macs(0.5).withNnz(new NnzRule.Limit(new Amount.Count(30)));
    assertThat(plan(asked, o -> o.method(Method.FALCON)).budget()).isEqualTo(new Budget(30, 72));
    BudgetRequest free = BudgetRequest.macs(0.5).withNnz(new NnzRule.Free());
    assertThat(plan(free, o -> o.method(Method.FALCON).refit(Refit.BACKSOLVE)).budget())
        .isEqualTo(new Budget(144, 72));
  }

  @Test
  void theMethodDecidesHowManyStagesThereAre() {
    assertThat(plan(BudgetRequest.macs(0.5), o -> o).stageBudgets()).hasSize(1);
    PruningPlan backsolve = plan(BudgetRequest.macs(0.3), o -> o.refit(Refit.BACKSOLVE));
    assertThat(backsolve.stageBudgets()).hasSize(10).last().isEqualTo(backsolve.budget());
    assertThat(backsolve.stageBudgets().stream().map(Budget::maxMacs))
        .isSortedAccordingTo((a, b) -> Long.compare(b, a));
    assertThat(backsolve.schedule()).isEqualTo(Schedule.GEOMETRIC);
    assertThat(backsolve.gradients()).isNotNull();
    assertThat(plan(BudgetRequest.macs(0.3), o -> o.stages(4)).stageBudgets()).hasSize(4);
  }

  @Test
  void samplesAreThoseThatAreNotHeldOut() {
    assertThat(plan(BudgetRequest.macs(0.5), o -> o).samples()).isEqualTo(75);
    assertThat(plan(BudgetRequest.macs(0.5), o -> o.samples(7)).samples()).isEqualTo(7);
    assertThatThrownBy(() -> plan(BudgetRequest.macs(0.5), o -> o.samples(76)))
        .satisfies(e -> requireKind(e, PruningException.Kind.USAGE))
        .hasMessageContaining("76")
        .hasMessageContaining("75");
  }

  @ParameterizedTest
  @CsvSource({"0.001, MACs", "1e-9, MACs"})
  void aBudgetBelowTheCheapestWeightCannotBeMet(double share, String resource) {
    assertThatThrownBy(() -> plan(BudgetRequest.macs(share), o -> o))
        .satisfies(e -> requireKind(e, PruningException.Kind.BUDGET))
        .hasMessageContaining("the cheapest weight costs 1 " + resource);
  }

  @Test
  void aBudgetAboveTheNetworkCannotBeMet() {
    BudgetRequest asked = new BudgetRequest(new Amount.Count(145), new NnzRule.Auto());
    assertThatThrownBy(() -> plan(asked, o -> o))
        .satisfies(e -> requireKind(e, PruningException.Kind.BUDGET))
        .hasMessageContaining("145 MACs is more than the network has (144)");
  }

  @Test
  void aNetworkWithoutWeightsIsBadInput() {
    Network empty =
        Graphs.network("empty", 6)
            .node(Graphs.node("Relu", "y", "x"))
            .output(Graphs.output("y"))
            .build();
    assertThatThrownBy(() ->
            Planner.plan(
                empty, null, BudgetRequest.macs(0.5), options(o -> o.method(Method.MAGNITUDE))))
        .satisfies(e -> requireKind(e, PruningException.Kind.INPUT))
        .hasMessageContaining("no prunable layer");
  }

  @Test
  void optionsWithoutEffectAreRefused() {
    requireRefused("samples", o -> o.method(Method.MAGNITUDE).samples(5));
    requireRefused("refit", o -> o.method(Method.MAGNITUDE).refit(Refit.RECONSTRUCT));
    requireRefused("curvature", o -> o.curvature(Curvature.LOGITS));
    requireRefused("ridge", o -> o.ridge(0.5));
    requireRefused("block", o -> o.block(5));
    requireRefused("stages", o -> o.method(Method.FALCON).stages(2));
    requireRefused("schedule", o -> o.method(Method.FALCON).schedule(Schedule.CUBIC));
    requireRefused("scratch", o -> o.scratch(folder));
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    requireRefused("stages", o -> o.stages(0));
    requireRefused("samples", o -> o.samples(0));
    requireRefused("ridge", o -> o.refit(Refit.BACKSOLVE).ridge(0.0));
    requireRefused("ridge", o -> o.refit(Refit.BACKSOLVE).ridge(Double.POSITIVE_INFINITY));
    requireRefused("block", o -> o.refit(Refit.BACKSOLVE).block(-1));
    requireRefused("threads", o -> o.threads(0));
  }

  private void requireRefused(String option, UnaryOperator<PruningOptions.Builder> set) {
    assertThatThrownBy(() -> plan(BudgetRequest.macs(0.5), set))
        .as(option)
        .satisfies(e -> requireKind(e, PruningException.Kind.USAGE))
        .hasMessageContaining(option);
  }

  private static void requireKind(Throwable e, PruningException.Kind kind) {
    assertThat(e)
        .isInstanceOfSatisfying(
            PruningException.class, refusal -> assertThat(refusal.kind()).isEqualTo(kind));
  }

  private PruningPlan plan(BudgetRequest asked, UnaryOperator<PruningOptions.Builder> set) {
    return Planner.plan(NETWORK, data, asked, options(set));
  }

  private static PruningOptions options(UnaryOperator<PruningOptions.Builder> set) {
    return set.apply(PruningOptions.builder().threads(1)).build();
  }
}
