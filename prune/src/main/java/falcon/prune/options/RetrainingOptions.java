package falcon.prune.options;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The options of retraining a pruned network on its mask.
///
/// ```java
/// RetrainingOptions options = RetrainingOptions.of(10).withLoss(RetrainingLoss.BOTH);
/// System.out.println(options.epochs() + " epochs, loss: " + options.loss().id());
/// ```
///
/// @param epochs number of passes over the training samples that are not held out, 1 to
///     [#MOST_EPOCHS]
/// @param loss what becomes small
/// @param temperature divides the outputs of both classifiers where they are compared, above 0
/// @param schedule when the network is retrained
/// @param stepping how steps are taken
public record RetrainingOptions(
    int epochs,
    RetrainingLoss loss,
    double temperature,
    RetrainingSchedule schedule,
    Stepping stepping) {
  /// Greatest number of epochs.
  public static final int MOST_EPOCHS = 100_000;

  private static final int MOST_IN_BATCH = 1 << 20;

  /// How steps are taken.
  ///
  /// @param optimizer how gradients become steps
  /// @param batchSize number of samples of a step, 1 or more
  /// @param weightDecay weight decay of tensors of two axes and more, 0 or more
  /// @param rate the learning rate
  public record Stepping(Optimizer optimizer, int batchSize, double weightDecay, Rate rate) {}

  /// The learning rate.
  ///
  /// @param greatest greatest learning rate, above 0; null for one that a short search on held-out
  ///     samples finds
  /// @param decay how it falls to zero
  /// @param warmUp share of the steps in which it rises, 0 up to but not including 1
  public record Rate(@Nullable Double greatest, RateDecay decay, double warmUp) {}

  /// Checks the numbers.
  ///
  /// @throws PruningException if one is out of its range
  public RetrainingOptions {
    require(epochs >= 1 && epochs <= MOST_EPOCHS, Option.EPOCHS, "1 to 100,000", epochs);
    require(
        temperature > 0 && Double.isFinite(temperature),
        Option.TEMPERATURE,
        "above 0",
        temperature);
    require(
        stepping.batchSize() >= 1 && stepping.batchSize() <= MOST_IN_BATCH,
        Option.BATCH_SIZE,
        "1 to 1,048,576",
        stepping.batchSize());
    require(
        stepping.weightDecay() >= 0 && Double.isFinite(stepping.weightDecay()),
        Option.WEIGHT_DECAY,
        "0 or more",
        stepping.weightDecay());
    Rate rate = stepping.rate();
    require(
        rate.greatest() == null || (rate.greatest() > 0 && Double.isFinite(rate.greatest())),
        Option.LEARNING_RATE,
        "above 0",
        String.valueOf(rate.greatest()));
    require(
        rate.warmUp() >= 0 && rate.warmUp() < 1,
        Option.WARM_UP,
        "0 up to but not including 1",
        rate.warmUp());
  }

  private static void require(boolean holds, Option option, String wanted, Object found) {
    if (!holds) {
      throw new PruningException(
          PruningException.Kind.USAGE, "%s is %s, got %s.".formatted(option, wanted, found));
    }
  }

  /// Returns the defaults: distillation at temperature 4, steps of 128 samples, a weight decay of
  /// 5e-4, a learning rate that is searched for, rises over 5 % of the steps and falls along a
  /// cosine.
  ///
  /// @throws PruningException if the number of epochs is out of its range
  public static RetrainingOptions of(int epochs) {
    return new RetrainingOptions(
        epochs,
        RetrainingLoss.DISTILL,
        4,
        RetrainingSchedule.ONE_SHOT,
        new Stepping(Optimizer.AUTO, 128, 5e-4, new Rate(null, RateDecay.COSINE, 0.05)));
  }

  /// Returns the same options with another loss.
  public RetrainingOptions withLoss(RetrainingLoss value) {
    return new RetrainingOptions(epochs, value, temperature, schedule, stepping);
  }

  /// Returns the same options with another temperature.
  ///
  /// @throws PruningException if it is not above 0
  public RetrainingOptions withTemperature(double value) {
    return new RetrainingOptions(epochs, loss, value, schedule, stepping);
  }

  /// Returns the same options with another schedule.
  public RetrainingOptions withSchedule(RetrainingSchedule value) {
    return new RetrainingOptions(epochs, loss, temperature, value, stepping);
  }

  /// Returns the same options with another way to take steps.
  ///
  /// @throws PruningException if a number is out of its range
  public RetrainingOptions withStepping(Stepping value) {
    return new RetrainingOptions(epochs, loss, temperature, schedule, value);
  }

  /// Returns the same options with another learning rate.
  ///
  /// @param value above 0; null to search for it
  /// @throws PruningException if it is not above 0
  public RetrainingOptions withLearningRate(@Nullable Double value) {
    return withStepping(
        new Stepping(
            stepping.optimizer(),
            stepping.batchSize(),
            stepping.weightDecay(),
            new Rate(value, stepping.rate().decay(), stepping.rate().warmUp())));
  }

  /// Returns the report's values of these options, by name, in the order of the report.
  public Map<String, @Nullable Object> values() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("epochs", epochs);
    values.put("retrain-schedule", schedule.id());
    values.put("retrain-loss", loss.id());
    values.put("temperature", loss.needsTeacher() ? temperature : null);
    values.put("optimizer", stepping.optimizer().id());
    values.put("batch-size", stepping.batchSize());
    values.put("retrain-rate", stepping.rate().greatest());
    values.put("decay", stepping.rate().decay().id());
    values.put("warm-up", stepping.rate().warmUp());
    values.put("weight-decay", stepping.weightDecay());
    return values;
  }
}
