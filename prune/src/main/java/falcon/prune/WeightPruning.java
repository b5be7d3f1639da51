package falcon.prune;

import falcon.budget.Budget;
import falcon.budget.Mask;
import falcon.data.DataOption;
import falcon.model.Network;
import falcon.model.stored.StoredWeights;
import falcon.prune.method.MagnitudeMethod;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.StoredMask;
import falcon.prune.method.WeightVector;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Method;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.Planner;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Clock;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.resources.PeakMemory;
import falcon.torch.kernel.Workers;
import java.util.Objects;

/// The builder of a run that prunes by the weights alone ([Method#MAGNITUDE]): set what differs
/// from the defaults, then call [#run].
///
/// Nothing is executed and no data are read, so that networks with operators that Falcon does not
/// support can be pruned, too. Weights are not re-fitted and accuracy is not measured.
public final class WeightPruning {
  private final Network network;
  private final BudgetRequest budget;
  private PruningOptions options = PruningOptions.builder().method(Method.MAGNITUDE).build();
  private Progress progress = Progress.SILENT;

  WeightPruning(Network network, BudgetRequest budget) {
    this.network = Objects.requireNonNull(network);
    this.budget = Objects.requireNonNull(budget);
  }

  /// Sets all options at once; the default is the defaults of [Method#MAGNITUDE].
  public WeightPruning options(PruningOptions value) {
    options = Objects.requireNonNull(value);
    return this;
  }

  /// Sets the progress listener; the default is [Progress#SILENT].
  public WeightPruning progress(Progress value) {
    progress = Objects.requireNonNull(value);
    return this;
  }

  /// Returns the plan of the run.
  ///
  /// @throws PruningException if options contradict each other or need data, or the budget cannot
  ///     be met
  public PruningPlan plan() {
    requireNoSamples();
    return plan(unfolded());
  }

  /// Refuses options that need samples.
  private void requireNoSamples() {
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
  }

  private PruningPlan plan(Network unfolded) {
    return Planner.plan(unfolded, null, budget, options);
  }

  private Network unfolded() {
    return StoredWeights.unfolded(options.shaped(network));
  }

  /// Prunes the network. The same options and network give the same bits, for any number of
  /// threads.
  ///
  /// @return the pruned network, within the budget, with its report
  /// @throws PruningException as for [#plan]
  public PrunedNetwork run() {
    requireNoSamples();
    Network unfolded = unfolded();
    PruningPlan plan = plan(unfolded);
    var clock = new Clock();
    try (var workers = new Workers(options.machine().threads())) {
      plan.warnings().forEach(progress::warn);
      progress.note("choosing among %,d weights".formatted(plan.costs().weightCount()));
      Budget last = plan.stageBudgets().getLast();
      PruningMethod.Outcome outcome =
          MagnitudeMethod.of(options).prune(unfolded, plan, last, workers, clock);
      Mask mask = WeightVector.nonZero(outcome.network(), plan.costs());
      Report.Certificate certificate = Report.Certificate.of(outcome.projection(), plan);
      Report report =
          Report.builder(plan, mask, new Report.Choice(certificate, null))
              .seconds(clock.seconds())
              .peakMemoryBytes(PeakMemory.bytes())
              .replacedKernels(workers.replacedKernels())
              .warnings(plan.warnings())
              .build();
      return new PrunedNetwork(
          outcome.network().stored(), StoredMask.of(mask, plan.costs(), unfolded), plan, report);
    }
  }
}
