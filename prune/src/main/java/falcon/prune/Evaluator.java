package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.prune.evaluation.Judge;
import falcon.prune.evaluation.NetworkWithData;
import falcon.prune.options.Loss;
import falcon.prune.options.Measure;
import falcon.prune.options.Option;
import falcon.prune.options.Progress;
import falcon.prune.options.PruningException;
import falcon.prune.resources.Kernels;
import falcon.torch.execution.Evaluation;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Measures how well a classifier does on labelled samples, or how much of a reference any network
/// keeps. The results are the same for any number of threads.
public final class Evaluator {
  /// Samples between two messages of progress.
  private static final int SLICE = 1024;

  private final Dataset data;
  private final @Nullable Preprocessing preprocessing;
  private final int threads;

  /// Prepares evaluations.
  ///
  /// @param data where the samples come from
  /// @param preprocessing how pixels become inputs; null for what suits network and data
  /// @param threads number of threads that work, 1 or more; does not change the result
  public Evaluator(Dataset data, @Nullable Preprocessing preprocessing, int threads) {
    this.data = data;
    this.preprocessing = preprocessing;
    this.threads = threads;
  }

  /// Part of the data that is looked at.
  public enum Part {
    /// The part of the training split that is held out for choices.
    VALIDATION,
    /// The test split.
    TEST,
    /// The whole training split.
    TRAIN
  }

  /// What a classifier made of the samples.
  ///
  /// @param samples number of samples
  /// @param correct number of samples that got their label
  /// @param crossEntropy mean of −log of the label's softmax probability, in nats
  /// @param seconds time that it took
  public record Result(int samples, int correct, double crossEntropy, double seconds) {
    /// Returns the share of correct answers in percent.
    public double accuracy() {
      return 100.0 * correct / samples;
    }
  }

  /// How much of a reference a network keeps.
  ///
  /// @param measure [Measure#AGREEMENT] of classifiers, [Measure#FIDELITY] of other networks
  /// @param samples number of samples
  /// @param percent percent of that measure, 100 where nothing is lost
  /// @param fidelity fidelity of the outputs in percent, at most 100
  /// @param seconds time that it took
  public record Comparison(
      Measure measure, int samples, double percent, double fidelity, double seconds) {}

  /// Evaluates a classifier on all samples of a part, not augmented.
  ///
  /// @param progress receives the phase `evaluating`, a step per sample
  /// @throws PruningException if network and data do not go together, or there are no labels
  public Result evaluate(Network network, Part part, Progress progress) {
    NetworkWithData match = NetworkWithData.of(network, data, preprocessing, Loss.AUTO);
    Samples samples = split(match.data(), part);
    if (match.measure() != Measure.ACCURACY || !samples.isLabelled()) {
      throw new PruningException(
          PruningException.Kind.USAGE,
          "Accuracy needs %s.%nCompare with another network instead: %s DENSE.onnx."
              .formatted(
                  samples.isLabelled()
                      ? "a classifier, whose output is [examples, classes]"
                      : "labels, and %s has none".formatted(data.directory()),
                  Option.REFERENCE));
    }
    int[] indexes = indexes(samples, part);
    long begin = System.nanoTime();
    int correct = 0;
    double crossEntropy = 0;
    try (var workers = new Workers(threads)) {
      Kernels.tell(workers, progress);
      match.notes(network).forEach(progress::note);
      progress.begin("evaluating", indexes.length);
      for (int from = 0; from < indexes.length; from += SLICE) {
        int to = Math.min(indexes.length, from + SLICE);
        var evaluation =
            Evaluation.of(
                match.network(),
                match.plain(samples, Arrays.copyOfRange(indexes, from, to)),
                workers);
        correct += evaluation.correct();
        crossEntropy += evaluation.crossEntropy() * evaluation.samples();
        progress.advance(to);
      }
      progress.end();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new Result(indexes.length, correct, crossEntropy / indexes.length, seconds);
  }

  /// Compares two networks on all samples of a part, not augmented; no labels are needed.
  ///
  /// @param reference usually the dense network
  /// @param network the network that is judged
  /// @param progress receives the phase `comparing`
  /// @throws PruningException if networks and data do not go together
  public Comparison compare(Network reference, Network network, Part part, Progress progress) {
    NetworkWithData ofReference = NetworkWithData.of(reference, data, preprocessing, Loss.SELF);
    NetworkWithData match = NetworkWithData.of(network, data, preprocessing, Loss.SELF);
    if (match.measure() != ofReference.measure()) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "The network and its reference have outputs of different kinds: '%s' and '%s'."
              .formatted(network.outputs(), reference.outputs()));
    }
    Samples samples = split(match.data(), part);
    SampleSource shown = match.plain(samples, indexes(samples, part));
    long begin = System.nanoTime();
    try (var workers = new Workers(threads)) {
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

  private static Samples split(Dataset data, Part part) {
    return switch (part) {
      case VALIDATION, TRAIN -> data.train();
      case TEST -> data.test();
    };
  }

  private static int[] indexes(Samples samples, Part part) {
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
