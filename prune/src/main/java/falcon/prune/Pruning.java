package falcon.prune;

import falcon.budget.Mask;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.data.Split;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.prune.evaluation.BatchNormChoice;
import falcon.prune.evaluation.CalibrationSamples;
import falcon.prune.evaluation.DenseStatistics;
import falcon.prune.evaluation.FirstLook;
import falcon.prune.evaluation.Judge;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.evaluation.Validation;
import falcon.prune.method.Methods;
import falcon.prune.method.PruningMethod;
import falcon.prune.method.RetrainingStage;
import falcon.prune.method.StoredMask;
import falcon.prune.method.WeightVector;
import falcon.prune.options.Amount;
import falcon.prune.options.BatchNormPolicy;
import falcon.prune.options.BudgetRequest;
import falcon.prune.options.Measure;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningOptions;
import falcon.prune.plan.Planner;
import falcon.prune.plan.PruningPlan;
import falcon.prune.report.Clock;
import falcon.prune.report.DropEstimate;
import falcon.prune.report.DropLimit;
import falcon.prune.report.LayerOutcome;
import falcon.prune.report.PrunedNetwork;
import falcon.prune.report.Report;
import falcon.prune.report.RetrainingReport;
import falcon.prune.report.Stage;
import falcon.prune.report.StageNote;
import falcon.prune.resources.GradientMemory;
import falcon.prune.resources.Kernels;
import falcon.prune.resources.PeakMemory;
import falcon.prune.run.StageStore;
import falcon.torch.execution.Interval;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The builder of a run: set what differs from the defaults, then call [#run]. Not thread-safe.
public final class Pruning {
  private final Network network;
  private final Dataset data;
  private final BudgetRequest budget;
  private PruningOptions options = PruningOptions.defaults();
  private @Nullable Preprocessing preprocessing;
  private Progress progress = Progress.SILENT;
  private StageStore stages = StageStore.NONE;
  private WorkPlace place = WorkPlace.THREADS;
  private boolean readsTest = true;
  private boolean testsResultAlone;
  private @Nullable PruningMethod method;

  /// The mask that a retraining alone keeps; null where a method chooses one.
  private @Nullable GivenMask given;

  /// What other runs know of the dense network; null where this run is alone.
  private @Nullable DenseStatistics shared;

  private @Nullable DropLimit dropLimit;

  /// The run whose network this one starts from; null where it starts from the dense network, or
  /// has to make that network itself.
  private @Nullable Pruning previous;

  /// Whether another run starts from the network of this one.
  private boolean isFollowed;

  /// The network after the last stage, for a run that starts from it; null until it is there, or if
  /// none will.
  private @Nullable Network outcome;

  /// The network with its data, as the options have it; null until it is needed.
  private @Nullable NetworkWithData matched;

  Pruning(Network network, Dataset data, BudgetRequest budget) {
    this.network = Objects.requireNonNull(network);
    this.data = Objects.requireNonNull(data);
    this.budget = Objects.requireNonNull(budget);
  }

  /// Sets all options at once; the default is [PruningOptions#defaults].
  public Pruning options(PruningOptions value) {
    options = Objects.requireNonNull(value);
    matched = null;
    return this;
  }

  /// Sets the conversion of pixels to inputs.
  ///
  /// @param value the conversion; null for the one in the network's metadata, or else the default
  ///     of the data's layout; null where samples are arrays
  public Pruning preprocessing(@Nullable Preprocessing value) {
    preprocessing = value;
    matched = null;
    return this;
  }

  /// Sets a method of the program's own, which replaces the one that the options name; budgets,
  /// stages, samples and evaluation remain as the options specify. What it returns is checked:
  /// [#run] throws an [IllegalStateException] if the mask of a stage is over its budget, or if a
  /// weight that the mask does not keep is not zero. [PruningMethod] has an example.
  public Pruning method(PruningMethod value) {
    method = Objects.requireNonNull(value);
    return this;
  }

  /// Keeps a mask that is there already, in place of one that a method chooses.
  Pruning given(GivenMask value) {
    given = value;
    return this;
  }

  /// Sets the search that has found the budget, for the report; the default is null: the budget was
  /// asked for.
  public Pruning dropLimit(@Nullable DropLimit value) {
    dropLimit = value;
    return this;
  }

  /// Shares what is known of the dense network with other runs.
  Pruning sharing(@Nullable DenseStatistics value) {
    shared = value;
    return this;
  }

  /// Sets whether a network that was tried and is not the result stays unjudged on the test split.
  Pruning testingResultAlone(boolean value) {
    testsResultAlone = value;
    return this;
  }

  /// Starts from the network of another run, whose budgets are the path of this one.
  Pruning after(@Nullable Pruning other) {
    previous = other;
    if (other != null) {
      other.isFollowed = true;
    }
    return this;
  }

  /// Takes network and data as another run has matched them.
  Pruning matchedAs(Pruning other) {
    matched = other.match();
    return this;
  }

  /// Sets the progress listener; the default is [Progress#SILENT].
  public Pruning progress(Progress value) {
    progress = Objects.requireNonNull(value);
    return this;
  }

  /// Sets the store of finished stages; stages already in it are not computed again. The default is
  /// [StageStore#NONE].
  public Pruning stages(StageStore value) {
    stages = Objects.requireNonNull(value);
    return this;
  }

  /// Sets where chunks of samples are computed, which changes no bit of the result; the default is
  /// [WorkPlace#THREADS].
  public Pruning place(WorkPlace value) {
    place = Objects.requireNonNull(value);
    return this;
  }

  /// Sets whether the test split is read at the end, once; the default is true.
  public Pruning test(boolean value) {
    readsTest = value;
    matched = null;
    return this;
  }

  /// Returns what the run would do; reads the network and shapes of the data, and executes nothing
  /// but a few samples where the shapes do not tell which axis counts them.
  ///
  /// @throws PruningException if options contradict each other or are out of their range
  ///     ([PruningException.Kind#USAGE]), network and data are not compatible
  ///     ([PruningException.Kind#INPUT]), the budget cannot be met
  ///     ([PruningException.Kind#BUDGET]), or memory is too small ([PruningException.Kind#MACHINE])
  public PruningPlan plan() {
    return plan(match());
  }

  /// Returns the network that the run prunes: the one that was given, for examples of the data's
  /// shapes, with the weights that products use in place of those that its file stores.
  ///
  /// @throws PruningException if network and data are not compatible
  public Network network() {
    return match().network();
  }

  private Network shaped() {
    return options.shaped(network);
  }

  /// Returns the measures that the result has figures of: that of the held-out samples, and that of
  /// the test samples where it is another one.
  ///
  /// @throws PruningException if network and data are not compatible
  public Set<Measure> measures() {
    var measures = EnumSet.of(match().measure());
    if (readsTest && match().data().hasTest()) {
      measures.add(match().measure(Split.TEST, options.loss()));
    }
    return measures;
  }

  /// Returns the network with its data.
  NetworkWithData match() {
    if (matched == null) {
      NetworkWithData match = NetworkWithData.of(shaped(), data, preprocessing, options.loss());
      if (readsTest && !data.layout().isImages() && data.hasTest()) {
        match.plain(match.data().test()); // arrays that do not fit are refused now, not at the end
      }
      matched = match;
    }
    return matched;
  }

  private PruningPlan plan(NetworkWithData match) {
    if (given != null) {
      GivenMask.requireOneMask(options.retraining());
    }
    PruningPlan plan = Planner.plan(match.network(), match.data(), budget, options);
    if (given == null) {
      return plan;
    }
    Mask mask = given.of(match.network(), plan, options);
    GivenMask.requireTeacher(match.network(), mask, plan.costs(), options.retraining());
    return Planner.plan(match.network(), match.data(), GivenMask.budget(mask, plan), options);
  }

  /// Returns the options.
  public PruningOptions options() {
    return options;
  }

  /// Prunes the network. The same options, network and data give the same bits, for any number of
  /// threads.
  ///
  /// @return the pruned network, within the budget, with its report
  /// @throws PruningException as for [#plan], or if the network or the data cannot be used
  public PrunedNetwork run() {
    NetworkWithData match = match();
    PruningPlan plan = plan(match);
    if (options.retraining() != null) {
      RetrainingStage.require(match, options.retraining(), given != null && given.keepsAll());
    }
    try (var workers = place.open(options.machine().threads())) {
      Kernels.tell(workers, progress);
      if (previous == null) {
        match.notes(shaped()).forEach(progress::note);
      }
      return new Run(match, plan, workers).prune();
    }
  }

  /// Returns the network after the last stage: as this run has left or stored it, or else by
  /// performing the stages.
  private Network outcome() {
    if (outcome != null) {
      return outcome;
    }
    NetworkWithData match = match();
    try (var workers = new Workers(options.machine().threads())) {
      return new Run(match, plan(match), workers).inStages().getLast().network();
    }
  }

  /// Returns the network that the first stage begins with.
  private Network start(Network dense, PruningPlan plan) {
    List<Amount> path = plan.path();
    if (path.isEmpty()) {
      return dense;
    }
    if (previous == null) {
      previous =
          new Pruning(network, data, new BudgetRequest(path.getLast(), budget.nnz()))
              .options(options.toBuilder().path(path.subList(0, path.size() - 1)).build())
              .preprocessing(preprocessing)
              .sharing(shared)
              .matchedAs(this)
              .progress(progress);
    }
    Network start = previous.outcome();
    previous.outcome = null; // no other run needs it
    return start;
  }

  /// One run, with everything that its steps need.
  private final class Run {
    private final Network dense;
    private final PruningPlan plan;
    private final CalibrationSamples samples;
    private final Validation validation;
    private final DenseStatistics statistics;
    private final Workers workers;
    private final Clock clock;
    private final List<String> warnings = new ArrayList<>();

    Run(NetworkWithData match, PruningPlan plan, Workers workers) {
      this.dense = match.network();
      this.plan = plan;
      this.samples = new CalibrationSamples(match, Splits.of(match.data().train()), options.seed());
      this.workers = workers;
      this.clock = new Clock();
      this.statistics = shared == null ? DenseStatistics.ofOneRun() : shared;
      this.validation = new Validation(judge(samples.validation()), progress, clock);
    }

    PrunedNetwork prune() {
      samples.match().data().notes().forEach(progress::note);
      samples.match().data().warnings().forEach(this::warn);
      WeightVector.requireFinite(dense, plan.costs());
      plan.warnings().forEach(this::warn);
      if (given == null || !given.keepsAll()) { // what is to be trained need not predict anything
        lookAtDense();
      }
      SampleLosses ofDense =
          statistics.get(
              SampleLosses.class,
              "losses on held-out samples",
              () -> validation.of(dense, "dense network"));
      List<Stage> done = inStages();
      BatchNormChoice.Choice refresh = refresh(done.getLast(), ofDense);
      Report.Accuracy test = readsTest ? test(refresh) : null;
      return new PrunedNetwork(
          NetworkWithData.asGiven(shaped(), refresh.result().stored()),
          StoredMask.of(done.getLast().mask(), plan.costs(), dense),
          plan,
          report(
              done,
              accuracy(ofDense, refresh),
              heldOut(refresh.lossesOfResult(), test != null),
              test,
              outcomes(done, refresh.result()),
              DropEstimate.of(refresh.lossesOfResult().dropFrom(ofDense))));
    }

    /// Checks the dense network; in runs that share its statistics once, with the same warnings in
    /// each report.
    private void lookAtDense() {
      boolean isNew = !statistics.isKnown(FirstLook.class.getName());
      DenseWarnings found =
          statistics.get(
              DenseWarnings.class,
              FirstLook.class.getName(),
              () -> {
                var messages = new ArrayList<String>();
                var look = new FirstLook(samples, workers, progress, messages::add);
                clock.run("dense check", () -> look.at(dense, plan.samples(), options.loss()));
                return new DenseWarnings(messages);
              });
      found.texts().forEach(isNew ? this::warn : warnings::add);
    }

    /// What may surprise about the dense network and the data.
    private record DenseWarnings(List<String> texts) {}

    private Map<String, LayerOutcome> outcomes(List<Stage> done, Network result) {
      boolean isTraining = given != null && given.keepsAll();
      var outcomes = new LayerOutcomes(dense, plan, method != null || given != null, isTraining);
      return clock.time("layers' errors", () -> outcomes.of(result, done, samples, workers));
    }

    /// Returns all stages: those that were already finished, then the others, performed in order.
    private List<Stage> inStages() {
      var done = new ArrayList<>(stages.finished());
      PruningMethod used = method == null ? Methods.of(options, plan) : method;
      for (int number = done.size(); number < stageCount(); number++) {
        Stage stage =
            plan.stages().get(number).isRetraining()
                ? retrained(number, done)
                : given == null ? stage(used, number, before(done, number)) : masked(number, given);
        stages.save(stage);
        tell(stage);
        done.add(stage);
      }
      outcome = isFollowed ? done.getLast().network() : null;
      return done;
    }

    private int stageCount() {
      return plan.stages().size();
    }

    /// Returns the network that a stage began with.
    private Network before(List<Stage> done, int number) {
      return number == 0 ? start(dense, plan) : done.get(number - 1).network();
    }

    private PruningMethod.Setting setting(int number) {
      return new PruningMethod.Setting(
          dense,
          plan,
          samples,
          statistics,
          new PruningMethod.Tools(
              workers,
              progress,
              clock,
              GradientMemory.scratch(options),
              stages.checkpoints(number, dense, progress)));
    }

    /// Returns the stage of a mask that was given: its weights are those of the network, or of the
    /// pruned one that was given with it.
    private Stage masked(int number, GivenMask of) {
      long start = System.nanoTime();
      Mask mask = of.of(dense, plan, options);
      List<String> emptied = GivenMask.emptied(mask, plan.costs());
      if (!emptied.isEmpty()) {
        warn(
            "The mask keeps no weight of %s: %s. Such a layer passes nothing on, and its weights are not trained."
                .formatted(
                    emptied.size() == 1 ? "a layer" : emptied.size() + " layers",
                    String.join(", ", emptied)));
      }
      Network network = of.masked(dense, mask, plan.costs(), options);
      return finished(number, network, new Report.Choice(null, null), start, List.of());
    }

    /// Returns the stage of a retraining.
    ///
    /// @param done the stages before it, the last one a pruning
    private Stage retrained(int number, List<Stage> done) {
      long start = System.nanoTime();
      Stage pruned = done.getLast();
      var retraining =
          new RetrainingStage(
              setting(number), Objects.requireNonNull(options.retraining()), validation);
      RetrainingStage.Result result =
          retraining.run(
              new RetrainingStage.Round(
                  plan.stages().get(number),
                  before(done, pruned.number()),
                  pruned.network(),
                  pruned.mask(),
                  rate(done)));
      return finished(
          number,
          result.network(),
          pruned.choice(),
          start,
          List.of(new StageNote.Retrained(result.report())));
    }

    /// Returns the learning rate of an earlier retraining of the run.
    ///
    /// @return null if there is none
    private static @Nullable Double rate(List<Stage> done) {
      for (Stage stage : done) {
        for (StageNote note : stage.report().notes()) {
          if (note instanceof StageNote.Retrained(RetrainingReport report)) {
            return report.search().learningRate();
          }
        }
      }
      return null;
    }

    private Stage finished(
        int number, Network network, Report.Choice choice, long start, List<StageNote> notes) {
      Mask mask = WeightVector.nonZero(network, plan.costs());
      SampleLosses losses = validation.of(network, "stage " + (number + 1));
      return new Stage(
          number,
          network,
          mask,
          choice,
          new Report.StageReport(
              mask.macs(plan.costs()),
              mask.keptCount(),
              percent(losses),
              (System.nanoTime() - start) / 1e9,
              notes));
    }

    private Stage stage(PruningMethod used, int number, Network present) {
      long start = System.nanoTime();
      int budget = plan.stages().get(number).budget();
      PruningMethod.Outcome outcome = used.run(setting(number), budget, present);
      if (method != null) {
        outcome.require(plan, budget);
      }
      return finished(
          number,
          outcome.network(),
          new Report.Choice(
              Report.Certificate.of(outcome.projection(), plan), outcome.effectiveRows()),
          start,
          outcome.notes());
    }

    private void tell(Stage stage) {
      stage.report().notes().forEach(note -> progress.note(note.text()));
      Double percent = stage.report().validation();
      progress.note(
          "stage %d of %d: %s%s"
              .formatted(
                  stage.number() + 1,
                  stageCount(),
                  plan.isCounted()
                      ? share(stage.report().macs(), plan.costs().totalMacs(), "MACs")
                      : share(stage.report().nnz(), plan.costs().weightCount(), "weights"),
                  percent == null
                      ? ""
                      : ", validation %s %.2f %%".formatted(measure().id(), percent)));
    }

    private static String share(long part, long total, String resource) {
      return "%.1f %% of the %s".formatted(100.0 * part / Math.max(1, total), resource);
    }

    /// @return null if there are no samples to judge by
    private static @Nullable Double percent(SampleLosses losses) {
      return losses.count() == 0 ? null : losses.percent();
    }

    /// A retraining takes new statistics itself.
    private BatchNormChoice.Choice refresh(Stage last, SampleLosses ofDense) {
      BatchNormPolicy asked = options.refinement().batchNorm();
      boolean isRetrained =
          last.report().notes().stream()
              .anyMatch(note ->
                  note instanceof StageNote.Retrained(RetrainingReport report)
                      && report.taken() > 0);
      return new BatchNormChoice(dense, plan.passBytes(), samples, validation, workers)
          .of(
              last.network(),
              isRetrained && asked == BatchNormPolicy.AUTO ? BatchNormPolicy.OFF : asked,
              ofDense,
              clock,
              this::warn);
    }

    /// @return null if no samples are held out
    private static Report.@Nullable Accuracy accuracy(
        SampleLosses ofDense, BatchNormChoice.Choice refresh) {
      if (ofDense.count() == 0) {
        return null;
      }
      Double refreshed = refresh.after() == null ? null : refresh.after().percent();
      return accuracy(ofDense.percent(), refresh.before().percent(), refreshed, refresh.isTaken());
    }

    private static Report.Accuracy accuracy(
        double dense, double pruned, @Nullable Double refreshed, boolean isTaken) {
      return new Report.Accuracy(
          dense, pruned, refreshed, isTaken && refreshed != null ? refreshed : pruned);
    }

    /// @return null if there is no test split, or the measure needs labels and the test split has
    ///     none
    private Report.@Nullable Accuracy test(BatchNormChoice.Choice refresh) {
      Dataset judged = samples.match().data();
      if (!judged.hasTest()) {
        progress.note("there is no test split; networks are judged on validation samples alone");
        return null;
      }
      if (measure() == Measure.ACCURACY && !judged.isLabelled(Split.TEST)) {
        warn("The test split has no labels; networks are judged on validation samples alone.");
        return null;
      }
      Samples all = judged.test();
      boolean isByLabels = testMeasure() == Measure.ACCURACY;
      SampleSource shown =
          isByLabels ? samples.match().plain(all, all.judged()) : samples.match().plain(all);
      var judge = new Judge(testMeasure(), dense, shown, workers);
      Network tried = refresh.isTaken() || !testsResultAlone ? refresh.refreshed() : null;
      progress.begin("test", tried == null ? 2 : 3);
      double ofDense =
          statistics.get(
              Double.class, "percent of the test samples", () -> onTest(judge, dense, 1));
      double pruned = onTest(judge, refresh.pruned(), 2);
      Double refreshed = tried == null ? null : onTest(judge, tried, 3);
      progress.end();
      return accuracy(ofDense, pruned, refreshed, refresh.isTaken());
    }

    private double onTest(Judge judge, Network judged, int step) {
      double percent = clock.time("test", () -> judge.of(judged).percent());
      progress.advance(step);
      return percent;
    }

    private Judge judge(SampleSource judged) {
      return new Judge(measure(), dense, judged, workers);
    }

    private Measure measure() {
      return samples.match().measure();
    }

    /// By labels if the test split has them, even if the training split has none.
    private Measure testMeasure() {
      return samples.match().measure(Split.TEST, options.loss());
    }

    private void warn(String message) {
      warnings.add(message);
      progress.warn(message);
    }

    /// Returns how far the final figure can be trusted; warns where it rests on few samples and
    /// there is no other figure.
    private Report.HeldOut heldOut(SampleLosses ofResult, boolean isTested) {
      Interval interval = ofResult.interval();
      var heldOut =
          new Report.HeldOut(
              ofResult.count(),
              interval == null ? null : interval.low(),
              interval == null ? null : interval.high());
      if (heldOut.samples() > 0 && heldOut.isFew() && !isTested) {
        warn(
            "Figures on validation rest on %d held-out %s%s. More training samples, or a test split, tell more."
                .formatted(
                    heldOut.samples(),
                    heldOut.samples() == 1 ? "sample" : "samples",
                    interval == null
                        ? " and say next to nothing"
                        : ": the pruned network's %s may be %.1f to %.1f %% on others"
                            .formatted(measure().id(), interval.low(), interval.high())));
      }
      return heldOut;
    }

    private Report report(
        List<Stage> done,
        Report.@Nullable Accuracy accuracy,
        Report.HeldOut heldOut,
        Report.@Nullable Accuracy test,
        Map<String, LayerOutcome> outcomes,
        @Nullable DropEstimate drop) {
      Stage last = done.getLast();
      return Report.builder(plan, last.mask(), last.choice())
          .judged(measure(), accuracy, test)
          .testMeasure(test == null ? measure() : testMeasure())
          .heldOut(heldOut)
          .drop(drop)
          .dropLimit(dropLimit)
          .outcomes(outcomes)
          .stages(done.stream().map(Stage::report).toList())
          .seconds(clock.seconds())
          .peakMemoryBytes(PeakMemory.bytes())
          .replacedKernels(workers.replacedKernels())
          .warnings(warnings)
          .build();
    }
  }
}
