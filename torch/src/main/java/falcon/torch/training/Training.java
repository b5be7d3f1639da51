package falcon.torch.training;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.torch.Precision;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.LossGradients;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/// Trains a network: steps along the gradient of an [Objective] over several passes, with a
/// learning rate that rises linearly and then falls, and weight decay on tensors of two axes and
/// more.
///
/// BatchNormalization normalises with the statistics of a task's samples ("ghost batches", Hoffer
/// et al., arXiv:1705.08741), so that the result does not depend on the number of threads. Its
/// running statistics do not change: [BatchNormRefresh] takes them at the end. Where a task has
/// fewer than [#LEAST_STATISTICS] samples it normalises with the running statistics, as in eval
/// mode.
public final class Training {
  /// Least number of samples whose mean and variance BatchNormalization normalises with.
  public static final int LEAST_STATISTICS = 8;

  /// Number of tasks that must fit in memory at a time; not the number of threads, on which no bit
  /// may depend.
  private static final int TASKS = 2;

  /// The options of a training.
  ///
  /// @param epochs number of passes over the data, one or more
  /// @param batchSize number of samples per step, one or more
  /// @param rate the learning rate
  /// @param steps how gradients become steps
  public record Options(int epochs, int batchSize, Rate rate, Steps steps) {
    /// Returns options that suit small residual networks on small images.
    public static Options defaults(int epochs) {
      return new Options(
          epochs, 128, new Rate(0.1, Decay.COSINE, 0.15), new Steps(Optimizer.SGD, 0.9, 5e-4));
    }
  }

  /// The learning rate.
  ///
  /// @param greatest greatest learning rate, above 0
  /// @param decay how it falls to zero
  /// @param warmUp share of the steps in which it rises, 0 up to but not including 1
  public record Rate(double greatest, Decay decay, double warmUp) {
    /// @param progress finished share of the training, in `[0, 1]`
    double at(double progress) {
      if (progress < warmUp) {
        return greatest * (progress / warmUp);
      }
      double done = (progress - warmUp) / (1 - warmUp);
      return greatest * (decay == Decay.COSINE ? 0.5 * (1 + Math.cos(Math.PI * done)) : 1 - done);
    }
  }

  /// How a learning rate falls from its greatest value to zero.
  public enum Decay {
    /// Along half a period of a cosine.
    COSINE,
    /// In equal steps.
    LINEAR
  }

  /// How gradients become steps.
  ///
  /// @param momentum momentum of [Optimizer#SGD] in `[0, 1)`
  /// @param weightDecay weight decay of tensors of two axes and more, 0 or more
  public record Steps(Optimizer optimizer, double momentum, double weightDecay) {}

  /// What of a network is trained.
  ///
  /// @param kept indexes of the weights that are trained, by tensor; all others of that tensor are
  ///     zero from the beginning to the end. Tensors that are not named are trained as a whole
  /// @param frozen tensors that keep their bits
  /// @param bytes greatest size of the values of two tasks' samples; if even those of one sample
  ///     take more, a task has one sample
  public record Scope(Map<String, BitSet> kept, Set<String> frozen, long bytes) {
    /// Everything, within the memory that passes take where no limit is given.
    public static final Scope ALL = new Scope(Map.of(), Set.of(), BatchNormRefresh.DEFAULT_BYTES);
  }

  /// Receives the training's progress, on the calling thread.
  public interface Listener {
    /// Receives, before the first step, the tensors that the loss does not depend on, as far as
    /// libtorch can differentiate; they keep their bits.
    default void frozen(List<String> tensorNames) {}

    /// @param loss mean loss of the step's samples
    void step(int epoch, int samplesDone, int samplesInEpoch, double loss);

    /// Receives the end of a pass.
    ///
    /// @param loss mean loss of the pass's samples, each at its own step; of the steps since the
    ///     training was resumed
    /// @param present the network with its present weights, and the statistics of
    ///     BatchNormalization that it had at the start
    default void epoch(int epoch, double loss, Network present) {}
  }

  private final Options options;
  private final Workers workers;
  private final StepCheckpoints checkpoints;

  /// Creates a training; the caller owns the workers.
  public Training(Options options, Workers workers) {
    this(options, workers, StepCheckpoints.NONE);
  }

