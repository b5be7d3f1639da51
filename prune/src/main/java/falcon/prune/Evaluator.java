package falcon.prune;

import falcon.data.Dataset;
import falcon.data.Preprocessing;
import falcon.data.Samples;
import falcon.data.Splits;
import falcon.model.Network;
import falcon.torch.Evaluation;
import falcon.torch.Workers;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Measures how well a classifier does on labelled images.
public final class Evaluator {
  /// Images between two messages of progress.
  private static final int SLICE = 1024;

  private final Dataset data;
  private final @Nullable Preprocessing preprocessing;
  private final int threads;

  /// Prepares evaluations.
  ///
  /// @param data where the images come from
  /// @param preprocessing how pixels become inputs; null for what suits network and data
  /// @param threads how many threads work; does not change the result
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
    TEST
  }

  /// What a classifier made of the images.
  ///
  /// @param samples how many were shown
  /// @param correct how many got their label
  /// @param crossEntropy mean of −log of the label's softmax probability, in nats
  /// @param seconds what it took
  public record Result(int samples, int correct, double crossEntropy, double seconds) {
    /// Share of correct answers in percent.
    public double accuracy() {
      return 100.0 * correct / samples;
    }
  }

  /// Shows the network all images of a part, as they are.
  ///
  /// @throws PruningException if network and data do not go together
  public Result evaluate(Network network, Part part, Progress progress) {
    Match match = Match.of(network, data, preprocessing);
    Samples samples =
        switch (part) {
          case VALIDATION -> data.train();
          case TEST -> data.test();
        };
    int[] indexes =
        switch (part) {
          case VALIDATION -> Splits.of(samples).validation();
          case TEST -> all(samples.count());
        };
    long begin = System.nanoTime();
    int correct = 0;
    double crossEntropy = 0;
    try (var workers = new Workers(threads)) {
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

  private static int[] all(int count) {
    var indexes = new int[count];
    Arrays.setAll(indexes, i -> i);
    return indexes;
  }
}
