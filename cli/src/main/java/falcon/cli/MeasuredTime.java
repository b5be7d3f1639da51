package falcon.cli;

import falcon.cli.option.BudgetOptions;
import falcon.cli.speed.RunTime;
import falcon.model.Network;
import falcon.prune.costs.TimingTable;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.ResourceRequest;
import falcon.prune.report.Measured;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps a budget of time honest: measures the pruned network, and where the timing table was wrong
/// by more than a tenth, prunes once more with times corrected by what was measured.
final class MeasuredTime {
  /// Greatest error of a promised time that is accepted, relative to the promise.
  private static final double ACCEPTED = 0.1;

  /// Time for the warm-up of a network, and again for its measurement.
  private static final double SECONDS = 2;

  private final @Nullable TimingTable table;
  private final DoubleFunction<ResourceRequest> budget;
  private final Meter meter;
  private final Progress progress;

  /// Measures networks.
  @FunctionalInterface
  interface Meter {
    /// Measures a pruned network beside the dense one.
    ///
    /// @param times says for how many examples and threads
    RunTime measure(Network pruned, Network dense, TimingTable times);
  }

  /// @param table null if time has no budget: nothing is measured
  /// @param budget makes the budget of time with all times of the table multiplied by a factor
  MeasuredTime(
      @Nullable TimingTable table,
      DoubleFunction<ResourceRequest> budget,
      Meter meter,
      Progress progress) {
    this.table = table;
    this.budget = budget;
    this.meter = meter;
    this.progress = progress;
  }

  /// Measures in this process what the options set a budget of.
  static MeasuredTime of(BudgetOptions options, Progress progress) {
    return new MeasuredTime(
        options.timing(),
        options::timeRequest,
        (pruned, dense, times) ->
            RunTime.measure(pruned, dense, times.batch(), times.threads(), SECONDS),
        progress);
  }

  /// Prunes, measures, and prunes again if the time is missed.
  ///
  /// @param dense the network before
  /// @param asked the budget
  /// @param first prunes to the budget
  /// @param again prunes to another budget, without stages of its own
  PrunedNetwork run(
      Network dense,
      BudgetRequest asked,
      Supplier<PrunedNetwork> first,
      Function<BudgetRequest, PrunedNetwork> again) {
    PrunedNetwork pruned = first.get();
    if (table == null) {
      return pruned;
    }
    RunTime time = measure(pruned, dense, table);
    double promised = promised(pruned);
    double factor = time.pruned() / promised;
    double speed = time.dense() / denseOf(pruned);
    if (Math.abs(factor - 1) <= ACCEPTED) {
      return pruned.with(measured(time, table, null));
    }
    if (Math.abs(speed - 1) > ACCEPTED) {
      progress.warn(
          "the dense network takes %.3f ms now and %.3f ms in the timing table: the machine is not in the same state, so the plan is not corrected"
              .formatted(time.dense(), denseOf(pruned)));
      return pruned.with(measured(time, table, null));
    }
    progress.note(
        "%.3f ms measured, %.3f ms promised: pruning again with times multiplied by %.3f"
            .formatted(time.pruned(), promised, factor));
    PrunedNetwork corrected;
    try {
      corrected = again.apply(corrected(asked, factor));
    } catch (PruningException e) {
      progress.warn("the plan cannot be corrected: " + e.getMessage());
      return pruned.with(measured(time, table, null));
    }
    return corrected.with(
        measured(
            measure(corrected, dense, table),
            table,
            new Measured.Correction(factor, promised, time.pruned())));
  }

  private RunTime measure(PrunedNetwork pruned, Network dense, TimingTable times) {
    progress.note("measuring the pruned network in falcon.runtime");
    return meter.measure(pruned.network(), dense, times);
  }

  private static Measured measured(
      RunTime time, TimingTable table, Measured.@Nullable Correction correction) {
    return new Measured(
        TimingTable.NAME,
        new Measured.Both(time.pruned(), time.dense()),
        table.batch(),
        table.threads(),
        correction);
  }

  private BudgetRequest corrected(BudgetRequest asked, double factor) {
    List<ResourceRequest> resources =
        asked.resources().stream()
            .map(resource ->
                resource.name().equals(TimingTable.NAME) ? budget.apply(factor) : resource)
            .toList();
    return new BudgetRequest(asked.macs(), asked.nnz(), resources);
  }

  private static double promised(PrunedNetwork pruned) {
    Report.ResourceReport time = time(pruned);
    return time.budget().inUnits(time.used());
  }

  private static double denseOf(PrunedNetwork pruned) {
    Report.ResourceReport time = time(pruned);
    return time.budget().inUnits(time.budget().total());
  }

  private static Report.ResourceReport time(PrunedNetwork pruned) {
    return pruned.report().resources().stream()
        .filter(resource -> resource.budget().name().equals(TimingTable.NAME))
        .findFirst()
        .orElseThrow();
  }
}