  private Training(Options options, Workers workers, StepCheckpoints checkpoints) {
    this.options = options;
    this.workers = workers;
    this.checkpoints = checkpoints;
  }

  /// Returns this training with a store: it continues from the stored state, if there is one, and
  /// stores its own states. Neither the stored states nor the number of threads change a bit of the
  /// result.
  public Training keptIn(StepCheckpoints store) {
    return new Training(options, workers, store);
  }

  /// Trains a network.
  ///
  /// @param network network with its initial weights
  /// @param objective what becomes small
  /// @param epochSamples the samples of each epoch, shuffled and augmented; the same number in each
  /// @return the network with the trained weights, and the statistics of BatchNormalization that it
  ///     had
  /// @throws ArithmeticException if the loss is no longer finite
  /// @throws IllegalStateException if the stored state belongs to other steps or tensors
  public Network train(
      Network network,
      Scope scope,
      Objective objective,
      IntFunction<SampleSource> epochSamples,
      Listener listener) {
    try (var loaded = new LoadedNetwork(network, Precision.FLOAT32)) {
      SampleSource first = epochSamples.apply(0);
      SampleChunks chunks = chunks(loaded, objective, first, scope.bytes());
      List<TrainedTensor> tensors = tensors(network, scope);
      var run = new Run(network, loaded, tensors);
      run.show(); // the first gradients are those on the mask
      Set<String> frozen =
          run.gradients(chunks, objective).unreached(chunks.batch(first, 0), objective);
      listener.frozen(List.copyOf(frozen));
      tensors.removeIf(tensor -> frozen.contains(tensor.name()));
      return run.steps(
          new Epochs(epochSamples, chunks, inEpoch(chunks, first.size())), objective, listener);
    }
  }

  /// The samples of all epochs.
  ///
  /// @param chunks division of a step's samples into tasks
  /// @param size number of samples of an epoch
  private record Epochs(IntFunction<SampleSource> samples, SampleChunks chunks, int size) {
    int steps() {
      return Math.ceilDiv(size, chunks.samples());
    }

    int from(int step) {
      return step % steps() * chunks.samples();
    }

    int count(int step) {
      return Math.min(chunks.samples(), size - from(step));
    }
  }

  /// The network that is trained.
  private final class Run {
    private final Network network;
    private final LoadedNetwork loaded;
    private final List<TrainedTensor> tensors;

    Run(Network network, LoadedNetwork loaded, List<TrainedTensor> tensors) {
      this.network = network;
      this.loaded = loaded;
      this.tensors = tensors;
    }

    LossGradients gradients(SampleChunks chunks, Objective objective) {
      return new LossGradients(
          loaded,
          tensors.stream().map(TrainedTensor::name).toList(),
          objective.watched(),
          chunks.size() >= LEAST_STATISTICS,
          workers);
    }

    /// Takes all steps that are left.
    Network steps(Epochs epochs, Objective objective, Listener listener) {
      int all = Math.multiplyExact(epochs.steps(), options.epochs());
      int done = restored(tensors, all);
      LossGradients gradients = gradients(epochs.chunks(), objective);
      show();
      SampleSource samples = epochs.samples().apply(done / epochs.steps() % options.epochs());
      var mean = new Mean();
      for (int step = done; step < all; step++) {
        int epoch = step / epochs.steps();
        int from = epochs.from(step);
        int count = epochs.count(step);
        if (from == 0) {
          samples = epochs.samples().apply(epoch);
        }
        double loss = loss(gradients, objective, new Part(samples, from, count), epochs.chunks());
        requireFinite(loss, epoch);
        double rate = options.rate().at((epoch + (double) from / epochs.size()) / options.epochs());
        int number = step + 1;
        workers.map(
            tensors.size(),
            t -> {
              tensors.get(t).step(count, rate, options.steps().momentum(), number);
              return t;
            });
        show();
        mean.add(loss, count);
        listener.step(epoch, from + count, epochs.size(), loss);
        if (from + count == epochs.size()) {
          listener.epoch(epoch, mean.takeOut(), present());
        }
        checkpoints.stepDone(number, all, () -> state(number, tensors));
      }
      return present();
    }

