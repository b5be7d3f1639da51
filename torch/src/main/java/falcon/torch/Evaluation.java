package falcon.torch;

import falcon.model.Network;
import org.bytedeco.javacpp.PointerScope;

/// What a classifier makes of labelled samples.
///
/// @param samples how many were shown
/// @param correct how many got their label
/// @param crossEntropy mean of −log of the label's softmax probability, in nats
public record Evaluation(int samples, int correct, double crossEntropy) {

  /// @return share of correct answers in percent
  public double accuracy() {
    return 100.0 * correct / samples;
  }

  /// Evaluates in eval mode, float32.
  ///
  /// @throws UnsupportedNetworkException if the network cannot be executed
  public static Evaluation of(Network network, SampleSource samples, Workers workers) {
    return of(logits(network, samples, workers), samples);
  }

  /// @param logits as [#logits] gives them for these samples
  public static Evaluation of(Logits logits, SampleSource samples) {
    var chunks = Chunks.of(samples);
    int correct = 0;
    double loss = 0;
    for (int chunk = 0; chunk < chunks.count(); chunk++) {
      int[] labels = chunks.batch(samples, chunk).labels();
      for (int i = 0; i < labels.length; i++) {
        int sample = chunks.from(chunk) + i;
        correct += logits.prediction(sample) == labels[i] ? 1 : 0;
        loss += logits.crossEntropy(sample, labels[i]);
      }
    }
    return new Evaluation(samples.size(), correct, loss / samples.size());
  }

  /// @return the network's outputs in eval mode, float32
  public static Logits logits(Network network, SampleSource samples, Workers workers) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      var chunks = loaded.chunks(samples);
      var parts =
          workers.map(
              chunks.count(),
              chunk -> {
                try (var _ = new PointerScope();
                    var execution = loaded.start(chunks.batch(samples, chunk))) {
                  return chunks.withoutSurplus(Torch.floats(execution.runToEnd()), chunk);
                }
              });
      return Logits.join(parts, samples.size());
    }
  }

  /// Compares two networks on the same labelled samples, sample by sample.
  public static Comparison compare(Logits before, Logits after, SampleSource samples) {
    var chunks = Chunks.of(samples);
    int gained = 0;
    int lost = 0;
    for (int chunk = 0; chunk < chunks.count(); chunk++) {
      int[] labels = chunks.batch(samples, chunk).labels();
      for (int i = 0; i < labels.length; i++) {
        int sample = chunks.from(chunk) + i;
        boolean wasCorrect = before.prediction(sample) == labels[i];
        boolean isCorrect = after.prediction(sample) == labels[i];
        gained += isCorrect && !wasCorrect ? 1 : 0;
        lost += wasCorrect && !isCorrect ? 1 : 0;
      }
    }
    return new Comparison(gained, lost);
  }

  /// How two networks differ on the same samples.
  ///
  /// @param gained samples that only the second one gets right
  /// @param lost samples that only the first one gets right
  public record Comparison(int gained, int lost) {
    /// Standard deviations of a fair coin that a difference must exceed to count.
    private static final double DEVIATIONS = 2;

    /// Whether the second network is better beyond chance (McNemar's test: gained − lost has variance
    /// gained + lost if both are equally good).
    public boolean isBetter() {
      return gained - lost > DEVIATIONS * Math.sqrt((double) gained + lost);
    }
  }
}
