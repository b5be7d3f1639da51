package falcon.prune;

import falcon.data.DataOption;
import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.data.Split;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.prune.evaluation.Chance;
import falcon.prune.evaluation.FirstLook;
import falcon.prune.evaluation.Judge;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.resources.Kernels;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.execution.SampleLosses;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Measures the accuracy of a classifier on labelled samples, or how much of a reference any
/// network keeps. The results are the same for any number of threads.
public final class Evaluator {
  /// The number of samples between two messages of progress.
  private static final int SLICE = 1024;

  private final Dataset data;
  private final @Nullable Preprocessing preprocessing;
  private final int threads;
  private final WorkPlace place;

  /// Prepares evaluations.
  ///
  /// @param data the data set of the samples
  /// @param preprocessing the conversion of pixels to inputs; null for the one that suits network
  ///     and data
  /// @param threads number of threads that work, 1 or more; does not change the result
  public Evaluator(Dataset data, @Nullable Preprocessing preprocessing, int threads) {
    this(data, preprocessing, threads, WorkPlace.THREADS);
  }

  /// Prepares evaluations.
  ///
  /// @param place where chunks of samples are computed; does not change the result
  public Evaluator(
      Dataset data, @Nullable Preprocessing preprocessing, int threads, WorkPlace place) {
    this.data = data;
    this.preprocessing = preprocessing;
    this.threads = threads;
    this.place = place;
  }

  /// The part of the data that is evaluated.
  public enum Part {
    /// The part of the training split that is held out for choices.
    VALIDATION,
    /// The test split.
    TEST,
    /// The whole training split.
    TRAIN
  }

  /// The result of a classifier on the samples.
  ///
  /// @param samples number of samples
  /// @param correct number of samples that were assigned their label
  /// @param crossEntropy mean of −log of the label's softmax probability, in nats
  /// @param seconds time of the evaluation
  /// @param warnings what the user should know, one text per warning
  public record Result(
      int samples, int correct, double crossEntropy, double seconds, List<String> warnings) {
    /// Copies the warnings.
    public Result {
      warnings = List.copyOf(warnings);
    }

    /// Returns the share of correct answers in percent.
    public double accuracy() {
      return 100.0 * correct / samples;
    }
  }

  /// The result of a comparison: how much of a reference a network keeps.
  ///
  /// @param measure [Measure#AGREEMENT] for classifiers, [Measure#FIDELITY] for other networks
  /// @param samples number of samples
  /// @param percent percent of that measure, 100 where nothing is lost
  /// @param fidelity fidelity of the outputs in percent, at most 100
  /// @param seconds time of the comparison
  public record Comparison(
      Measure measure, int samples, double percent, double fidelity, double seconds) {}

