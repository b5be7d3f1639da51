package falcon.prune;

import falcon.budget.Mask;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.evaluation.Judge;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.method.Methods;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.WeightVector;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Measure;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.Planner;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.Stage;
import falcon.prune.resources.Clock;
import falcon.prune.resources.GradientMemory;
import falcon.prune.resources.Kernels;
import falcon.prune.resources.PeakMemory;
import falcon.prune.run.StageStore;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.BatchNormRefresh;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A run that is being prepared: set what differs from the defaults, then [#run].
public final class Pruning {
  /// Samples that BatchNormalization's statistics are estimated from.
  private static final int REFRESH_SAMPLES = 256;

  /// Validation samples on which refreshing the dense network is tried.
  private static final int REFRESH_TRIAL_SAMPLES = 500;

  /// Loss of accuracy by a refresh, in percentage points, from which it is asked whether the dense network
  /// loses, too; if it does, that is worth a warning.
  private static final double REFRESH_HARM = 0.5;

  private final Network network;
  private final Dataset data;
  private final BudgetRequest budget;
  private PruningOptions options = PruningOptions.defaults();
  private @Nullable Preprocessing preprocessing;
  private Progress progress = Progress.SILENT;
  private StageStore stages = StageStore.NONE;
  private boolean readsTest = true;
  private @Nullable PruningMethod method;

  Pruning(Network network, Dataset data, BudgetRequest budget) {
    this.network = Objects.requireNonNull(network);
    this.data = Objects.requireNonNull(data);
    this.budget = Objects.requireNonNull(budget);
  }

  /// All options at once.
  public Pruning options(PruningOptions value) {
    options = Objects.requireNonNull(value);
    return this;
  }

  /// How pixels become inputs; without it, or with null, what the network's metadata says, or else the data layout's
  /// default.
  public Pruning preprocessing(@Nullable Preprocessing value) {
    preprocessing = value;
    return this;
  }

  /// Sets a method of the program's own, which takes the place of the one that the options name; budgets,
  /// stages, samples and evaluation stay as the options say. [PruningMethod] has an example.
  public Pruning method(PruningMethod value) {
    method = Objects.requireNonNull(value);
    return this;
  }

  /// Who hears how it goes.
  public Pruning progress(Progress value) {
    progress = Objects.requireNonNull(value);
    return this;
  }

  /// Where finished stages are kept; those already there are not computed again.
  public Pruning stages(StageStore value) {
    stages = Objects.requireNonNull(value);
    return this;
  }

  /// Whether the test split is read at the end, once.
  public Pruning test(boolean value) {
    readsTest = value;
    return this;
  }

  /// What the run would do.
  ///
  /// @throws PruningException if options contradict each other, or the budget cannot be met
  public PruningPlan plan() {
    return plan(match());
  }

  /// The network that the run prunes: the one that was given, for examples of the data's shapes.
  ///
  /// @throws PruningException if network and data do not go together
  public Network network() {
    return match().network();
  }

  private NetworkWithData match() {
    NetworkWithData match =
        NetworkWithData.of(options.shaped(network), data, preprocessing, options.loss());
    if (readsTest && !data.layout().isImages() && data.hasTest()) {
      match.plain(data.test()); // arrays that do not fit are refused now, not at the end
    }
    return match;
  }

  private PruningPlan plan(NetworkWithData match) {
    return Planner.plan(match.network(), match.data(), budget, options);
  }

  /// Prunes.
  ///
  /// @throws PruningException as [#plan], or if the network or the data cannot be used
  public PrunedNetwork run() {
    NetworkWithData match = match();
    PruningPlan plan = plan(match);
    var clock = new Clock();
    try (var workers = new Workers(options.threads())) {
      Kernels.tell(workers, progress);
      var samples = new CalibrationSamples(match, Splits.of(match.data().train()), options.seed());
      return new Run(match.network(), plan, samples, workers, clock).prune();
    }
  }

  /// One run, with what all its steps need.
  private final class Run {
    private final Network dense;
    private final PruningPlan plan;
    private final CalibrationSamples samples;
    private final Judge validation;
    private final Workers workers;
    private final Clock clock;
    private final List<String> warnings = new ArrayList<>();
    private @Nullable Network lastEvaluated;
    private @Nullable SampleLosses lastLosses;

    Run(Network dense, PruningPlan plan, CalibrationSamples samples, Workers workers, Clock clock) {
      this.dense = dense;
      this.plan = plan;
      this.samples = samples;
      this.workers = workers;
      this.clock = clock;
      this.validation = new Judge(samples.match().measure(), dense, samples.validation(), workers);
    }

    PrunedNetwork prune() {
      WeightVector.requireFinite(dense, plan.costs());
      SampleLosses ofDense = losses(dense, "dense network");
      List<Stage> done = stages(stages.finished());
      Stage last = done.getLast();
      Refreshed refreshed = refresh(last.network(), ofDense);
      Network result =
          refreshed.isTaken() ? Objects.requireNonNull(refreshed.network()) : last.network();
      var accuracy =
          new Report.Accuracy(
              ofDense.percent(),
              refreshed.before().percent(),
              refreshed.after() == null ? null : refreshed.after().percent(),
              refreshed.isTaken() && refreshed.after() != null
                  ? refreshed.after().percent()
                  : refreshed.before().percent());
      Report.Accuracy test = readsTest ? test(last.network(), refreshed) : null;
      return new PrunedNetwork(
          result, last.mask(), plan, report(done, last.mask(), accuracy, test, last.certificate()));
    }

    private Judge judge(SampleSource judged) {
      return new Judge(samples.match().measure(), dense, judged, workers);
    }

    /// Losses on the validation samples; those of the network asked for last are kept.
    private SampleLosses losses(Network judged, String phase) {
      if (judged != lastEvaluated || lastLosses == null) {
        lastLosses = losses(judged, phase, validation);
        lastEvaluated = judged;
      }
      return lastLosses;
    }

    private SampleLosses losses(Network judged, String phase, Judge judge) {
      progress.note(
          "evaluating the %s on %d validation samples".formatted(phase, judge.samples().size()));
      return clock.time("validation", () -> judge.of(judged));
    }

    private List<Stage> stages(List<Stage> finished) {
      var done = new ArrayList<>(finished);
      PruningMethod used = method == null ? Methods.of(options, plan) : method;
      for (int number = done.size(); number < plan.stageBudgets().size(); number++) {
        long start = System.nanoTime();
        Network present = number == 0 ? dense : done.getLast().network();
        var setting =
            new PruningMethod.Setting(
                dense,
                plan,
                samples,
                workers,
                progress,
                clock,
                GradientMemory.scratch(options),
                stages.checkpoints(number, dense, progress));
        PruningMethod.Outcome outcome = used.run(setting, number, present);
        Mask mask = outcome.projection().mask();
        double percent = losses(outcome.network(), "stage " + (number + 1)).percent();
        Stage stage =
            new Stage(
                number,
                outcome.network(),
                mask,
                new Report.Certificate(
                    outcome.projection().value(),
                    outcome.projection().bound(),
                    outcome.projection().gap()),
                new Report.StageReport(
                    mask.macs(plan.costs()),
                    mask.keptCount(),
                    percent,
                    (System.nanoTime() - start) / 1e9,
                    outcome.notes()),
                outcome.effectiveRows());
        outcome.notes().forEach(progress::note);
        stages.save(stage);
        progress.note(
            "stage %d of %d: %.1f %% of the MACs, validation %s %.2f %%"
                .formatted(
                    number + 1,
                    plan.stageBudgets().size(),
                    100.0 * stage.report().macs() / Math.max(1, plan.costs().totalMacs()),
                    measure().id(),
                    percent));
        done.add(stage);
      }
      return done;
    }

    /// The network with BatchNormalization refreshed, and whether that is the better one.
    private Refreshed refresh(Network pruned, SampleLosses ofDense) {
      SampleLosses plain = losses(pruned, "pruned network");
      if (options.batchNorm() == BatchNormPolicy.OFF || !hasBatchNorm()) {
        return new Refreshed(null, plain, null, false);
      }
      SampleSource statistics = samples.draw("BatchNormalization", 0, REFRESH_SAMPLES);
      Network candidate = refreshed(pruned, statistics);
      SampleLosses after = losses(candidate, "refreshed network");
      if (after.percent() < plain.percent() - REFRESH_HARM) {
        warnIfItHurtsTheDense(statistics, ofDense);
      }
      return new Refreshed(
          candidate,
          plain,
          after,
          options.batchNorm() == BatchNormPolicy.ON || plain.isWorseThan(after));
    }

    private void warnIfItHurtsTheDense(SampleSource statistics, SampleLosses ofDense) {
      if (measure() != Measure.ACCURACY) {
        return; // compared with itself any change is a loss
      }
      SampleSource trial = samples.validation(REFRESH_TRIAL_SAMPLES);
      double plain = ofDense.first(trial.size()).percent();
      double refreshed =
          losses(refreshed(dense, statistics), "refreshed dense network", judge(trial)).percent();
      if (refreshed < plain - REFRESH_HARM) {
        warn(
            "Refreshing BatchNormalization hurts even the dense network (%.2f %% -> %.2f %% on validation): are images preprocessed as in its training (--mean, --deviation, --border, --flip)?"
                .formatted(plain, refreshed));
      }
    }

    private Measure measure() {
      return samples.match().measure();
    }

    private Network refreshed(Network pruned, SampleSource images) {
      return clock.time(
          "BatchNormalization",
          () ->
              plan.passBytes() == 0
                  ? BatchNormRefresh.refresh(pruned, images, workers)
                  : BatchNormRefresh.refresh(pruned, images, plan.passBytes(), workers));
    }

    private boolean hasBatchNorm() {
      return dense.nodes().stream().anyMatch(node -> node.is("BatchNormalization"));
    }

    /// @return null if there is no test split, or none with labels where these count
    private Report.@Nullable Accuracy test(Network pruned, Refreshed refreshed) {
      Dataset judged = samples.match().data();
      if (!judged.hasTest()) {
        progress.note("there is no test split; networks are judged on validation samples alone");
        return null;
      }
      if (measure() == Measure.ACCURACY && !judged.test().isLabelled()) {
        warn("The test split has no labels; networks are judged on validation samples alone.");
        return null;
      }
      Judge judge = judge(samples.match().plain(judged.test()));
      progress.begin("test", refreshed.network() == null ? 2 : 3);
      double ofDense = onTest(judge, dense, 1);
      double plain = onTest(judge, pruned, 2);
      Double after = refreshed.network() == null ? null : onTest(judge, refreshed.network(), 3);
      progress.end();
      return new Report.Accuracy(
          ofDense, plain, after, refreshed.isTaken() && after != null ? after : plain);
    }

    private double onTest(Judge judge, Network judged, int step) {
      double percent = clock.time("test", () -> judge.of(judged).percent());
      progress.advance(step);
      return percent;
    }

    private void warn(String message) {
      warnings.add(message);
      progress.warn(message);
    }

    private Report report(
        List<Stage> done,
        Mask mask,
        Report.Accuracy accuracy,
        Report.@Nullable Accuracy test,
        Report.Certificate certificate) {
      return new Report(
          measure(),
          Report.macs(plan, mask),
          Report.nnz(plan, mask),
          accuracy,
          test,
          certificate,
          Report.layers(plan, mask),
          done.getLast().effectiveRows(),
          done.stream().map(Stage::report).toList(),
          clock.seconds(),
          PeakMemory.bytes(),
          workers.replacedKernels(),
          warnings);
    }
  }

  /// @param network refreshed, null if that was not tried
  /// @param before without refreshing, on validation
  /// @param after with it, null if not tried
  /// @param isTaken whether the refreshed network is the result
  private record Refreshed(
      @Nullable Network network,
      SampleLosses before,
      @Nullable SampleLosses after,
      boolean isTaken) {}
}
