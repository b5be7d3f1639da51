package falcon.torch.training;

import falcon.model.ExamplesFirst;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.GraphProgram;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.LossGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The refinement: first-order steps on all kept weights together, towards the outputs of the dense
/// network.
///
/// ```
/// loss of a sample = ‖z − z̄‖² / ‖z̄‖²_var  +  mean over features v of ‖v − v̄‖² / ‖v̄‖²_var
/// ```
///
/// with z the outputs, v the *features* (values that all information passes through and that a
/// layer reads), the bar for the dense network, and each denominator the variance over samples.
/// Labels are not needed. The steps are Adam's (Kingma and Ba, arXiv:1412.6980), with a learning
/// rate relative to the root mean square of each tensor; the mask does not change,
/// BatchNormalization stays in eval mode.
public final class Refinement {
  /// The options of the steps.
  ///
  /// @param batch number of samples per step
  /// @param learningRate learning rate of a tensor, as a share of the root mean square of its kept
  ///     weights
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

  /// Greatest variance of values whose squares float32 represents well.
  private static final double GREATEST_SCALE = 1e20;

  private final Network dense;
  private final List<String> features;
  private final Set<String> untouched;
  private final Options options;
  private final long bytes;
  private final Workers workers;
  private final RefinementCheckpoints checkpoints;

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
    this.checkpoints = RefinementCheckpoints.NONE;
  }

  private Refinement(Refinement other, RefinementCheckpoints checkpoints) {
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
  public Refinement keptIn(RefinementCheckpoints store) {
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
    Start start = start(network, new HashSet<>(masked), steps);
    List<AdamTensor> tensors = start.tensors();
    List<String> names = tensors.stream().map(AdamTensor::name).toList();
    List<float[]> gradients = tensors.stream().map(t -> new float[t.size()]).toList();
    try (var loadedDense = new LoadedNetwork(dense, Precision.FLOAT32);
        var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      long each = 2 * bytesPerSample(loadedDense, samples); // of both networks
      int measured = Math.clamp(bytes / each, 2, SCALE_SAMPLES);
      long begin = System.nanoTime();
      double[] scales = scales(loadedDense, samples, measured);
      double seconds = (System.nanoTime() - begin) / 1e9 / Math.min(measured, samples.size());
      if (!start.scales().isEmpty()) {
        scales = start.scales().stream().mapToDouble(Double::doubleValue).toArray();
      }
      int size = Math.clamp(bytes / each / TASKS, 1, CHUNK);
      var lossGradients = new LossGradients(loaded, names, features, false, workers);
      if (start.done() > 0) {
        setKept(loaded, tensors);
      }
      double[] usedScales = scales;
      var chunks = loaded.chunks(options.batch(), size);
      listener.expected(
          (steps - start.done())
              * (PASSES_PER_STEP * options.batch() * seconds)
              / Math.min(chunks.count(), workers.threads()));
      for (int step = start.done(); step < steps; step++) {
        int first = step * options.batch();
        double loss =
            lossGradients.compute(
                    chunks.count(),
                    chunk -> chunks.batch(samples, first, chunk),
                    (execution, batch, chunk) ->
                        distance(execution, loadedDense, batch, usedScales),
                    gradients)
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
        checkpoints.stepDone(number, steps, () -> state(number, usedScales, tensors));
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
  private Start start(Network network, Set<String> masked, int steps) {
    RefinementCheckpoints.State kept = checkpoints.last();
    int done = kept == null ? 0 : kept.done();
    if (done > steps) {
      throw new IllegalStateException(
          "the refinement's state is that after %d steps of %d".formatted(done, steps));
    }
    List<AdamTensor> tensors = movingTensors(network, masked, kept);
    return new Start(done, kept == null ? List.of() : kept.scales(), tensors);
  }

  private static void setKept(LoadedNetwork loaded, List<AdamTensor> tensors) {
    for (AdamTensor tensor : tensors) {
      loaded.parameters().set(tensor.name(), tensor.kept());
    }
  }

  private static RefinementCheckpoints.State state(
      int done, double[] scales, List<AdamTensor> tensors) {
    var arrays = new LinkedHashMap<String, float[]>();
    tensors.forEach(tensor -> tensor.addTo(arrays));
    return new RefinementCheckpoints.State(done, Arrays.stream(scales).boxed().toList(), arrays);
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
      Network network, Set<String> masked, RefinementCheckpoints.@Nullable State kept) {
    Map<String, Double> shiftScale = new LinkedHashMap<>();
    Set<String> fixed = new HashSet<>(untouched);
    for (Node node : network.nodes()) {
      if (node.is("BatchNormalization")) {
        fixed.add(node.inputs().get(1));
        // an exporter that merges equal constants puts an Identity before some of them
        if (network.initializers().keySet().containsAll(node.inputs().subList(1, 5))) {
          shiftScale.put(node.inputs().get(2), offsetScale(network, node));
        }
      }
    }
    var tensors = new ArrayList<AdamTensor>();
    for (String name : Trainable.of(network)) {
      if (!fixed.contains(name)) {
        float[] values = network.tensor(name).toFloats();
        double scale = shiftScale.getOrDefault(name, rootMeanSquare(values));
        if (scale > 0) {
          boolean isMasked = masked.contains(name);
          tensors.add(
              kept == null
                  ? new AdamTensor(name, values, scale, isMasked)
                  : new AdamTensor(name, values, scale, isMasked, kept));
        }
      }
    }
    return tensors;
  }

  /// Returns the root mean square of BatchNormalization's total offset:
  /// `shift − scale · mean / deviation`.
  private static double offsetScale(Network network, Node node) {
    float[] scale = network.tensor(node.inputs().get(1)).toFloats();
    float[] offset = network.tensor(node.inputs().get(2)).toFloats();
    float[] mean = network.tensor(node.inputs().get(3)).toFloats();
    float[] variance = network.tensor(node.inputs().get(4)).toFloats();
    float epsilon = node.real("epsilon", 1e-5f);
    for (int c = 0; c < offset.length; c++) {
      offset[c] -= scale[c] * mean[c] / (float) Math.sqrt(variance[c] + epsilon);
    }
    return rootMeanSquare(offset);
  }

  /// Returns the root mean square of the nonzero entries; 0 if there is none.
  private static double rootMeanSquare(float[] values) {
    double sum = 0;
    int count = 0;
    for (float value : values) {
      sum += (double) value * value;
      count += value != 0 ? 1 : 0;
    }
    return count == 0 ? 0 : Math.sqrt(sum / count);
  }

  /// Returns the sum over samples of the squared distances, each over its scale.
  private org.bytedeco.pytorch.Tensor distance(
      GraphExecution execution, LoadedNetwork loadedDense, SampleBatch batch, double[] scales) {
    try (var reference = loadedDense.start(batch)) {
      features.forEach(reference::watch);
      org.bytedeco.pytorch.Tensor sum =
          scaledDistance(
              execution.runToEnd(), reference.runToEnd(), options.outputWeight(), scales[0]);
      for (int f = 0; f < features.size(); f++) {
        String feature = features.get(f);
        sum =
            sum.add(
                scaledDistance(
                    execution.value(feature),
                    reference.value(feature),
                    options.featureWeight() / features.size(),
                    scales[f + 1]));
      }
      return sum;
    }
  }

  /// Returns the squared distance over its scale; values whose squares float32 cannot represent are
  /// divided before they are squared.
  private static org.bytedeco.pytorch.Tensor scaledDistance(
      org.bytedeco.pytorch.Tensor value,
      org.bytedeco.pytorch.Tensor wanted,
      double weight,
      double scale) {
    if (scale < GREATEST_SCALE && scale > 1 / GREATEST_SCALE) {
      return squaredDistance(value, wanted).mul(new Scalar(weight / scale));
    }
    var unit = new Scalar(1 / Math.sqrt(scale));
    return squaredDistance(value.mul(unit), wanted.mul(unit)).mul(new Scalar(weight));
  }

  /// Returns the mean squared distance over a sample's elements, summed over samples.
  private static org.bytedeco.pytorch.Tensor squaredDistance(
      org.bytedeco.pytorch.Tensor value, org.bytedeco.pytorch.Tensor wanted) {
    double elementsPerSample = (double) value.numel() / value.size(0);
    return torch
        .mse_loss(value, wanted, 2) // sum
        .mul(new Scalar(1 / elementsPerSample));
  }

  /// Returns the number of bytes of all values of a sample that gradients need.
  private static long bytesPerSample(LoadedNetwork network, SampleSource samples) {
    int size = network.batchSize(1);
    try (var _ = new PointerScope();
        var execution = network.start(samples.batch(0, Math.min(size, samples.size())))) {
      for (Node node : network.program().nodes()) {
        node.outputs().stream()
            .filter(output -> network.program().uses(output) > 0)
            .forEach(execution::watch);
      }
      execution.runToEnd();
      return Math.max(1, execution.liveBytes() / size);
    }
  }

  /// Returns the variances of the dense network's outputs (each output by itself, then their mean)
  /// and features (all elements together), on the first samples.
  private double[] scales(LoadedNetwork loadedDense, SampleSource samples, int count) {
    var chunks = loadedDense.chunks(Math.min(count, samples.size()), count);
    try (var _ = new PointerScope()) {
      var values = new ArrayList<List<org.bytedeco.pytorch.Tensor>>();
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        try (var execution = loadedDense.start(chunks.batch(samples, chunk))) {
          features.forEach(execution::watch);
          org.bytedeco.pytorch.Tensor output = execution.runToEnd();
          loadedDense.requireReal(output);
          var ofChunk = new ArrayList<>(List.of(output.clone()));
          features.forEach(feature -> ofChunk.add(execution.value(feature).clone()));
          values.add(ofChunk);
        }
      }
      var scales = new double[features.size() + 1];
      for (int i = 0; i < scales.length; i++) {
        var parts = new TensorVector(values.size());
        for (int chunk = 0; chunk < values.size(); chunk++) {
          parts.put(chunk, values.get(chunk).get(i));
        }
        org.bytedeco.pytorch.Tensor all = values.size() == 1 ? parts.get(0) : torch.cat(parts, 0);
        double variance = variance(all, i == 0);
        if (!Double.isFinite(variance)) {
          variance = variance(all.to(torch.ScalarType.Double), i == 0);
        }
        scales[i] = variance > 0 && variance < Double.POSITIVE_INFINITY ? variance : 1;
      }
      return scales;
    }
  }

  /// @param isEach whether each column has its own variance, of which the mean is returned
  private static double variance(org.bytedeco.pytorch.Tensor values, boolean isEach) {
    return isEach
        ? values.var(new long[] {0}, false, false).mean(new ScalarTypeOptional()).item_double()
        : values.var(false).item_double();
  }
}