  /// Evaluates a classifier on all samples of a part, without augmentation.
  ///
  /// @param progress receives the phase `evaluating`, a step per sample
  /// @throws PruningException if network and data are not compatible, or there are no labels
  public Result evaluate(Network network, Part part, Progress progress) {
    NetworkWithData match = NetworkWithData.of(network, data, preprocessing, Loss.AUTO);
    Samples samples = split(match.data(), part);
    if (match.measure(splitOf(part), Loss.AUTO) != Measure.ACCURACY) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "Accuracy needs %s.%nCompare with another network instead: %s DENSE.onnx."
              .formatted(
                  samples.isLabelled()
                      ? "a classifier, whose output is [examples, classes], or one number for each example where labels are 0 and 1"
                      : "labels, and %s has none".formatted(data.directory()),
                  Option.REFERENCE));
    }
    tell(match.data(), progress);
    int[] indexes = Arrays.stream(indexes(samples, part)).filter(samples::hasClass).toArray();
    long begin = System.nanoTime();
    int correct = 0;
    double crossEntropy = 0;
    var chance = new Chance();
    BinaryOutput meaning = BinaryOutput.of(match.network());
    int slice = slice(match, meaning, indexes.length);
    try (var workers = place.open(threads)) {
      Kernels.tell(workers, progress);
      match.notes(network).forEach(progress::note);
      progress.begin("evaluating", indexes.length);
      for (int from = 0; from < indexes.length; from += slice) {
        int to = Math.min(indexes.length, from + slice);
        SampleSource shown = match.plain(samples, Arrays.copyOfRange(indexes, from, to));
        Logits logits = Evaluation.logits(match.network(), shown, workers).meaning(meaning);
        var evaluation = Evaluation.of(logits, shown);
        correct += evaluation.correct();
        crossEntropy += evaluation.crossEntropy() * evaluation.samples();
        chance.add(SampleLosses.predictions(logits), shown);
        progress.advance(to);
      }
      progress.end();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    tell(progress, FirstLook.fewerClasses(match));
    String warning = chance.warning(match);
    if (warning != null) {
      progress.warn(warning);
    }
    return new Result(
        indexes.length,
        correct,
        crossEntropy / indexes.length,
        seconds,
        warning == null ? List.of() : List.of(warning));
  }

  /// Samples that are evaluated between two messages: all where their outputs together tell what
  /// the network's one output means.
  private static int slice(NetworkWithData match, @Nullable BinaryOutput meaning, int samples) {
    return meaning == null && match.isBinary() ? Math.max(1, samples) : SLICE;
  }

  private static void tell(Progress progress, @Nullable String text) {
    if (text != null) {
      progress.note(text);
    }
  }

  /// Compares two networks on all samples of a part, without augmentation; no labels are needed.
  ///
  /// @param reference usually the dense network
  /// @param network the network that is judged
  /// @param progress receives the phase `comparing`
  /// @throws PruningException if networks and data are not compatible
  public Comparison compare(Network reference, Network network, Part part, Progress progress) {
    NetworkWithData ofReference = NetworkWithData.of(reference, data, preprocessing, Loss.SELF);
    NetworkWithData match = NetworkWithData.of(network, data, preprocessing, Loss.SELF);
    if (match.measure() != ofReference.measure()) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "The network and its reference have outputs of different kinds: '%s' and '%s'."
              .formatted(network.outputs(), reference.outputs()));
    }
    tell(progress, FirstLook.unusedLabels(match, Loss.SELF));
    Samples samples = split(match.data(), part);
    tell(match.data(), progress);
    SampleSource shown = match.plain(samples, indexes(samples, part));
    long begin = System.nanoTime();
    try (var workers = place.open(threads)) {
      Kernels.tell(workers, progress);
      match.notes(network).forEach(progress::note);
      progress.begin("comparing", 2);
      double fidelity =
          new Judge(Measure.FIDELITY, ofReference.network(), shown, workers)
              .of(match.network())
              .percent();
      progress.advance(1);
      double percent =
          match.measure() == Measure.FIDELITY
              ? fidelity
              : new Judge(match.measure(), ofReference.network(), shown, workers)
                  .of(match.network())
                  .percent();
      progress.end();
      double seconds = (System.nanoTime() - begin) / 1e9;
      return new Comparison(match.measure(), shown.size(), percent, fidelity, seconds);
    }
  }

  /// Tells what of the files was left out.
  private static void tell(Dataset data, Progress progress) {
    data.notes().forEach(progress::note);
    data.warnings().forEach(progress::warn);
  }

  private static Samples split(Dataset data, Part part) {
    return switch (splitOf(part)) {
      case TRAIN -> data.train();
      case TEST -> data.test();
    };
  }

  private static Split splitOf(Part part) {
    return switch (part) {
      case VALIDATION, TRAIN -> Split.TRAIN;
      case TEST -> Split.TEST;
    };
  }

  private int[] indexes(Samples samples, Part part) {
    int[] indexes = indexesOf(samples, part);
    if (indexes.length == 0) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: none of its %d training samples is held out for validation; %d or more are needed for that.%nUse all of them (%s train)."
              .formatted(
                  data.directory(),
                  samples.count(),
                  Splits.leastForValidation(),
                  DataOption.SPLIT));
    }
    return indexes;
  }

  private static int[] indexesOf(Samples samples, Part part) {
    return switch (part) {
      case VALIDATION -> Splits.of(samples).validation();
      case TRAIN, TEST -> all(samples.count());
    };
  }

  private static int[] all(int count) {
    var indexes = new int[count];
    Arrays.setAll(indexes, i -> i);
    return indexes;
  }
}
