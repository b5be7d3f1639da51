package falcon.prune.method;

import falcon.budget.CostTable;
import falcon.budget.Mask;
import falcon.data.Split;
import falcon.model.ModelOption;
import falcon.model.Network;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.evaluation.Validation;
import falcon.prune.options.Measure;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.options.RateDecay;
import falcon.prune.options.RetrainingLoss;
import falcon.prune.options.RetrainingOptions;
import falcon.prune.plan.PlannedStage;
import falcon.prune.report.RetrainingReport;
import falcon.torch.execution.SampleLosses;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import falcon.torch.training.BatchNormRefresh;
import falcon.torch.training.Objective;
import falcon.torch.training.Optimizer;
import falcon.torch.training.StepCheckpoints;
import falcon.torch.training.Training;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The retraining of a pruned network on its mask: passes over the training samples that are not
/// held out, which decide about start, learning rate and the epoch that is taken.
///
/// The choices, each made on held-out samples: the weights that the training starts from (those of
/// the pruned network, or the dense ones on the same mask), the learning rate, and the epoch whose
/// end is the result; none of them if the network before it is better.
public final class RetrainingStage {
  /// Number of samples that BatchNormalization's statistics are taken of after an epoch.
  private static final int STATISTICS_SAMPLES = 2_048;

  /// The same number after a trial.
  private static final int TRIAL_STATISTICS_SAMPLES = 512;

  private static final double MOMENTUM = 0.9;

  private final PruningMethod.Setting setting;
  private final RetrainingOptions options;
  private final Validation validation;

  /// Creates the retraining of a run.
  ///
  /// @param setting the setting of the stage; its dense network is the teacher
  /// @param validation judges networks on the held-out samples
  public RetrainingStage(
      PruningMethod.Setting setting, RetrainingOptions options, Validation validation) {
    this.setting = setting;
    this.options = options;
    this.validation = validation;
  }

  /// What is retrained: a network on its mask, once or after each of several stages of pruning.
  ///
  /// @param planned the epochs, of all that the options ask for
  /// @param unpruned the network before the pruning that left the mask: the dense one, or that of
  ///     an earlier retraining
  /// @param input the network before, zero where the mask does not keep a weight
  /// @param mask of the prunable weights, in the order of the plan's costs
  /// @param learningRate greatest learning rate that an earlier retraining of the run found, null
  ///     for the first
  public record Round(
      PlannedStage planned,
      Network unpruned,
      Network input,
      Mask mask,
      @Nullable Double learningRate) {}

  /// The result of a retraining.
  ///
  /// @param network the retrained network, or the retraining's input
  /// @param report how it was done
  public record Result(Network network, RetrainingReport report) {}

