package falcon.torch.gradient;

import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.Torch;
import falcon.torch.execution.Autograd;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.gradient.PerSampleGradients.RowKind;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleChunks;
import falcon.torch.sample.SampleSource;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// A plain forward and backward pass of a batch: the gradients of weights, summed over the samples,
/// as a reference for [PerSampleGradients]. The network is loaded once; the owner closes the
/// object.
///
/// A batch is cut into parts of fixed size, each on one thread: the result has the same bits for
/// any number of threads.
public final class BackwardPass implements AutoCloseable {
  /// Receives gradients, tensor by tensor, on the calling thread.
  public interface Sink {
    /// @param layer number of the weight tensor
    /// @param gradient gradient in the tensor's shape and the network's precision, row-major; valid
    ///     during the call
    void accept(int layer, MemorySegment gradient);
  }

  private final LoadedNetwork loaded;
  private final List<String> tensorNames;
  private final Workers workers;
  private final int partSize;

  /// Loads a network.
  ///
  /// @param tensorNames weight tensors
  /// @param workers threads; owned by the caller
  /// @param partSize number of samples that one thread runs together, one or more
  /// @throws UnsupportedNetworkException if the network cannot be executed
  public BackwardPass(
      Network network,
      List<String> tensorNames,
      Precision precision,
      Workers workers,
      int partSize) {
    this.loaded = new LoadedNetwork(network, precision);
    this.tensorNames = List.copyOf(tensorNames);
    this.workers = workers;
    this.partSize = partSize;
    loaded.parameters().requireGradients(tensorNames);
  }

  /// Computes the gradients of all tensors.
  ///
  /// @param kind the function that is differentiated, as in [PerSampleGradients]
  public void run(SampleSource samples, RowKind kind, Sink sink) {
    SampleChunks parts = loaded.chunks(samples.size(), partSize);
    if (parts.areFull() && samples.size() % parts.size() != 0) {
      throw new IllegalArgumentException(
          "%d samples for a network that takes exactly %d at a time"
              .formatted(samples.size(), parts.size()));
    }
    List<Tensor[]> gradients =
        workers.map(parts.count(), part -> gradients(parts, part, samples, kind));
    Tensor[] sums = gradients.getFirst();
    for (int l = 0; l < sums.length; l++) {
      for (Tensor[] part : gradients.subList(1, gradients.size())) {
        try (var _ = new PointerScope()) {
          sums[l].add_(part[l]);
        }
      }
      sink.accept(l, segment(sums[l]));
    }
    gradients.forEach(part -> Arrays.asList(part).forEach(Tensor::releaseReference));
  }

  /// Returns the gradients of one part, with a reference each.
  private Tensor[] gradients(SampleChunks parts, int part, SampleSource samples, RowKind kind) {
    SampleBatch batch = parts.batch(samples, part);
    try (var _ = new PointerScope();
        var execution = loaded.start(batch)) {
      Tensor outputs = execution.runToEnd();
      loaded.requireReal(outputs);
      var weights = new TensorVector(tensorNames.size());
      for (int l = 0; l < tensorNames.size(); l++) {
        weights.put(l, loaded.parameters().get(tensorNames.get(l)));
      }
      TensorVector gradients =
          Autograd.gradients(
              loaded,
              new TensorVector(outputs),
              weights,
              new TensorVector(RowGradients.of(outputs.detach(), batch, parts.from(part), kind)));
      var kept = new Tensor[tensorNames.size()];
      for (int l = 0; l < kept.length; l++) {
        Tensor gradient = gradients.get(l);
        kept[l] =
            Torch.keep(
                gradient.defined() ? gradient.contiguous() : torch.zeros_like(weights.get(l)));
      }
      return kept;
    }
  }

  @SuppressWarnings("restricted") // the segment views a tensor that outlives the call
  private static MemorySegment segment(Tensor tensor) {
    return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
  }

  @Override
  public void close() {
    loaded.close();
  }
}
