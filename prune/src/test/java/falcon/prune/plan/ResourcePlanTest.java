package falcon.prune.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.budget.SparsityPattern;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.layer.LayerSelection;
import falcon.model.layer.Layers;
import falcon.model.safetensors.SafetensorsFile;
import falcon.prune.Falcon;
import falcon.prune.Graphs;
import falcon.prune.costs.CostFile;
import falcon.prune.costs.NetworkHash;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.KeepFloor;
import falcon.prune.options.Method;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.ResourceAmount;
import falcon.prune.options.ResourceRequest;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Budgets of resources with tables of costs, on a network of 96 and 48 weights.
class ResourcePlanTest {
  private static final Network NETWORK = Graphs.perceptron(3);

  @TempDir Path folder;

  private Path table(String... lines) {
    try {
      return Files.writeString(folder.resolve("energy.csv"), String.join("\n", lines) + "\n");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static BudgetRequest request(Path table, String... budgets) {
    CostFile costs = CostFile.read(table);
    BudgetRequest request = BudgetRequest.nnz(1);
    for (String budget : budgets) {
      List<String> parts = List.of(budget.split("=", 2));
      request =
          request.and(
              new ResourceRequest(
                  parts.getFirst(),
                  ResourceAmount.parse(parts.getLast()),
                  costs.model(parts.getFirst())));
    }
    return request;
  }

  private static PruningOptions options(UnaryOperator<PruningOptions.Builder> more) {
    return more.apply(PruningOptions.builder().method(Method.MAGNITUDE)).build();
  }

  private static PrunedNetwork prune(BudgetRequest request) {
    return Falcon.prune(NETWORK, request).options(options(o -> o)).run();
  }

  /// Returns the number of weights of a tensor that are not zero, among some rows.
  private static long kept(PrunedNetwork pruned, String tensor, int from, int to) {
    float[] values = pruned.network().tensor(tensor).toFloats();
    int row = values.length / Math.toIntExact(NETWORK.tensor(tensor).shape().getFirst());
    long kept = 0;
    for (int i = from * row; i < to * row; i++) {
      kept += values[i] == 0 ? 0 : 1;
    }
    return kept;
  }

  @Test
  void limitsHoldAsCountedFromTheNetwork() {
    Path table =
        table(
            "# my own",
            "resource,unit,layer,index,cost,fixed",
            "energy,uJ,w1,,0.25,1.5",
            "energy,uJ,w2,,2,",
            "traffic,,w1,0-1,3,",
            "traffic,,w1,2-5,1,10",
            "traffic,,w2,,0.5,0");
    PrunedNetwork pruned = prune(request(table, "energy=40%", "traffic=90"));
    double energy = 1.5 + 0.25 * kept(pruned, "w1", 0, 6) + 2.0 * kept(pruned, "w2", 0, 16);
    double traffic =
        10
            + 3.0 * kept(pruned, "w1", 0, 2)
            + kept(pruned, "w1", 2, 6)
            + 0.5 * kept(pruned, "w2", 0, 16);
    List<Report.ResourceReport> reports = pruned.report().resources();
    PlannedResource first = reports.getFirst().budget();
    assertThat(first.inUnits(first.total())).isEqualTo(1.5 + 24 + 96);
    assertThat(first.inUnits(first.limit())).isEqualTo(0.4 * 121.5);
    assertThat(first.inUnits(reports.getFirst().used())).isEqualTo(energy);
    assertThat(energy).isBetween(46.0, 48.6);
    PlannedResource second = reports.getLast().budget();
    assertThat(second.inUnits(second.total())).isEqualTo(10 + 96 + 64 + 24);
    assertThat(second.inUnits(reports.getLast().used())).isEqualTo(traffic);
    assertThat(traffic).isBetween(87.0, 90.0);
    assertThat(reports.stream().allMatch(Report.ResourceReport::isBinding)).isTrue();
    assertThat(pruned.summary()).contains("binding: energy (", "of saliency per uJ", "traffic (");
  }

  @Test
  void aTensorGivesEveryWeightACostOfItsOwn() throws IOException {
    var values = new float[96];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 5 / 4f;
    }
    SafetensorsFile.write(
        new StateDict(Map.of("w1", Tensor.ofFloats(List.of(6L, 16L), values)), Map.of()),
        folder.resolve("costs.safetensors"));
    Path table = table("layer,cost", "w1,costs.safetensors", "w2,0");
    PrunedNetwork pruned = prune(request(table, "energy=10"));
    double used = 0;
    float[] weights = pruned.network().tensor("w1").toFloats();
    for (int i = 0; i < weights.length; i++) {
      used += weights[i] == 0 ? 0 : values[i];
    }
    Report.ResourceReport report = pruned.report().resources().getFirst();
    assertThat(report.budget().inUnits(report.used())).isEqualTo(used);
    assertThat(used).isBetween(9.0, 10.0);
    assertThat(kept(pruned, "w2", 0, 16)).isEqualTo(48);
  }

  @Test
  void layersThatArePrunedByNobodyCostWhatTheyCost() {
    Path table = table("layer,cost,fixed", "w1,1,4", "w2,2,0");
    PruningPlan plan =
        Falcon.prune(NETWORK, request(table, "energy=150"))
            .options(options(o -> o.selection(LayerSelection.of(List.of(), List.of("w2")))))
            .plan();
    assertThat(plan.resources().getFirst().fixed()).isEqualTo(4 + 96);
    assertThat(plan.resources().getFirst().total()).isEqualTo(4 + 96 + 96);
    assertThat(plan.budget().further().limit(0)).isEqualTo(50);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "layer,cost;w1,1;w3,1|:3: the network has no layer 'w3'.|Near names: w",
        "layer,cost;w1,1|:2: there is no cost of 'energy' for 1 of 2 layers|Add a line for each of them: w2.",
        "layer,cost;w1,1;w2,-2|:3: the cost is negative: -2.|0 or more",
        "layer,cost;w1,;w2,2|:2: the cost is missing.|Give a number",
        "layer,cost;w1,NaN;w2,2|:2: the cost is NaN, which is not finite.|Give a number",
        "layer,cost;w1,1e999;w2,2|:2: the cost 1e999 is out of range.|another unit",
        "layer,cost;w1,one;w2,2|:2: the cost 'one' is no number.|Give a number",
        "layer,cost;w1,1;w2,2;w1,1|:4: layer 'w1' has a cost of 'energy' in line 2 already.|Remove one",
        "layer,cost,index;w1,1,0-3;w2,2,;w1,1,3-5|:4: index 3 of layer 'w1' has a cost in line 2 already.|Remove",
        "layer,cost,index;w1,1,0-3;w2,2,|:2: index 4 of layer 'w1' has no cost of 'energy'.|there are 6",
        "layer,cost,index;w1,1,0-6;w2,2,|:2: layer 'w1' has the indexes 0 to 5, not 6.|first axis",
        "layer,price;w1,1|:1: 'price' is no column.|layer,cost,fixed",
        "layer;w1|:1: there is no column 'cost'.|layer,cost,fixed",
        "layer,cost;w1|:2: there are 1 fields, the header has 2.|double quotes",
        "layer,cost;\"w1,1|:2: a quote is not closed.|Put",
        "# network sha256 abc;layer,cost;w1,1;w2,2|:1: the table is for the network abc, this one is|remove the line",
      })
  void badTablesAreNamedByLine(String text, String what, String advice) {
    Path table = table(text.split(";"));
    assertThatThrownBy(() -> prune(request(table, "energy=50%")))
        .isInstanceOfSatisfying(
            PruningException.class,
            e -> assertThat(e.kind()).isEqualTo(PruningException.Kind.INPUT))
        .hasMessageContaining(table + what)
        .hasMessageContaining(advice);
  }

