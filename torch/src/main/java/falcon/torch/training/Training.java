package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.execution.Replacements;
import falcon.torch.gradient.LossGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Trains a classifier from scratch: stochastic gradient descent with Nesterov's momentum, a
/// learning rate that rises linearly and falls along a cosine, and weight decay on convolutions and
/// linear layers.
///
/// In training BatchNormalization uses chunks of [SampleChunks#DEFAULT_SIZE] samples ("ghost
/// batches", Hoffer et al., arXiv:1705.08741), so that the result does not depend on the number of
/// threads; its running statistics are exact averages taken at the end ([BatchNormRefresh]).
public final class Training {
  /// Libtorch's code for reduction by sum.
  private static final long SUM = 2;

  /// Share of the steps in which the learning rate rises.
  private static final double WARM_UP = 0.15;

  /// The options of a training.
  ///
  /// @param epochs number of passes over the data, one or more
  /// @param batchSize number of samples per step
  /// @param learningRate greatest learning rate
  /// @param momentum momentum in `[0, 1)`
  /// @param weightDecay weight decay of convolutions and linear layers
  public record Options(
      int epochs, int batchSize, double learningRate, double momentum, double weightDecay) {
    /// Returns options that suit small residual networks on small images.
    public static Options defaults(int epochs) {
      return new Options(epochs, 128, 0.1, 0.9, 5e-4);
    }
  }

  /// Receives the training's progress, on the calling thread.
  public interface Listener {
    /// @param loss mean cross-entropy of the step's samples
    void step(int epoch, int samplesDone, int samplesInEpoch, double loss);
  }

  private final Options options;
  private final Workers workers;

  /// Creates a training; the caller owns the workers.
  public Training(Options options, Workers workers) {
    this.options = options;
    this.workers = workers;
  }

  /// Trains a network.
  ///
  /// @param network network with its initial weights
  /// @param epochSamples the samples of each epoch, shuffled and augmented
  /// @param statistics samples for the final statistics of BatchNormalization
  /// @return the trained network
  /// @throws ArithmeticException if the loss is no longer finite
  public Network train(
      Network network,
      IntFunction<SampleSource> epochSamples,
      SampleSource statistics,
      Listener listener) {
    List<Moving> tensors =
        Trainable.of(network).stream().map(name -> moving(network, name)).toList();
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      var replacements = new Replacements(loaded);
      var lossGradients =
          new LossGradients(
              loaded, tensors.stream().map(Moving::name).toList(), List.of(), true, workers);
      for (int epoch = 0; epoch < options.epochs(); epoch++) {
        SampleSource samples = epochSamples.apply(epoch);
        for (int from = 0; from < samples.size(); from += options.batchSize()) {
          int count = Math.min(options.batchSize(), samples.size() - from);
          double loss = gradients(lossGradients, samples, from, count, tensors) / count;
          if (!Double.isFinite(loss)) {
            throw new ArithmeticException(
                "the loss became %s in epoch %d; a smaller learning rate than %s may help"
                    .formatted(loss, epoch + 1, options.learningRate()));
          }
          double progress = (epoch + (double) from / samples.size()) / options.epochs();
          double rate = options.learningRate() * schedule(progress);
          for (Moving tensor : tensors) {
            tensor.step(count, rate, options.momentum());
            replacements.put(tensor.name, tensor.weights);
          }
          listener.step(epoch, from + count, samples.size(), loss);
        }
      }
      return BatchNormRefresh.refresh(replacements.into(network), statistics, workers);
    }
  }

  /// Computes the gradients of one step.
  ///
  /// @return the loss, summed over the samples
  private static double gradients(
      LossGradients lossGradients,
      SampleSource samples,
      int first,
      int count,
      List<Moving> tensors) {
    var chunks = new SampleChunks(count, SampleChunks.DEFAULT_SIZE);
    return lossGradients.compute(
        chunks.count(),
        chunk -> samples.batch(first + chunks.from(chunk), first + chunks.to(chunk)),
        (execution, batch, chunk) -> crossEntropySum(execution, batch),
        tensors.stream().map(tensor -> tensor.gradientSums).toList());
  }

  private Moving moving(Network network, String name) {
    Tensor tensor = network.tensor(name);
    boolean decays = tensor.shape().size() > 1;
    return new Moving(name, tensor.toFloats(), decays ? options.weightDecay() : 0);
  }

  private static org.bytedeco.pytorch.Tensor crossEntropySum(
      GraphExecution execution, SampleBatch batch) {
    var labels = new long[batch.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = batch.labels()[i];
    }
    org.bytedeco.pytorch.Tensor target = Torch.tensor(labels, List.of((long) labels.length));
    try {
      return torch.cross_entropy_loss(
          execution.runToEnd(), target, new TensorOptional(), SUM, -100, 0.0);
    } finally {
      target.releaseReference();
    }
  }

  /// @param progress finished share of the training, in `[0, 1]`
  /// @return share of the greatest learning rate
  private static double schedule(double progress) {
    return progress < WARM_UP
        ? progress / WARM_UP
        : 0.5 * (1 + Math.cos(Math.PI * (progress - WARM_UP) / (1 - WARM_UP)));
  }

  /// A tensor that is trained, with its momentum.
  private static final class Moving {
    private final String name;
    private final float[] weights;
    private final float[] velocities;
    private final float[] gradientSums;
    private final double weightDecay;

    Moving(String name, float[] weights, double weightDecay) {
      this.name = name;
      this.weights = weights;
      this.velocities = new float[weights.length];
      this.gradientSums = new float[weights.length];
      this.weightDecay = weightDecay;
    }

    String name() {
      return name;
    }

    /// Takes one step with Nesterov's momentum: v ← m v + g, w ← w − η (g + m v), with g = Σ
    /// gradients / samples + decay · w.
    void step(int samples, double rate, double momentum) {
      var m = (float) momentum;
      var eta = (float) rate;
      var decay = (float) weightDecay;
      float scale = 1f / samples;
      for (int i = 0; i < weights.length; i++) {
        float g = gradientSums[i] * scale + decay * weights[i];
        float v = m * velocities[i] + g;
        velocities[i] = v;
        weights[i] -= eta * (g + m * v);
      }
    }
  }
}
