package falcon.prune.evaluation;

import falcon.data.Dataset;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.SampleLosses;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The look at network and data before anything is pruned: whether values are finite, labels are
/// used and predicted beyond chance, and samples are held out.
///
/// @param samples that the run calibrates on
/// @param workers the threads
/// @param progress hears what is worth knowing
/// @param warn receives what may surprise
public record FirstLook(
    CalibrationSamples samples, Workers workers, Progress progress, Consumer<String> warn) {
  /// Samples that are looked at where a method uses none.
  private static final int USUAL_SAMPLES = 512;

  /// Looks at the dense network.
  ///
  /// @param calibration number of samples that the method uses in its first stage, 0 for none
  /// @throws falcon.torch.UnsupportedNetworkException if inputs or outputs are not finite; names
  ///     the input, or the node that the first such value comes from, and the sample
  public void at(Network dense, int calibration, Loss loss) {
    NetworkWithData match = samples.match();
    int available = samples.splits().rest().length;
    int count = calibration > 0 ? calibration : Math.min(USUAL_SAMPLES, available);
    SampleSource seen = samples.drawPlain("reconstruction", 0, count);
    progress.note(
        "looking at the dense network on %d calibration samples"
            .formatted(Math.min(count, available)));
    if (match.measure() == Measure.ACCURACY) {
      var meaning = BinaryOutput.of(dense);
      List<Integer> predictions =
          SampleLosses.predictions(Evaluation.logits(dense, seen, workers).meaning(meaning));
      var chance = new Chance();
      chance.add(predictions.subList(0, Math.min(count, available)), seen);
      tell(warn, chance.warning(match));
    } else {
      Evaluation.requireFinite(dense, seen, workers);
    }
    tell(loss == Loss.AUTO ? warn : progress::note, unusedLabels(match, loss));
    tell(progress::note, fewerClasses(match));
    tell(warn, nothingHeldOut());
  }

  private static void tell(Consumer<String> listener, @Nullable String text) {
    if (text != null) {
      listener.accept(text);
    }
  }

  /// Returns what is said of labels that a run does not look at, null if it looks at them or there
  /// are none.
  public static @Nullable String unusedLabels(NetworkWithData match, Loss loss) {
    Dataset data = match.data();
    if (match.measure() == Measure.ACCURACY || !data.isLabelled()) {
      return null;
    }
    return "The labels of %s are not used: %s."
        .formatted(
            data.directory(),
            loss == Loss.AUTO
                ? "the network's output is neither [examples, classes] nor one number for labels 0 and 1 (the data have %d classes)"
                    .formatted(data.classes())
                : "%s %s looks at none".formatted(Option.LOSS, loss.id()));
  }

  /// Returns what is said of data with fewer classes than the network tells apart, null where there
  /// is nothing to say.
  public static @Nullable String fewerClasses(NetworkWithData match) {
    int classes = match.measure() == Measure.ACCURACY ? classes(match.network()) : 0;
    int ofData = classes > 1 ? match.data().classes() : classes;
    return ofData >= classes
        ? null
        : "The data have %d classes, the network tells %d apart: they are taken for its first %d, in their order."
            .formatted(ofData, classes, ofData);
  }

  /// Numbers that the network has for an example; 0 if it is no classifier.
  static int classes(Network network) {
    Integer classes = MeasureChoice.classes(network);
    return classes == null ? 0 : Math.max(2, classes);
  }

  private @Nullable String nothingHeldOut() {
    Splits splits = samples.splits();
    return splits.validation().length > 0
        ? null
        : "None of %d training samples is held out: what the run chooses and how good the result is cannot be judged on any. %d samples or more are needed for that."
            .formatted(splits.rest().length, Splits.leastForValidation());
  }
}