  @Test
  void theHashIsThatOfTheLayers() {
    String hash = NetworkHash.of(Layers.of(NETWORK, LayerSelection.DEFAULT));
    Path table = table("# network sha256 " + hash, "layer,cost", "w1,1", "w2,2");
    assertThat(prune(request(table, "energy=50%")).report().resources()).hasSize(1);
    assertThat(NetworkHash.of(Layers.of(Graphs.perceptron(4), LayerSelection.DEFAULT)))
        .isNotEqualTo(hash);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "energy=3|BUDGET|allows 3 uJ, but 5 uJ is used whatever is pruned.|Ask for at least 5 uJ",
        "energy=5.5|BUDGET|and the cheapest weight 1 uJ|Ask for at least 6 uJ",
        "energy=20|BUDGET|and 24 uJ what ‹min keep› asks for|Ask for at least 29 uJ",
        "energy=200|BUDGET|more than the dense network uses (197 uJ)|at most 100%",
        "energy=2ms|USAGE|is in 'ms', which 'energy' is not measured in|G, M, k, uJ",
      })
  void budgetsThatCannotBeMetSayWhy(String budget, String kind, String what, String advice) {
    Path table = table("resource,unit,layer,cost,fixed", "energy,uJ,w1,1,5", "energy,uJ,w2,2,0");
    List<KeepFloor> floors =
        budget.equals("energy=20") ? List.of(KeepFloor.parse("w2=25%")) : List.of();
    assertThatThrownBy(() ->
            Falcon.prune(NETWORK, request(table, budget))
                .options(options(o -> o.floors(floors)))
                .plan())
        .isInstanceOfSatisfying(
            PruningException.class, e -> assertThat(e.kind().name()).isEqualTo(kind))
        .hasMessageContaining(what)
        .hasMessageContaining(advice);
  }

  @Test
  void contradictingBudgetsAreFoundBeforeWork() {
    Path table = table("resource,layer,cost", "a,w1,1", "a,w2,9", "b,w1,9", "b,w2,1");
    assertThatThrownBy(() ->
            Falcon.prune(NETWORK, request(table, "a=5", "b=5")).options(options(o -> o)).plan())
        .hasMessageContaining("contradict each other")
        .hasMessageContaining("a, b");
    assertThatThrownBy(() -> request(table, "a=5", "a=30%"))
        .hasMessageContaining("two budgets of 'a'");
  }

  @Test
  void blocksCostTheSumOfTheirWeights() {
    Path table = table("layer,cost,index", "w1,1,0-2", "w1,4,3-5", "w2,2,");
    PrunedNetwork pruned =
        Falcon.prune(NETWORK, request(table, "energy=100"))
            .options(options(o -> o.pattern(SparsityPattern.BLOCKS)))
            .run();
    long used =
        kept(pruned, "w1", 0, 3) + 4 * kept(pruned, "w1", 3, 6) + 2 * kept(pruned, "w2", 0, 16);
    assertThat(pruned.report().resources().getFirst().used()).isEqualTo(used);
    assertThat(used).isBetween(85L, 100L);
    assertThatThrownBy(() ->
            Falcon.prune(NETWORK, request(table, "energy=100"))
                .options(options(o -> o.pattern(SparsityPattern.parse("2:4"))))
                .plan())
        .hasMessageContaining("differ in cost")
        .hasMessageContaining("leave ‹pattern› 2:4 out");
    assertThatThrownBy(() ->
            Falcon.prune(NETWORK, request(table, "energy=100"))
                .options(options(o -> o.floors(List.of(KeepFloor.parse("5%")))))
                .plan())
        .hasMessageContaining("‹min keep› sets a floor on layer 'w1'");
  }
}
