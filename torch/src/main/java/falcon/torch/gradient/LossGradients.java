package falcon.torch.gradient;

import falcon.torch.Torch;
import falcon.torch.execution.Autograd;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The gradient of a loss by a network's parameters, summed over samples.
///
/// The samples are cut into chunks, each on one thread; gradients are added in chunk order. The
/// gradients of chunks are held by libtorch, outside the Java heap, those of one chunk per thread.
public final class LossGradients {
  /// A loss of a chunk of samples.
  public interface Loss {
    /// @param execution the execution at its end; watched values are live
    /// @return a scalar, summed over the chunk's samples
    Tensor of(GraphExecution execution, SampleBatch batch, int chunk);
  }

  /// Number of elements that are copied to the Java heap at a time.
  private static final int COPIED = 1 << 16;

  private final LoadedNetwork network;
  private final List<String> names;
  private final Workers workers;
  private final List<String> watched;
  private final boolean batchStatistics;

  /// Prepares a network for gradients by some parameters.
  ///
  /// @param names parameters to differentiate by; they are switched to require gradients
  /// @param watched values that the loss reads besides the network's output
  public LossGradients(
      LoadedNetwork network,
      List<String> names,
      List<String> watched,
      boolean batchStatistics,
      Workers workers) {
    this.network = network;
    this.names = List.copyOf(names);
    this.watched = List.copyOf(watched);
    this.batchStatistics = batchStatistics;
    this.workers = workers;
  }

  /// Computes the loss and its gradients.
  ///
  /// @param chunks number of chunks
  /// @param batch the samples of a chunk by its number
  /// @param sums one array per parameter, overwritten by the gradient's sum
  /// @return the loss, summed over all samples
  public double compute(int chunks, IntFunction<SampleBatch> batch, Loss loss, List<float[]> sums) {
    return compute(chunks, batch, loss, sums, false);
  }

  /// Computes the loss, and the squares of the chunks' gradients, element by element.
  ///
  /// @param chunks number of chunks
  /// @param batch the samples of a chunk by its number
  /// @param sums one array per parameter, overwritten by the sum of the squares
  /// @return the loss, summed over all samples
  public double computeSquares(
      int chunks, IntFunction<SampleBatch> batch, Loss loss, List<float[]> sums) {
    return compute(chunks, batch, loss, sums, true);
  }

  private double compute(
      int chunks,
      IntFunction<SampleBatch> batch,
      Loss loss,
      List<float[]> sums,
      boolean isSquared) {
    network.parameters().requireGradients(names);
    sums.forEach(sum -> Arrays.fill(sum, 0f));
    double total = 0;
    for (int first = 0; first < chunks; first += workers.threads()) { // One gradient per thread.
      int from = first;
      List<ChunkGradient> parts =
          workers.map(
              Math.min(workers.threads(), chunks - from),
              i -> gradient(batch.apply(from + i), from + i, loss, isSquared));
      workers.map(names.size(), p -> add(parts, p, sums.get(p)));
      for (ChunkGradient part : parts) {
        total += part.loss;
      }
    }
    return total;
  }

  /// The gradient of a loss by a chunk on its way from another process.
  ///
  /// @param loss summed over the chunk's samples
  /// @param gradients row-major, null where the loss does not depend on a parameter
  @SuppressWarnings("ArrayRecordComponent") // on its way to another process
  public record Sent(double loss, float[] @Nullable [] gradients) implements Serializable {}

  /// Returns the gradient of one chunk as arrays.
  public static Sent ofChunk(
      LoadedNetwork network,
      List<String> names,
      List<String> watched,
      SampleBatch batch,
      Loss loss) {
    network.parameters().requireGradients(names);
    ChunkGradient of = gradient(network, names, watched, batch, 0, loss, false, false);
    var gradients = new float[names.size()] @Nullable [];
    for (int p = 0; p < gradients.length; p++) {
      Tensor gradient = of.gradients.get(p);
      if (gradient != null) {
        gradients[p] = Torch.floats(gradient);
        gradient.releaseReference();
      }
    }
    return new Sent(of.loss, gradients);
  }

