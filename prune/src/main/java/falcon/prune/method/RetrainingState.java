package falcon.prune.method;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.prune.report.RetrainingReport;
import falcon.prune.storage.Json;
import falcon.torch.training.StepCheckpoints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What a retraining knows besides the training's own state: what was chosen, the finished epochs,
/// and the best network so far.
final class RetrainingState {
  /// Prefix of the names of the best network's tensors in a state.
  private static final String BEST = "best/";

  private static final String REPORT = "report";
  private static final String INPUT_LOSS = "inputLoss";

  /// What held-out samples say of a network.
  ///
  /// @param percent percent of the run's measure; null if nothing is held out
  /// @param loss mean loss; null if nothing is held out or it is not finite
  record Judgement(@Nullable Double percent, @Nullable Double loss) {
    static final Judgement NONE = new Judgement(null, null);

    /// Returns whether this is at least as good as another one; where nothing is held out the later
    /// one is.
    boolean isNoWorseThan(Judgement other) {
      double own = Objects.requireNonNullElse(percent, Double.NEGATIVE_INFINITY);
      double others = Objects.requireNonNullElse(other.percent, Double.NEGATIVE_INFINITY);
      if (own != others) {
        return own > others;
      }
      double ownLoss = Objects.requireNonNullElse(loss, Double.POSITIVE_INFINITY);
      double otherLoss = Objects.requireNonNullElse(other.loss, Double.POSITIVE_INFINITY);
      return ownLoss <= otherLoss;
    }
  }

  private final Network dense;
  private final List<RetrainingReport.Epoch> epochs = new ArrayList<>();
  private Judgement input = Judgement.NONE;
  private RetrainingReport.@Nullable Search search;
  private Judgement bestJudgement = Judgement.NONE;
  private @Nullable Network best;
  private int taken;
  private @Nullable String broken;

  RetrainingState(Network dense) {
    this.dense = dense;
  }

  /// @param judgement of the retraining's input
  void begin(Judgement judgement, RetrainingReport.Search chosen) {
    input = judgement;
    bestJudgement = judgement;
    search = chosen;
  }

  RetrainingReport.Search search() {
    return Objects.requireNonNull(search);
  }

  /// Adds a finished epoch.
  void epoch(Network network, double loss, Judgement judgement, double seconds) {
    epochs.add(new RetrainingReport.Epoch(loss, judgement.loss(), judgement.percent(), seconds));
    if (judgement.isNoWorseThan(bestJudgement)) {
      best = network;
      bestJudgement = judgement;
      taken = epochs.size();
    }
  }

  void broken(String reason) {
    broken = reason;
  }

  /// Returns the best network; null if it is the retraining's input.
  @Nullable Network best() {
    return best;
  }

  RetrainingReport report() {
    return new RetrainingReport(search(), epochs, taken, input.percent(), broken);
  }

  /// Returns a store of the training's states that holds this one, too.
  ///
  /// @param last the state that the store returned; null for none
  StepCheckpoints around(StepCheckpoints store, StepCheckpoints.@Nullable State last) {
    return new StepCheckpoints() {
      @Override
      public @Nullable State last() {
        return last;
      }

      @Override
      public void stepDone(int done, int steps, Supplier<State> state) {
        store.stepDone(done, steps, () -> withThis(state.get()));
      }
    };
  }

  private StepCheckpoints.State withThis(StepCheckpoints.State state) {
    var arrays = new LinkedHashMap<>(state.arrays());
    Network kept = best;
    if (kept != null) {
      kept.initializers()
          .forEach((name, tensor) -> {
            if (!Objects.equals(tensor, dense.initializers().get(name))) {
              arrays.put(BEST + name, tensor.toFloats());
            }
          });
    }
    ObjectNode json = report().toJson();
    json.put(INPUT_LOSS, input.loss());
    return new StepCheckpoints.State(
        state.done(), state.scales(), arrays, Map.of(REPORT, Json.text(json)));
  }

  /// Goes on from a state that the store of [#around] made.
  ///
  /// @throws IllegalArgumentException if it has other content
  void restore(StepCheckpoints.State state) {
    JsonNode json = Json.parse(state.texts().getOrDefault(REPORT, "{}"));
    RetrainingReport report = RetrainingReport.read(json);
    search = report.search();
    epochs.addAll(report.epochs());
    taken = report.taken();
    input =
        new Judgement(
            report.input(),
            json.hasNonNull(INPUT_LOSS) ? json.get(INPUT_LOSS).doubleValue() : null);
    bestJudgement = input;
    if (taken > 0) {
      RetrainingReport.Epoch epoch = epochs.get(taken - 1);
      bestJudgement = new Judgement(epoch.validation(), epoch.heldOutLoss());
      var tensors = new LinkedHashMap<String, Tensor>();
      state
          .arrays()
          .forEach((name, array) -> {
            if (name.startsWith(BEST)) {
              String tensorName = name.substring(BEST.length());
              tensors.put(tensorName, dense.tensor(tensorName).withFloats(array));
            }
          });
      best = dense.withTensors(tensors);
    }
  }
}
