package falcon.torch.training;

import falcon.model.ExamplesFirst;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.execution.ChunkJob;
import falcon.torch.execution.ChunkMapper;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.LossGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The refinement: first-order steps on all kept weights together, towards the outputs of the dense
/// network.
///
/// ```
/// loss of a sample = ‖z − z̄‖² / var z̄  +  mean over features v of mean over channels c of
///                                          ‖v_c − v̄_c‖² / var v̄_c
/// ```
///
/// with z the outputs, v the *features* (values that all information passes through and that a
/// layer reads), the bar for the dense network, and each denominator the variance over samples (and
/// places of a channel). Labels are not needed. The steps are Adam's (Kingma and Ba,
/// arXiv:1412.6980), with a learning rate relative to sizes that do not depend on how channels are
/// scaled ([StepScales]); the mask does not change, BatchNormalization stays in eval mode.
public final class Refinement {
  /// The options of the steps.
  ///
  /// @param batch number of samples per step
  /// @param learningRate learning rate of a weight, as a share of the root mean square of its
  ///     tensor's kept weights, all counted by what they do to the outputs
  /// @param outputWeight weight of the outputs' term
  /// @param featureWeight weight of the features' term
  public record Options(
      int batch, double learningRate, double outputWeight, double featureWeight) {}

  /// Receives notice of finished steps.
  public interface Listener {
    /// Receives, before the first step, how long all of them will take.
    ///
    /// @param seconds by a measured pass of some samples, within a factor of two or so
    default void expected(double seconds) {}

    /// @param steps number of finished steps
    /// @param loss mean loss of the step's samples
    void done(int steps, double loss);
  }

  /// Number of samples of one task, where memory allows: small enough for two tasks per step, large
  /// enough for efficient convolutions.
  private static final int CHUNK = 16;

  /// Number of tasks that must fit in memory at a time; not the number of threads, on which no bit
  /// may depend.
  private static final int TASKS = 2;

  /// Number of samples that determine the scales of the loss, where memory allows.
  private static final int SCALE_SAMPLES = 64;

  private static final int WARM_UP_STEPS = 5;

  /// Time of a sample's part in a step, in passes of the dense network: that of its own, and
  /// forward and backward through the other.
  private static final double PASSES_PER_STEP = 5;

  private final Network dense;
  private final SequencedMap<String, Integer> features;
  private final Set<String> untouched;
  private final Options options;
  private final long bytes;
  private final Workers workers;
  private final StepCheckpoints checkpoints;

  /// Creates a refinement towards the dense network; the caller owns the workers.
  ///
  /// @param dense the network to reproduce
  /// @param layers weight tensors whose inputs may serve as features
  /// @param untouched tensors that keep their bits
  /// @param bytes greatest size of the values of two tasks' samples; if even those of one sample
  ///     take more, a task has one sample
  public Refinement(
      Network dense,
      List<String> layers,
      List<String> untouched,
      Options options,
      long bytes,
      Workers workers) {
    this.dense = dense;
    this.untouched = Set.copyOf(untouched);
    this.options = options;
    this.bytes = bytes;
    this.workers = workers;
    this.features = Features.of(new GraphProgram(ExamplesFirst.of(dense)), layers);
    this.checkpoints = StepCheckpoints.NONE;
  }

  private Refinement(Refinement other, StepCheckpoints checkpoints) {
    this.dense = other.dense;
    this.untouched = other.untouched;
    this.options = other.options;
    this.bytes = other.bytes;
    this.workers = other.workers;
    this.features = other.features;
    this.checkpoints = checkpoints;
  }

  /// Returns this refinement with a store: it continues from the stored state, if there is one, and
  /// stores its own states. Neither the stored states nor the number of threads change a bit of the
  /// result.
  public Refinement keptIn(StepCheckpoints store) {
    return new Refinement(this, store);
  }

