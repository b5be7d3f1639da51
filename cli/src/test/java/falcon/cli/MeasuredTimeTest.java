package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.cli.speed.RunTime;
import falcon.model.Network;
import falcon.model.format.Networks;
import falcon.model.layer.LayerSelection;
import falcon.model.layer.Layers;
import falcon.prune.Falcon;
import falcon.prune.costs.NetworkHash;
import falcon.prune.costs.TimingTable;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningOptions;
import falcon.prune.options.ResourceAmount;
import falcon.prune.options.ResourceRequest;
import falcon.prune.report.Measured;
import falcon.prune.report.PrunedNetwork;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What becomes of a plan whose time is measured, with a clock that tells what it is told.
class MeasuredTimeTest {
  private static final Network NETWORK = Networks.read(Path.of(Cases.file("mlp.onnx")));

  /// 1 ms, and 0.03 ms for each of 288 weights: 9.64 ms.
  private static final TimingTable TABLE =
      new TimingTable(
          NetworkHash.of(Layers.of(NETWORK, LayerSelection.DEFAULT)),
          1,
          1,
          TimingTable.thisMachine(),
          Map.of(
              "scattered",
              new TimingTable.PatternTimes(
                  9.64,
                  0.5,
                  Map.of(
                      "a", new TimingTable.LayerTime(0.25, 0.03, 5.9, List.of()),
                      "b", new TimingTable.LayerTime(0.25, 0.03, 3, List.of())))));

  private static ResourceRequest time(double factor) {
    return new ResourceRequest(
        TimingTable.NAME, ResourceAmount.parse("4ms"), TABLE.costs(Path.of("times.json"), factor));
  }

  private static PrunedNetwork prune(BudgetRequest request) {
    return Falcon.prune(NETWORK, request)
        .options(PruningOptions.builder().method(Method.MAGNITUDE).build())
        .run();
  }

  private static PrunedNetwork run(MeasuredTime.Meter meter) {
    BudgetRequest asked = BudgetRequest.of(time(1));
    return new MeasuredTime(TABLE, MeasuredTimeTest::time, meter, Progress.SILENT)
        .run(NETWORK, asked, () -> prune(asked), MeasuredTimeTest::prune);
  }

  /// A machine on which pruned networks take a multiple of the table's times.
  private static RunTime slow(Network pruned, double factor, double dense) {
    long kept = 0;
    for (String name : List.of("a", "b")) {
      for (float weight : pruned.tensor(name).toFloats()) {
        kept += weight == 0 ? 0 : 1;
      }
    }
    return new RunTime(factor * (1 + 0.03 * kept), dense);
  }

  @Test
  void aPromiseThatHoldsIsKept() {
    PrunedNetwork pruned = run((network, _, _) -> slow(network, 1.09, 9.64));
    Measured measured = Objects.requireNonNull(pruned.report().measured());
    assertThat(measured.correction()).isNull();
    assertThat(pruned.mask().keptCount()).isEqualTo(100);
    assertThat(measured.value()).isEqualTo(1.09 * 4);
    assertThat(pruned.summary()).contains("measured: 4.360 ms, 9.0 % more than the 4.000 ms");
  }

  @Test
  void aPlanThatMissesIsCorrectedOnce() {
    PrunedNetwork pruned = run((network, _, _) -> slow(network, 1.6, 9.64));
    Measured measured = Objects.requireNonNull(pruned.report().measured());
    Measured.Correction correction = Objects.requireNonNull(measured.correction());
    assertThat(correction.factor()).isEqualTo(1.6);
    assertThat(correction.promised()).isEqualTo(4);
    assertThat(correction.measured()).isEqualTo(6.4);
    assertThat(pruned.mask().keptCount()).isEqualTo(50); // 4 / 1.6 = 1 + 0.03 · 50
    assertThat(measured.value()).isEqualTo(4);
    assertThat(pruned.summary())
        .contains("corrected once: the first plan promised 4.000 ms and took 6.400 ms");
  }

  @Test
  void aMachineInAnotherStateIsNoReasonToPruneMore() {
    PrunedNetwork pruned = run((network, _, _) -> slow(network, 3, 29));
    Measured measured = Objects.requireNonNull(pruned.report().measured());
    assertThat(measured.correction()).isNull();
    assertThat(pruned.mask().keptCount()).isEqualTo(100);
    assertThat(pruned.summary()).contains("measured: 12.000 ms, 200.0 % more");
  }

  @Test
  void theLineIsFittedToRelativeErrorsAndNeverFalls() {
    TimingTable.LayerTime exact =
        TimingTable.fitted(
            List.of(
                new TimingTable.Point(10, 1.2),
                new TimingTable.Point(100, 3),
                new TimingTable.Point(1000, 21)),
            50);
    assertThat(exact.fixed()).isCloseTo(1, within(1e-9));
    assertThat(exact.perWeight()).isCloseTo(0.02, within(1e-12));
    TimingTable.LayerTime through =
        TimingTable.fitted(
            List.of(new TimingTable.Point(10, 0.1), new TimingTable.Point(100, 2)), 5);
    assertThat(through.fixed()).isZero();
    assertThat(through.perWeight()).isPositive();
    TimingTable.LayerTime falling =
        TimingTable.fitted(List.of(new TimingTable.Point(10, 2), new TimingTable.Point(100, 1)), 5);
    assertThat(falling.perWeight()).isZero();
    assertThat(falling.fixed()).isBetween(1.0, 2.0);
  }
}
