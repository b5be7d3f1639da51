package falcon.torch.execution;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import org.bytedeco.javacpp.PointerScope;

/// The result of evaluating a classifier on labelled samples.
///
/// @param samples number of samples
/// @param correct number of samples that are classified as their label
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
    return of(logits(network, samples, workers).meaning(BinaryOutput.of(network)), samples);
  }

  /// @param logits as [#logits] returns them for these samples
  public static Evaluation of(Logits logits, SampleSource samples) {
    var chunks = SampleChunks.of(samples);
    int correct = 0;
    double loss = 0;
    for (int chunk = 0; chunk < chunks.count(); chunk++) {
      int[] labels = samples.labels(chunks.from(chunk), chunks.to(chunk));
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
      var job = ChunkJob.of("outputs", samples, loaded.chunks(samples), loaded);
      return Logits.join(ChunkMapper.of(workers).map(job, Evaluation::outputs), samples.size());
    }
  }

  /// Requires that all outputs are finite; keeps none of them.
  ///
  /// @throws UnsupportedNetworkException if one is not: names the input, the constant or the node
  ///     that the first such value comes from, and the sample
  public static void requireFinite(Network network, SampleSource samples, Workers workers) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      var job = ChunkJob.of("finite outputs", samples, loaded.chunks(samples), loaded);
      ChunkMapper.of(workers).map(job, task -> outputs(task).length);
    }
  }

  /// Returns the outputs of a task's samples, which must be finite.
  private static float[] outputs(ChunkWork.Task task) {
    float[] outputs;
    try (var _ = new PointerScope();
        var execution = task.network().start(task.batch())) {
      outputs = Torch.floats(task.network().perSample(execution.runToEnd(), task.length()));
    }
    NonFiniteValues.refuse(outputs, task.network(), task.batch());
    return task.withoutSurplus(outputs);
  }
}
