package falcon.prune.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.prune.storage.Json;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The report of a retraining.
///
/// @param search what was tried first, and what was chosen
/// @param epochs the finished epochs, in order
/// @param taken number of the epoch whose end is the result, from 1; 0 if the retraining's input is
///     the result, since no epoch was better on held-out samples
/// @param input percent of the retraining's input on held-out samples, null if nothing is held out
/// @param broken why the training ended early, null if it did not
public record RetrainingReport(
    Search search, List<Epoch> epochs, int taken, @Nullable Double input, @Nullable String broken) {
  /// Copies the list.
  public RetrainingReport {
    epochs = List.copyOf(epochs);
  }

  /// The search for start and learning rate.
  ///
  /// @param trials the short trainings, in order; empty where nothing was to be chosen
  /// @param start the weights that the training began with: `dense`, `re-fitted`, `earlier` (those
  ///     that an earlier retraining left, on the present mask), or `given` where the network had no
  ///     weights besides those of the mask
  /// @param optimizer how gradients became steps: `sgd` or `adamw`
  /// @param learningRate the greatest learning rate
  public record Search(List<Trial> trials, String start, String optimizer, double learningRate) {
    /// Copies the list.
    public Search {
      trials = List.copyOf(trials);
    }
  }

  /// A short training.
  ///
  /// @param start the weights that it began with
  /// @param learningRate its greatest learning rate
  /// @param steps number of its steps
  /// @param loss mean loss on held-out samples after it; null if it diverged
  public record Trial(String start, double learningRate, int steps, @Nullable Double loss) {}

  /// A pass over the training samples.
  ///
  /// @param loss mean loss of its samples, each at its own step
  /// @param heldOutLoss mean loss on held-out samples at its end, null if nothing is held out or it
  ///     is not finite
  /// @param validation percent of the report's measure on held-out samples, null if nothing is held
  ///     out
  /// @param seconds time that it took, evaluation included
  public record Epoch(
      double loss, @Nullable Double heldOutLoss, @Nullable Double validation, double seconds) {}

  /// Returns a sentence without a full stop.
  String text() {
    String how =
        "retrained for %d %s from the %s weights by %s with a learning rate of %s"
            .formatted(
                epochs.size(),
                epochs.size() == 1 ? "epoch" : "epochs",
                search.start(),
                search.optimizer(),
                decimal(search.learningRate()));
    String end = broken == null ? "" : "; it ended early: " + broken;
    if (taken == 0) {
      return "%s%s; no epoch was better on held-out samples, so the network before it is kept"
          .formatted(how, end);
    }
    Double percent = epochs.get(taken - 1).validation();
    String gain =
        percent == null || input == null
            ? ""
            : "; %.2f %% instead of %.2f %% on held-out samples".formatted(percent, input);
    return how
        + end
        + (taken == epochs.size() ? "" : "; the state after epoch %d is taken".formatted(taken))
        + gain;
  }

  /// Returns a number without an exponent, so that it can be typed again.
  public static String decimal(double number) {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  /// Writes the report as JSON; [#read] returns an equal one.
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("start", search.start())
        .put("optimizer", search.optimizer())
        .put("learningRate", search.learningRate())
        .put("taken", taken)
        .put("input", input)
        .put("broken", broken);
    ArrayNode trials = json.putArray("trials");
    for (Trial trial : search.trials()) {
      trials
          .addObject()
          .put("start", trial.start())
          .put("learningRate", trial.learningRate())
          .put("steps", trial.steps())
          .put("loss", trial.loss());
    }
    ArrayNode all = json.putArray("epochs");
    for (Epoch epoch : epochs) {
      all.addObject()
          .put("loss", epoch.loss())
          .put("heldOutLoss", epoch.heldOutLoss())
          .put("validation", epoch.validation())
          .put("seconds", epoch.seconds());
    }
    return json;
  }

  /// Reads what [#toJson] wrote.
  ///
  /// @throws IllegalArgumentException if it has other content
  public static RetrainingReport read(JsonNode json) {
    return new RetrainingReport(
        new Search(
            json.required("trials")
                .valueStream()
                .map(trial ->
                    new Trial(
                        trial.required("start").asText(),
                        trial.required("learningRate").doubleValue(),
                        trial.required("steps").intValue(),
                        number(trial, "loss")))
                .toList(),
            json.required("start").asText(),
            json.required("optimizer").asText(),
            json.required("learningRate").doubleValue()),
        json.required("epochs")
            .valueStream()
            .map(epoch ->
                new Epoch(
                    epoch.required("loss").doubleValue(),
                    number(epoch, "heldOutLoss"),
                    number(epoch, "validation"),
                    epoch.required("seconds").doubleValue()))
            .toList(),
        json.required("taken").intValue(),
        number(json, "input"),
        json.hasNonNull("broken") ? json.get("broken").asText() : null);
  }

  private static @Nullable Double number(JsonNode json, String name) {
    return json.hasNonNull(name) ? json.get(name).doubleValue() : null;
  }
}
