package falcon.prune;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.torch.BatchNormRefresh;
import falcon.torch.Evaluation;
import falcon.torch.Logits;
import falcon.torch.SampleSource;
import falcon.torch.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A run that is being prepared: set what differs from the defaults, then [#run].
public final class Pruning {
  /// Images that BatchNormalization's statistics are estimated from.
  private static final int REFRESH_SAMPLES = 256;

  /// Validation images on which refreshing the dense network is tried.
  private static final int REFRESH_TRIAL_SAMPLES = 500;

  /// Loss of accuracy, in percentage points, from which refreshing the dense network is worth a warning.
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

  /// A way to do a stage that takes the place of the one that the options name; budgets, stages, samples
  /// and evaluation stay as the options say.
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
    return plan(Match.of(network, data, preprocessing));
  }

  private PruningPlan plan(Match match) {
    return Planner.plan(match.network(), data, budget, options);
  }

  /// Prunes.
  ///
  /// @throws PruningException as [#plan], or if the network or the data cannot be used
  public PrunedNetwork run() {
    Match match = Match.of(network, data, preprocessing);
    PruningPlan plan = plan(match);
    var clock = new Clock();
    try (var workers = new Workers(options.threads())) {
      var samples = new CalibrationSamples(match, Splits.of(data.train()), options.seed());
      return new Run(match.network(), plan, samples, workers, clock).prune();
    }
  }

  /// One run, with what all its steps need.
  private final class Run {
    private final Network dense;
    private final PruningPlan plan;
    private final CalibrationSamples samples;
    private final SampleSource validation;
    private final Workers workers;
    private final Clock clock;
    private final List<String> warnings = new ArrayList<>();
    private @Nullable Double effectiveRows;
    private @Nullable Network lastEvaluated;
    private @Nullable Logits lastLogits;

    Run(Network dense, PruningPlan plan, CalibrationSamples samples, Workers workers, Clock clock) {
      this.dense = dense;
      this.plan = plan;
      this.samples = samples;
      this.validation = samples.validation();
      this.workers = workers;
      this.clock = clock;
    }

    PrunedNetwork prune() {
      Logits denseLogits = logits(dense, "dense network");
      Evaluation ofDense = Evaluation.of(denseLogits, validation);
      List<Stage> done = stages(stages.finished());
      Stage last = done.getLast();
      Refreshed refreshed = refresh(last.network(), denseLogits);
      Network result =
          refreshed.isTaken() ? Objects.requireNonNull(refreshed.network()) : last.network();
      var accuracy =
          new Report.Accuracy(
              ofDense.accuracy(),
              refreshed.before().accuracy(),
              refreshed.after() == null ? null : refreshed.after().accuracy(),
              refreshed.isTaken() && refreshed.after() != null
                  ? refreshed.after().accuracy()
                  : refreshed.before().accuracy());
      Report.Accuracy test = readsTest ? test(last.network(), refreshed) : null;
      return new PrunedNetwork(
          result, last.mask(), plan, report(done, last.mask(), accuracy, test, last.certificate()));
    }

    /// Outputs on the validation images; those of the network asked for last are kept.
    private Logits logits(Network evaluated, String phase) {
      if (evaluated != lastEvaluated || lastLogits == null) {
        lastLogits = logits(evaluated, phase, validation);
        lastEvaluated = evaluated;
      }
      return lastLogits;
    }

    private Logits logits(Network evaluated, String phase, SampleSource images) {
      progress.note("evaluating the " + phase + " on " + images.size() + " validation images");
      return clock.time("validation", () -> Evaluation.logits(evaluated, images, workers));
    }

    private List<Stage> stages(List<Stage> finished) {
      var done = new ArrayList<>(finished);
      PruningMethod used = method == null ? Methods.of(options, plan) : method;
      var setting =
          new PruningMethod.Setting(
              dense, plan, samples, workers, progress, clock, GradientMemory.scratch(options));
      for (int number = done.size(); number < plan.stageBudgets().size(); number++) {
        long start = System.nanoTime();
        Network present = number == 0 ? dense : done.getLast().network();
        PruningMethod.Outcome outcome = used.run(setting, number, present);
        if (outcome.effectiveRows() != null) {
          effectiveRows = outcome.effectiveRows();
        }
        Mask mask = outcome.projection().mask();
        Evaluation evaluation =
            Evaluation.of(logits(outcome.network(), "stage " + (number + 1)), validation);
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
                    evaluation.accuracy(),
                    (System.nanoTime() - start) / 1e9));
        stages.save(stage);
        progress.note(
            "stage %d of %d: %.1f %% of the MACs, validation %.2f %%"
                .formatted(
                    number + 1,
                    plan.stageBudgets().size(),
                    100.0 * stage.report().macs() / plan.costs().totalMacs(),
                    evaluation.accuracy()));
        done.add(stage);
      }
      return done;
    }

    /// The network with BatchNormalization refreshed, and whether that is the better one.
    private Refreshed refresh(Network pruned, Logits denseLogits) {
      Logits plainLogits = logits(pruned, "pruned network");
      Evaluation plain = Evaluation.of(plainLogits, validation);
      if (options.batchNorm() == BatchNormPolicy.OFF || !hasBatchNorm()) {
        return new Refreshed(null, plain, null, false);
      }
      SampleSource images = samples.draw("BatchNormalization", 0, REFRESH_SAMPLES);
      warnIfItHurtsTheDense(images, denseLogits);
      Network candidate = refreshed(pruned, images);
      Logits candidateLogits = logits(candidate, "refreshed network");
      Evaluation after = Evaluation.of(candidateLogits, validation);
      boolean isBetter = Evaluation.compare(plainLogits, candidateLogits, validation).isBetter();
      return new Refreshed(
          candidate, plain, after, options.batchNorm() == BatchNormPolicy.ON || isBetter);
    }

    private void warnIfItHurtsTheDense(SampleSource images, Logits denseLogits) {
      SampleSource trial = samples.validation(REFRESH_TRIAL_SAMPLES);
      Evaluation ofDense = Evaluation.of(denseLogits, trial);
      Evaluation refreshedDense =
          Evaluation.of(logits(refreshed(dense, images), "refreshed dense network", trial), trial);
      if (refreshedDense.accuracy() < ofDense.accuracy() - REFRESH_HARM) {
        warn(
            "Refreshing BatchNormalization hurts even the dense network (%.2f %% -> %.2f %% on validation): are images preprocessed as in its training (--mean, --deviation, --border, --flip)?"
                .formatted(ofDense.accuracy(), refreshedDense.accuracy()));
      }
    }

    private Network refreshed(Network pruned, SampleSource images) {
      return clock.time(
          "BatchNormalization", () -> BatchNormRefresh.refresh(pruned, images, workers));
    }

    private boolean hasBatchNorm() {
      return dense.nodes().stream().anyMatch(node -> node.is("BatchNormalization"));
    }

    private Report.Accuracy test(Network pruned, Refreshed refreshed) {
      SampleSource images = samples.match().plain(data.test());
      progress.begin("test", refreshed.network() == null ? 2 : 3);
      double ofDense = testAccuracy(dense, images, 1);
      double plain = testAccuracy(pruned, images, 2);
      Double after =
          refreshed.network() == null ? null : testAccuracy(refreshed.network(), images, 3);
      progress.end();
      return new Report.Accuracy(
          ofDense, plain, after, refreshed.isTaken() && after != null ? after : plain);
    }

    private double testAccuracy(Network evaluated, SampleSource images, int step) {
      double accuracy =
          clock.time("test", () -> Evaluation.of(evaluated, images, workers).accuracy());
      progress.advance(step);
      return accuracy;
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
      CostTable costs = plan.costs();
      var layers = new ArrayList<Report.LayerReport>();
      for (int l = 0; l < costs.layers().size(); l++) {
        CostTable.Layer layer = costs.layers().get(l);
        long kept = mask.keptCount(layer);
        layers.add(
            new Report.LayerReport(
                layer.name(),
                plan.layers().get(l).shape(),
                layer.count(),
                kept,
                layer.macs(),
                kept * layer.macsPerWeight()));
      }
      return new Report(
          new Report.Used(
              budget.macs().toString(),
              plan.budget().maxMacs(),
              mask.macs(costs),
              costs.totalMacs()),
          new Report.Used(
              budget.nnz().toString(),
              plan.budget().maxNnz(),
              mask.keptCount(),
              costs.weightCount()),
          accuracy,
          test,
          certificate,
          layers,
          effectiveRows,
          done.stream().map(Stage::report).toList(),
          clock.seconds(),
          PeakMemory.bytes(),
          warnings);
    }
  }

  /// @param network refreshed, null if that was not tried
  /// @param before without refreshing, on validation
  /// @param after with it, null if not tried
  /// @param isTaken whether the refreshed network is the result
  private record Refreshed(
      @Nullable Network network, Evaluation before, @Nullable Evaluation after, boolean isTaken) {}
}
