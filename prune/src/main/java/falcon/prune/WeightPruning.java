package falcon.prune;

import falcon.budget.Budget;
import falcon.data.DataOption;
import falcon.model.Network;
import falcon.model.stored.StoredWeights;
import falcon.projection.Projection;
import falcon.prune.method.MagnitudeMethod;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.StoredMask;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.Planner;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.resources.Clock;
import falcon.prune.resources.PeakMemory;
import falcon.torch.kernel.Workers;
import java.util.Objects;

/// Pruning by the weights alone ([Method#MAGNITUDE]), prepared: set what differs from the defaults,
/// then [#run].
///
/// Nothing is executed and no data is read, so that a network with operators that Falcon does not
/// know can be pruned, too. Weights are not re-fitted and accuracy is not measured.
public final class WeightPruning {
  private final Network network;
  private final BudgetRequest budget;
  private PruningOptions options = PruningOptions.builder().method(Method.MAGNITUDE).build();
  private Progress progress = Progress.SILENT;

  WeightPruning(Network network, BudgetRequest budget) {
    this.network = Objects.requireNonNull(network);
    this.budget = Objects.requireNonNull(budget);
  }

  /// Sets all options at once; the defaults of [Method#MAGNITUDE] if it is not called.
  public WeightPruning options(PruningOptions value) {
    options = Objects.requireNonNull(value);
    return this;
  }

  /// Sets the listener to the progress; [Progress#SILENT] if it is not called.
  public WeightPruning progress(Progress value) {
    progress = Objects.requireNonNull(value);
    return this;
  }

  /// Returns what the run would do.
  ///
  /// @throws PruningException if options contradict each other or need data, or the budget cannot
  ///     be met
  public PruningPlan plan() {
    if (options.method() != Method.MAGNITUDE) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%1$s %2$s needs samples: give %3$s DIR, or say %1$s magnitude, which prunes by the weights alone."
              .formatted(Option.METHOD, options.method().id(), DataOption.DATA));
    }
    if (options.refinement().batchNorm() == BatchNormPolicy.ON) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s on needs samples: give %s DIR.".formatted(Option.BN_REFRESH, DataOption.DATA));
    }
    return Planner.plan(StoredWeights.unfolded(options.shaped(network)), null, budget, options);
  }

  /// Prunes. The same options and network give the same bits, for any number of threads.
  ///
  /// @return the pruned network, within the budget, with its report
  /// @throws PruningException as [#plan]
  public PrunedNetwork run() {
    PruningPlan plan = plan();
    var clock = new Clock();
    try (var workers = new Workers(options.machine().threads())) {
      progress.note("choosing among %,d weights".formatted(plan.costs().weightCount()));
      Budget last = plan.stageBudgets().getLast();
      Network unfolded = StoredWeights.unfolded(network);
      PruningMethod.Outcome outcome = MagnitudeMethod.prune(unfolded, plan, last, workers, clock);
      Projection projection = outcome.projection();
      var certificate =
          new Report.Certificate(projection.value(), projection.bound(), projection.gap());
      Report report =
          Report.builder(plan, projection.mask(), new Report.Choice(certificate, null))
              .seconds(clock.seconds())
              .peakMemoryBytes(PeakMemory.bytes())
              .replacedKernels(workers.replacedKernels())
              .build();
      return new PrunedNetwork(
          outcome.network().stored(),
          StoredMask.of(projection.mask(), plan.costs(), unfolded),
          plan,
          report);
    }
  }
}