  /// Takes the steps of the refinement.
  ///
  /// @param network a network of the same graph as the dense one
  /// @param masked weight tensors in which a weight that is zero stays zero
  /// @param samples `steps · batch` samples, each used once
  /// @param decays whether the learning rate falls to zero along a cosine
  /// @return the network after the steps
  /// @throws ArithmeticException if the loss is no longer finite
  /// @throws IllegalStateException if the stored state belongs to other steps or tensors
  public Network refine(
      Network network,
      List<String> masked,
      SampleSource samples,
      boolean decays,
      Listener listener) {
    int steps = samples.size() / options.batch();
    if (steps == 0) {
      return network;
    }
    List<AdamTensor> tensors;
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      var sizes = new StepScales(loadedDense, samples, workers);
      Start start = start(network, new HashSet<>(masked), steps, sizes);
      tensors = start.tensors();
      List<String> names = tensors.stream().map(AdamTensor::name).toList();
      List<float[]> gradients = tensors.stream().map(t -> new float[t.size()]).toList();
      long each = 2 * SampleBytes.of(loadedDense, samples); // of both networks
      int measured = Math.clamp(bytes / each, 2, SCALE_SAMPLES);
      long begin = System.nanoTime();
      var weights = new DenseDistance.Weights(options.outputWeight(), options.featureWeight());
      var distance = DenseDistance.measured(loadedDense, features, samples, measured, weights);
      double seconds = (System.nanoTime() - begin) / 1e9 / Math.min(measured, samples.size());
      if (!start.scales().isEmpty()) {
        distance = distance.with(start.scales());
      }
      int size = Math.clamp(bytes / each / TASKS, 1, CHUNK);
      var lossGradients =
          new LossGradients(loaded, names, List.copyOf(features.keySet()), false, workers);
      if (start.done() > 0) {
        setKept(loaded, tensors);
      }
      var chunks = loaded.chunks(options.batch(), size);
      listener.expected(
          (steps - start.done())
              * (PASSES_PER_STEP * options.batch() * seconds)
              / Math.min(chunks.count(), workers.threads()));
      try (DenseDistance used = distance) {
        List<Double> scales = used.scales();
        List<LoadedNetwork> both = List.of(loadedDense, loaded);
        RefinementWork work =
            ChunkMapper.isElsewhere(workers)
                ? new RefinementWork(
                    new ArrayList<>(names), new ArrayList<>(features.keySet()), used.sent())
                : null;
        for (int step = start.done(); step < steps; step++) {
          int first = step * options.batch();
          double loss =
              (work == null
                      ? lossGradients.compute(
                          chunks.count(),
                          chunk -> chunks.batch(samples, first, chunk),
                          (execution, batch, chunk) -> used.of(execution, batch),
                          gradients)
                      : lossGradients.add(
                          ChunkMapper.of(workers)
                              .map(ChunkJob.of("refinement", samples, first, chunks, both), work),
                          gradients))
                  / options.batch();
          if (!Double.isFinite(loss)) {
            throw new ArithmeticException(
                "the distance to the dense network became %s in step %d".formatted(loss, step + 1));
          }
          double rate = options.learningRate() * schedule(step, steps, decays);
          int number = step + 1;
          workers.map(
              tensors.size(),
              t -> tensors.get(t).step(gradients.get(t), options.batch(), rate, number));
          setKept(loaded, tensors);
          listener.done(number, loss);
          checkpoints.stepDone(number, steps, () -> state(number, scales, tensors));
        }
      }
    }
    var replaced = new LinkedHashMap<String, Tensor>();
    while (!tensors.isEmpty()) { // Release each tensor after copying.
      AdamTensor tensor = tensors.removeLast();
      replaced.put(tensor.name(), network.tensor(tensor.name()).withFloats(tensor.kept()));
    }
    return network.withTensors(replaced);
  }

  /// The start of the steps.
  ///
  /// @param done number of steps before it
  /// @param scales scales of the loss's terms; empty if they are not known yet
  private record Start(int done, List<Double> scales, List<AdamTensor> tensors) {}

  /// Returns the beginning, or the stored state.
  private Start start(Network network, Set<String> masked, int steps, StepScales scales) {
    StepCheckpoints.State kept = checkpoints.last();
    int done = kept == null ? 0 : kept.done();
    if (done > steps) {
      throw new IllegalStateException(
          "the refinement's state is that after %d steps of %d".formatted(done, steps));
    }
    List<AdamTensor> tensors = movingTensors(network, masked, kept, scales);
    return new Start(done, kept == null ? List.of() : kept.scales(), tensors);
  }

  private static void setKept(LoadedNetwork loaded, List<AdamTensor> tensors) {
    for (AdamTensor tensor : tensors) {
      loaded.parameters().set(tensor.name(), tensor.kept());
    }
  }

  private static StepCheckpoints.State state(
      int done, List<Double> scales, List<AdamTensor> tensors) {
    var arrays = new LinkedHashMap<String, float[]>();
    tensors.forEach(tensor -> tensor.addTo(arrays));
    return new StepCheckpoints.State(done, scales, arrays);
  }

  private static double schedule(int step, int steps, boolean decays) {
    double warm = Math.min(1, (step + 1.0) / WARM_UP_STEPS);
    return decays ? warm * 0.5 * (1 + Math.cos(Math.PI * step / steps)) : warm;
  }

  /// Returns the tensors that move: weights of layers, biases, and BatchNormalization's shift; its
  /// scale is left to the weights.
  ///
  /// @param network before the first step
  /// @param kept the stored state; null to start from the network's values
  private List<AdamTensor> movingTensors(
      Network network,
      Set<String> masked,
      StepCheckpoints.@Nullable State kept,
      StepScales scales) {
    Map<String, float[]> offsets = new LinkedHashMap<>();
    Set<String> fixed = new HashSet<>(untouched);
    for (Node node : network.nodes()) {
      if (node.is("BatchNormalization")) {
        fixed.add(node.inputs().get(1));
        // An exporter that merges equal constants puts an Identity before some of them.
        if (network.initializers().keySet().containsAll(node.inputs().subList(1, 5))) {
          offsets.put(node.inputs().get(2), offset(network, node));
        }
      }
    }
    List<String> names = Trainable.of(network).stream().filter(n -> !fixed.contains(n)).toList();
    Map<String, float[]> slopes = scales.slopes(names);
    var tensors = new ArrayList<AdamTensor>();
    for (String name : names) {
      float[] values = network.tensor(name).toFloats();
      float[] scale =
          scales.of(
              name,
              offsets.getOrDefault(name, values),
              slopes.getOrDefault(name, new float[values.length]));
      if (scale != null) {
        boolean isMasked = masked.contains(name);
        tensors.add(
            kept == null
                ? new AdamTensor(name, values, scale, isMasked)
                : new AdamTensor(name, values, scale, isMasked, kept));
      }
    }
    return tensors;
  }

  /// Returns the total offset of BatchNormalization:
  /// `shift − scale · mean / deviation`.
  private static float[] offset(Network network, Node node) {
    float[] scale = network.tensor(node.inputs().get(1)).toFloats();
    float[] offset = network.tensor(node.inputs().get(2)).toFloats();
    float[] mean = network.tensor(node.inputs().get(3)).toFloats();
    float[] variance = network.tensor(node.inputs().get(4)).toFloats();
    float epsilon = node.real("epsilon", 1e-5f);
    for (int c = 0; c < offset.length; c++) {
      offset[c] -= scale[c] * mean[c] / (float) Math.sqrt(variance[c] + epsilon);
    }
    return offset;
  }
}