  /// Adds gradients of chunks in their order.
  ///
  /// @param sums one array per parameter, overwritten by the gradient's sum
  /// @return the loss, summed over all samples
  public double add(List<Sent> parts, List<float[]> sums) {
    workers.map(
        names.size(),
        p -> {
          float[] sum = sums.get(p);
          Arrays.fill(sum, 0f);
          for (Sent part : parts) {
            float[] gradient = part.gradients[p];
            for (int i = 0; gradient != null && i < sum.length; i++) {
              sum[i] += gradient[i];
            }
          }
          return sum;
        });
    double total = 0;
    for (Sent part : parts) {
      total += part.loss;
    }
    return total;
  }

  /// Returns the parameters that the loss does not depend on, as far as libtorch can differentiate
  /// it: no gradient reaches them, whatever their values are.
  ///
  /// @param batch samples of one chunk
  public Set<String> unreached(SampleBatch batch, Loss loss) {
    network.parameters().requireGradients(names);
    List<@Nullable Tensor> gradients =
        workers.map(1, chunk -> gradient(batch, chunk, loss, false)).getFirst().gradients;
    var unreached = new LinkedHashSet<String>();
    for (int p = 0; p < names.size(); p++) {
      Tensor gradient = gradients.get(p);
      if (gradient == null) {
        unreached.add(names.get(p));
      } else {
        gradient.releaseReference();
      }
    }
    return unreached;
  }

  /// Adds one parameter's gradients in chunk order and releases them.
  private static float[] add(List<ChunkGradient> parts, int parameter, float[] sum) {
    var copied = new float[Math.min(COPIED, sum.length)];
    for (ChunkGradient part : parts) {
      Tensor gradient = part.gradients.get(parameter);
      if (gradient != null) {
        try (var _ = new PointerScope()) {
          add(new FloatPointer(gradient.data_ptr()), copied, sum);
        }
        gradient.releaseReference();
      }
    }
    return sum;
  }

  private static void add(FloatPointer values, float[] copied, float[] sum) {
    for (int from = 0; from < sum.length; from += copied.length) {
      int count = Math.min(copied.length, sum.length - from);
      values.position(from).get(copied, 0, count);
      for (int i = 0; i < count; i++) {
        sum[from + i] += copied[i];
      }
    }
  }

  private ChunkGradient gradient(SampleBatch batch, int chunk, Loss loss, boolean isSquared) {
    return gradient(network, names, watched, batch, chunk, loss, batchStatistics, isSquared);
  }

  private static ChunkGradient gradient(
      LoadedNetwork network,
      List<String> names,
      List<String> watched,
      SampleBatch batch,
      int chunk,
      Loss loss,
      boolean batchStatistics,
      boolean isSquared) {
    try (var _ = new PointerScope();
        var execution = network.start(batch, batchStatistics)) {
      watched.forEach(execution::watch);
      execution.runToEnd();
      Tensor value = loss.of(execution, batch, chunk);
      var inputs = new TensorVector(names.size());
      for (int p = 0; p < names.size(); p++) {
        inputs.put(p, network.parameters().get(names.get(p)));
      }
      TensorVector gradients =
          Autograd.gradients(
              network,
              new TensorVector(value),
              inputs,
              new TensorVector()); // Of several outputs only one counts: not every parameter need
      // lead to it.
      var kept = new ArrayList<@Nullable Tensor>(names.size());
      for (int p = 0; p < names.size(); p++) {
        Tensor gradient = gradients.get(p);
        if (gradient.defined()) {
          Tensor own = gradient.detach().to(torch.ScalarType.Float).contiguous();
          kept.add(Torch.keep(isSquared ? own.square() : own));
        } else {
          kept.add(null);
        }
      }
      return new ChunkGradient(value.item_double(), kept);
    }
  }

  /// @param gradients row-major, null where the loss does not depend on a parameter
  private record ChunkGradient(double loss, List<@Nullable Tensor> gradients) {}
}