    private double loss(
        LossGradients gradients, Objective objective, Part part, SampleChunks chunks) {
      var tasks = new SampleChunks(part.count(), chunks.size(), chunks.areFull());
      return gradients.compute(
              tasks.count(),
              chunk -> tasks.batch(part.samples(), part.from(), chunk),
              objective,
              tensors.stream().map(TrainedTensor::gradientSums).toList())
          / part.count();
    }

    private void requireFinite(double loss, int epoch) {
      if (!Double.isFinite(loss)) {
        throw new ArithmeticException(
            "the loss became %s in epoch %d; a smaller learning rate than %s may help"
                .formatted(loss, epoch + 1, options.rate().greatest()));
      }
    }

    /// Gives libtorch the present weights, as the network's file can store them.
    void show() {
      List<float[]> values = workers.map(tensors.size(), t -> storable(tensors.get(t)).toFloats());
      for (int t = 0; t < values.size(); t++) {
        loaded.parameters().set(tensors.get(t).name(), values.get(t));
      }
    }

    Network present() {
      var present = new LinkedHashMap<String, Tensor>();
      tensors.forEach(tensor -> present.put(tensor.name(), storable(tensor)));
      return network.withTensors(present);
    }

    private Tensor storable(TrainedTensor tensor) {
      return network.storable(
          tensor.name(), network.tensor(tensor.name()).withFloats(tensor.weights()));
    }
  }

  /// Some of an epoch's samples.
  private record Part(SampleSource samples, int from, int count) {}

  /// The mean loss of samples.
  private static final class Mean {
    private double sum;
    private int count;

    void add(double loss, int samples) {
      sum += loss * samples;
      count += samples;
    }

    /// Returns the mean and begins again.
    double takeOut() {
      double mean = sum / count;
      sum = 0;
      count = 0;
      return mean;
    }
  }

  /// Returns the division of a step's samples into tasks.
  private SampleChunks chunks(
      LoadedNetwork loaded, Objective objective, SampleSource samples, long bytes) {
    long each = objective.networks() * SampleBytes.of(loaded, samples);
    int most = Math.clamp(bytes / each / TASKS, 1, SampleChunks.DEFAULT_SIZE);
    int batch = Math.min(options.batchSize(), samples.size());
    int tasks = Math.ceilDiv(batch, most);
    SampleChunks wanted = loaded.chunks(batch, Math.ceilDiv(batch, tasks));
    return wanted.areFull()
        ? new SampleChunks(Math.ceilDiv(batch, wanted.size()) * wanted.size(), wanted.size(), true)
        : wanted;
  }

  /// Returns the number of samples of an epoch: a last task of so few samples that they have no
  /// statistics, or that do not fill it, is left for the next epoch.
  private static int inEpoch(SampleChunks chunks, int samples) {
    int rest = samples % chunks.samples() % chunks.size();
    boolean isLeft = chunks.areFull() ? rest > 0 : rest < Math.min(LEAST_STATISTICS, chunks.size());
    return samples > rest && isLeft ? samples - rest : samples;
  }

  private List<TrainedTensor> tensors(Network network, Scope scope) {
    var tensors = new ArrayList<TrainedTensor>();
    for (String name : Trainable.of(network)) {
      if (!scope.frozen().contains(name)) {
        tensors.add(trained(network, scope, name));
      }
    }
    return tensors;
  }

  private TrainedTensor trained(Network network, Scope scope, String name) {
    Tensor tensor = network.tensor(name);
    return new TrainedTensor(
        name,
        tensor.toFloats(),
        options.steps().optimizer(),
        scope.kept().get(name),
        tensor.shape().size() > 1 ? options.steps().weightDecay() : 0);
  }

  /// Goes on from the stored state.
  ///
  /// @return number of steps that it had taken; 0 if there is none
  private int restored(List<TrainedTensor> tensors, int steps) {
    StepCheckpoints.State state = checkpoints.last();
    if (state == null) {
      return 0;
    }
    if (state.done() > steps) {
      throw new IllegalStateException(
          "the training's state is that after %d steps of %d".formatted(state.done(), steps));
    }
    tensors.forEach(tensor -> tensor.restore(state.arrays()));
    return state.done();
  }

  private static StepCheckpoints.State state(int done, List<TrainedTensor> tensors) {
    var arrays = new LinkedHashMap<String, float[]>();
    tensors.forEach(tensor -> tensor.addTo(arrays));
    return new StepCheckpoints.State(done, List.of(), arrays);
  }
}