  /// Refuses a loss that the data or the network do not allow.
  ///
  /// @param isTraining whether nothing is pruned, so that there is no teacher
  /// @throws PruningException if labels are needed and there are none, or the network is no
  ///     classifier
  public static void require(NetworkWithData match, RetrainingOptions options, boolean isTraining) {
    if (!options.loss().needsLabels() || match.measure() == Measure.ACCURACY) {
      return;
    }
    String asked =
        isTraining ? "Training" : "%s %s".formatted(Option.RETRAIN_LOSS, options.loss().id());
    String otherwise =
        isTraining
            ? ""
            : ", or say %s %s".formatted(Option.RETRAIN_LOSS, RetrainingLoss.DISTILL.id());
    if (!match.data().isLabelled(Split.TRAIN)) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "%s needs labels, and the training samples in %s have none.%nAdd an array 'labels'%s."
              .formatted(asked, match.data().directory(), otherwise));
    }
    throw new PruningException(
        PruningException.Kind.USAGE,
        "%s needs a classifier that is judged by its labels; this network is judged by %s.%nChoose the output of a classifier (%s)%s."
            .formatted(asked, match.measure().id(), ModelOption.OUTPUT, otherwise));
  }

  /// Retrains a network.
  public Result run(Round round) {
    try (Objective objective = objective()) {
      return new Run(objective, round).run();
    }
  }

  private Objective objective() {
    NetworkWithData match = setting.samples().match();
    Objective.Outputs outputs =
        match.measure() == Measure.FIDELITY
            ? Objective.Outputs.NUMBERS
            : Objective.ofClassifier(setting.dense(), match.isBinary());
    double temperature = options.temperature();
    return switch (options.loss()) {
      case LABELS -> Objective.labels(outputs);
      case DISTILL -> towards(outputs, new Objective.Parts(1, 0, 0, temperature));
      case BOTH -> towards(outputs, new Objective.Parts(0.5, 0, 0.5, temperature));
    };
  }

  private Objective towards(Objective.Outputs outputs, Objective.Parts parts) {
    return Objective.towards(
        setting.dense(),
        outputs,
        parts,
        List.of(),
        setting.samples().draw("scale of the outputs", 0, STATISTICS_SAMPLES));
  }

  /// One retraining, with everything that its steps need.
  private final class Run {
    private final Objective objective;
    private final Round round;
    private final SampleSource heldOut = setting.samples().validation();
    private final Training.Scope scope;
    private final RetrainingState state;

    Run(Objective objective, Round round) {
      this.objective = objective;
      this.round = round;
      this.scope =
          new Training.Scope(
              WeightVector.kept(round.mask(), setting.plan().costs()),
              new HashSet<>(setting.plan().untouched()),
              passBytes());
      this.state = new RetrainingState(setting.dense());
    }

    private long passBytes() {
      long planned = setting.plan().passBytes();
      return planned > 0 ? planned : BatchNormRefresh.DEFAULT_BYTES;
    }

    Result run() {
      StepCheckpoints store = setting.checkpoints().retraining();
      StepCheckpoints.State last = store.last();
      Map<String, Network> starts = starts();
      if (last == null) {
        state.begin(judge(round.input(), "network before retraining"), search(starts));
      } else {
        state.restore(last);
      }
      RetrainingReport.Search chosen = state.search();
      setting
          .progress()
          .note(
              "retraining from the %s weights by %s with a learning rate of %s"
                  .formatted(
                      chosen.start(),
                      chosen.optimizer(),
                      RetrainingReport.decimal(chosen.learningRate())));
      train(start(starts, chosen.start()), chosen.learningRate(), store, last);
      Network best = state.best();
      return new Result(best == null ? round.input() : best, state.report());
    }

    /// Returns the weights to start from, by name.
    private Map<String, Network> starts() {
      CostTable costs = setting.plan().costs();
      Network unpruned = round.unpruned();
      Network masked =
          WeightVector.into(unpruned, WeightVector.of(unpruned, costs), round.mask(), costs);
      var starts = new LinkedHashMap<String, Network>();
      if (!round.input().initializers().equals(masked.initializers())) {
        starts.put("re-fitted", round.input());
      }
      boolean isKept = masked.initializers().equals(unpruned.initializers());
      starts.put(isKept ? "given" : round.planned().firstEpoch() > 0 ? "earlier" : "dense", masked);
      return starts;
    }

    private static Network start(Map<String, Network> starts, String name) {
      return Objects.requireNonNull(starts.get(name), name);
    }

    private void train(
        Network start, double rate, StepCheckpoints store, StepCheckpoints.@Nullable State last) {
      var listener = new Epochs();
      int epochs = round.planned().epochs();
      long all = (long) epochs * inEpoch();
      setting.progress().begin("retrain", all);
      if (last != null) {
        setting.progress().goOn(Math.min(all, (long) last.done() * options.stepping().batchSize()));
      }
      try {
        new Training(trainingOptions(epochs, rate), setting.workers())
            .keptIn(state.around(store, last))
            .train(start, scope, objective, this::epoch, listener);
      } catch (ArithmeticException e) {
        state.broken(String.valueOf(e.getMessage()));
        setting.progress().note("retraining ends early: " + e.getMessage());
        listener.spent();
      }
      setting.progress().end();
    }

    private SampleSource epoch(int number) {
      return setting.samples().draw("retraining", round.planned().firstEpoch() + number, inEpoch());
    }

    private int inEpoch() {
      return setting.samples().splits().rest().length;
    }

    /// Receives the progress of the training and judges the network after each epoch.
    private final class Epochs implements Training.Listener {
      private long begin = System.nanoTime();

      private void spent() {
        setting.clock().add("retraining", (System.nanoTime() - begin) / 1e9);
      }

      @Override
      public void frozen(List<String> tensorNames) {
        if (!tensorNames.isEmpty()) {
          setting
              .progress()
              .note(
                  "no gradient reaches %d tensors, which stay as they are: %s"
                      .formatted(tensorNames.size(), String.join(", ", tensorNames)));
        }
      }

      @Override
      public void step(int epoch, int samplesDone, int samplesInEpoch, double loss) {
        setting.progress().advance((long) epoch * inEpoch() + samplesDone);
      }

      @Override
      public void epoch(int epoch, double loss, Network present) {
        spent();
        Network judged = refreshed(present, STATISTICS_SAMPLES);
        RetrainingState.Judgement judgement = judge(judged, "network after epoch " + number(epoch));
        double seconds = (System.nanoTime() - begin) / 1e9;
        begin = System.nanoTime();
        state.epoch(judged, loss, judgement, seconds);
        setting.progress().note(text(epoch, loss, judgement, seconds));
      }

      private int number(int epoch) {
        return round.planned().firstEpoch() + epoch + 1;
      }

      private String text(
          int epoch, double loss, RetrainingState.Judgement judgement, double seconds) {
        return "epoch %d of %d: loss %.4f%s%s, %.0f s"
            .formatted(
                number(epoch),
                options.epochs(),
                loss,
                judgement.loss() == null ? "" : ", held out %.4f".formatted(judgement.loss()),
                judgement.percent() == null
                    ? ""
                    : ", validation %s %.2f %%"
                        .formatted(setting.samples().match().measure().id(), judgement.percent()),
                seconds);
      }
    }

    private Network refreshed(Network network, int samples) {
      return setting
          .clock()
          .time(
              "BatchNormalization",
              () ->
                  BatchNormRefresh.refresh(
                      network,
                      setting.samples().draw("BatchNormalization", 0, samples),
                      scope.bytes(),
                      setting.workers()));
    }

    private RetrainingState.Judgement judge(Network network, String phase) {
      SampleLosses losses = validation.of(network, phase);
      if (losses.count() == 0) {
        return RetrainingState.Judgement.NONE;
      }
      return new RetrainingState.Judgement(losses.percent(), heldOutLoss(network));
    }

    /// @return null if it is not finite
    private @Nullable Double heldOutLoss(Network network) {
      double loss =
          setting
              .clock()
              .time(
                  "validation",
                  () ->
                      objective.mean(
                          network, heldOut, SampleChunks.DEFAULT_SIZE, setting.workers()));
      return Double.isFinite(loss) ? loss : null;
    }

    private Training.Options trainingOptions(int epochs, double rate) {
      RetrainingOptions.Stepping stepping = options.stepping();
      return new Training.Options(
          epochs,
          setting.samples().inWholeBatches(stepping.batchSize()),
          new Training.Rate(
              rate,
              stepping.rate().decay() == RateDecay.COSINE
                  ? Training.Decay.COSINE
                  : Training.Decay.LINEAR,
              stepping.rate().warmUp()),
          new Training.Steps(optimizer(), MOMENTUM, stepping.weightDecay()));
    }

    private Optimizer optimizer() {
      return switch (options.stepping().optimizer()) {
        case SGD -> Optimizer.SGD;
        case ADAMW -> Optimizer.ADAMW;
        case AUTO -> isDense() && hasBatchNorm() ? Optimizer.SGD : Optimizer.ADAMW;
      };
    }

    /// Returns whether the mask keeps all weights, so that a whole network is trained.
    private boolean isDense() {
      return round.mask().keptCount() == round.mask().weightCount();
    }

    private boolean hasBatchNorm() {
      return setting.dense().nodes().stream().anyMatch(node -> node.is("BatchNormalization"));
    }

    /// Chooses start and learning rate by short trainings.
    private RetrainingReport.Search search(Map<String, Network> starts) {
      Double own = options.stepping().rate().greatest();
      Double asked = own == null ? round.learningRate() : own;
      var search = new RateSearch(optimizer() == Optimizer.SGD, asked);
      if (heldOut.size() == 0 || (asked != null && starts.size() == 1)) {
        return new RetrainingReport.Search(
            List.of(),
            starts.keySet().iterator().next(),
            optimizer().name().toLowerCase(Locale.ROOT),
            search.first());
      }
      var trials = new ArrayList<RetrainingReport.Trial>();
      String start = starts.keySet().iterator().next();
      if (starts.size() > 1) {
        int steps = RateSearch.startSteps(allSteps());
        for (String each : starts.keySet()) {
          trials.add(trial(each, start(starts, each), search.first(), steps));
        }
        start = best(trials).start();
      }
      double rate = asked == null ? rate(search, start, start(starts, start), trials) : asked;
      return new RetrainingReport.Search(
          trials, start, optimizer().name().toLowerCase(Locale.ROOT), rate);
    }

    /// Chooses the learning rate.
    ///
    /// @param trials receives what was tried
    private double rate(
        RateSearch search, String name, Network start, List<RetrainingReport.Trial> trials) {
      int steps = RateSearch.steps(allSteps());
      var own = new ArrayList<RetrainingReport.Trial>();
      for (Double rate = search.first(); rate != null; rate = search.next(own, name)) {
        own.add(trial(name, start, rate, steps));
      }
      trials.addAll(own);
      return best(own).learningRate();
    }

    private static RetrainingReport.Trial best(List<RetrainingReport.Trial> trials) {
      return trials.stream().min(Comparator.comparingDouble(RateSearch::loss)).orElseThrow();
    }

    private long allSteps() {
      return (long) Math.ceilDiv(inEpoch(), options.stepping().batchSize())
          * round.planned().epochs();
    }

    private RetrainingReport.Trial trial(String name, Network start, double rate, int steps) {
      Training.Options trained = trainingOptions(1, rate);
      int samples = steps * trained.batchSize();
      SampleSource drawn = setting.samples().draw("learning rate", 0, samples);
      Supplier<Network> training =
          () ->
              new Training(trained, setting.workers())
                  .train(
                      start,
                      scope,
                      objective,
                      _ -> drawn,
                      (_, done, _, _) -> setting.progress().advance(done));
      setting.progress().begin("learning rate", samples);
      Double loss;
      try {
        Network network = setting.clock().time("learning rate", training::get);
        loss = heldOutLoss(refreshed(network, TRIAL_STATISTICS_SAMPLES));
      } catch (ArithmeticException _) {
        loss = null;
      }
      setting.progress().end();
      setting
          .progress()
          .note(
              "%d steps from the %s weights with a learning rate of %s: %s"
                  .formatted(
                      steps,
                      name,
                      RetrainingReport.decimal(rate),
                      loss == null ? "diverged" : "loss %.4f on held-out samples".formatted(loss)));
      return new RetrainingReport.Trial(name, rate, steps, loss);
    }
  }
}
