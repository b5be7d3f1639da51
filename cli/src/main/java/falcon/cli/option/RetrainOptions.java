package falcon.cli.option;

import falcon.prune.options.Optimizer;
import falcon.prune.options.RateDecay;
import falcon.prune.options.RetrainingLoss;
import falcon.prune.options.RetrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of retraining, but for the number of epochs and the learning rate.
public final class RetrainOptions {
  @Option(
      names = "--retrain-loss",
      paramLabel = "NAME",
      description =
          "What retraining makes small: distill (the distance to the dense network's outputs, the"
              + " default, without labels), labels (cross-entropy) or both.")
  private @Nullable RetrainingLoss loss;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "Temperature at which the classes of both networks are compared, above 0; else 4.")
  private @Nullable Double temperature;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description =
          "sgd (with Nesterov's momentum), adamw, or auto, the default: adamw; sgd where a whole network"
              + " with BatchNorm is trained.")
  private @Nullable Optimizer optimizer;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Samples of a step of the retraining; else 128.")
  private @Nullable Integer batchSize;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description = "Weight decay of the retraining, of tensors of two axes and more; else 5e-4.")
  private @Nullable Double weightDecay;

  @Option(
      names = "--decay",
      paramLabel = "NAME",
      description = "How the learning rate falls: cosine (the default) or linear.")
  private @Nullable RateDecay decay;

  @Option(
      names = "--warm-up",
      paramLabel = "SHARE",
      description = "Share of the steps in which the learning rate rises, 0 to 1; else 0.05.")
  private @Nullable Double warmUp;

  /// Returns the options of a retraining.
  ///
  /// @param learningRate greatest learning rate; null for one that is searched for
  public RetrainingOptions options(int epochs, @Nullable Double learningRate) {
    RetrainingOptions usual = RetrainingOptions.of(epochs);
    RetrainingOptions.Stepping stepping = usual.stepping();
    return new RetrainingOptions(
        epochs,
        Objects.requireNonNullElse(loss, usual.loss()),
        Objects.requireNonNullElse(temperature, usual.temperature()),
        usual.schedule(),
        new RetrainingOptions.Stepping(
            Objects.requireNonNullElse(optimizer, stepping.optimizer()),
            Objects.requireNonNullElse(batchSize, stepping.batchSize()),
            Objects.requireNonNullElse(weightDecay, stepping.weightDecay()),
            new RetrainingOptions.Rate(
                learningRate,
                Objects.requireNonNullElse(decay, stepping.rate().decay()),
                Objects.requireNonNullElse(warmUp, stepping.rate().warmUp()))));
  }

  /// Returns the names of the options that were typed.
  public List<String> typed() {
    var typed = new ArrayList<String>();
    add(typed, "--retrain-loss", loss);
    add(typed, "--temperature", temperature);
    add(typed, "--optimizer", optimizer);
    add(typed, "--batch-size", batchSize);
    add(typed, "--weight-decay", weightDecay);
    add(typed, "--decay", decay);
    add(typed, "--warm-up", warmUp);
    return typed;
  }

  private static void add(List<String> typed, String name, @Nullable Object value) {
    if (value != null) {
      typed.add(name);
    }
  }
}
