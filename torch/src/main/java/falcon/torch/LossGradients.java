package falcon.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Gradient of a loss by a network's parameters, summed over samples.
///
/// The samples are cut into chunks, each on one thread; gradients are added up in chunk order.
final class LossGradients {
  /// A loss of a chunk of samples.
  interface Loss {
    /// @param execution stands at the end; watched values are live
    /// @return a scalar, summed over the chunk's samples
    Tensor of(GraphExecution execution, SampleBatch batch, int chunk);
  }

  private final LoadedNetwork network;
  private final List<String> names;
  private final Workers workers;
  private final List<String> watched;
  private final boolean batchStatistics;

  /// @param names parameters to differentiate by; they are switched to require gradients
  /// @param watched values that the loss reads besides the network's output
  LossGradients(
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

  /// @param chunks number of chunks
  /// @param batch samples of a chunk
  /// @param sums one array a parameter, overwritten with the gradient's sum
  /// @return the loss, summed over all samples
  double compute(int chunks, IntFunction<SampleBatch> batch, Loss loss, List<float[]> sums) {
    network.parameters().requireGradients(names);
    sums.forEach(sum -> Arrays.fill(sum, 0f));
    double total = 0;
    for (int first = 0; first < chunks; first += workers.threads()) { // so many gradients are held
      int from = first;
      List<ChunkGradient> parts =
          workers.map(
              Math.min(workers.threads(), chunks - from),
              i -> gradient(batch.apply(from + i), from + i, loss));
      workers.map(names.size(), p -> add(parts, p, sums.get(p)));
      for (ChunkGradient part : parts) {
        total += part.loss;
      }
    }
    return total;
  }

  /// Adds up one parameter's gradients in chunk order.
  private static float[] add(List<ChunkGradient> parts, int parameter, float[] sum) {
    for (ChunkGradient part : parts) {
      float[] gradient = part.gradients.get(parameter);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += gradient[i];
      }
    }
    return sum;
  }

  private ChunkGradient gradient(SampleBatch batch, int chunk, Loss loss) {
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
          torch.grad(
              new TensorVector(value),
              inputs,
              new TensorVector(),
              new BoolOptional(false),
              false,
              true); // of several outputs only one counts: not every parameter need lead to it
      var arrays = new ArrayList<float[]>(names.size());
      for (int p = 0; p < names.size(); p++) {
        Tensor gradient = gradients.get(p);
        arrays.add(
            gradient.defined()
                ? Torch.floats(gradient)
                : new float[Math.toIntExact(inputs.get(p).numel())]);
      }
      return new ChunkGradient(value.item_double(), arrays);
    }
  }

  private record ChunkGradient(double loss, List<float[]> gradients) {}
}
