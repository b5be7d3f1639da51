package falcon.torch.gradient;

import falcon.data.Seeds;
import falcon.model.Network;
import falcon.torch.Precision;
import falcon.torch.execution.Autograd;
import falcon.torch.execution.BinaryOutput;
import falcon.torch.execution.ChunkJob;
import falcon.torch.execution.ChunkMapper;
import falcon.torch.execution.GraphExecution;
import falcon.torch.execution.LoadedNetwork;
import falcon.torch.kernel.Workers;
import falcon.torch.layer.LayerMatrix;
import falcon.torch.layer.SampleRows;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Per-sample gradients by a network's weights, in eval mode, vectorised over the batch.
///
/// One backward pass of a batch yields the gradients by every layer's outputs; the gradient of a
/// weight is then the product of output gradient and input, summed over positions: for sample i of
/// a layer with rows R_i `[positions, k]` and output gradients G_i `[positions, o]` it is G_iᵀ R_i.
///
/// Source: FALCON (arXiv:2403.07094), section 3, rows of X; curvature of the outputs is ours
/// (a Gauss-Newton matrix by random signs).
public final class PerSampleGradients {
  /// Number of samples in a batch, whose unfolded inputs should stay in the cache.
  private static final int BATCH = 16;

  /// Number of chunks whose gradients other processes send at a time.
  private static final int CHUNKS_AT_A_TIME = 8;

  /// Label of the random signs' seeds.
  private static final String SIGNS = "signs of the outputs";

  /// Receives gradients; called from several threads, for different rows.
  public interface Sink {
    /// @param layer number of the weight tensor
    /// @param firstRow number of the batch's first sample
    /// @param rows `[b, weights]` in the network's precision, row-major; valid during the call
    void accept(int layer, int firstRow, MemorySegment rows);
  }

  /// The function of the network's outputs that is differentiated, one per row.
  public sealed interface RowKind extends Serializable {
    /// The cross-entropy of the sample's label: the empirical Fisher matrix.
    record Empirical() implements RowKind {}

    /// The cross-entropy of the sample's label, 0 or 1, of a network with one output.
    ///
    /// @param output what that output means
    record EmpiricalBinary(BinaryOutput output) implements RowKind {}

    /// The cross-entropy of a label drawn from the network's own softmax: the true Fisher matrix of
    /// its outputs, in expectation over the draws.
    ///
    /// @param seed seed of the draws
    /// @param classAxis axis of the outputs along which the classes lie: 1, or −1 for the last one.
    ///     Every position of the other axes draws a label of its own
    record SampledLabels(long seed, int classAxis) implements RowKind {}

    /// A random combination of the outputs, of any shape, with signs ±1: the Gauss-Newton matrix of
    /// the outputs' change.
    ///
    /// @param seed seed of the signs
    record OutputSigns(long seed) implements RowKind {}
  }

  private final Network network;
  private final List<String> tensorNames;
  private final Precision precision;
  private final Workers workers;

  /// Creates the computation for the weights of a network; the caller owns the workers.
  ///
  /// @param tensorNames weight tensors of layers; the gradients of several uses of a tensor are
  ///     added
  public PerSampleGradients(
      Network network, List<String> tensorNames, Precision precision, Workers workers) {
    this.network = network;
    this.tensorNames = List.copyOf(tensorNames);
    this.precision = precision;
    this.workers = workers;
  }

  /// Returns the signs of a sample's outputs, +1 or −1.
  ///
  /// @param outputs number of outputs of a sample
  /// @return `[outputs]`
  public static float[] signs(long seed, int sample, int outputs) {
    SplittableRandom random = Seeds.of(seed, SIGNS, sample);
    var signs = new float[outputs];
    for (int c = 0; c < outputs; c++) {
      signs[c] = random.nextBoolean() ? 1f : -1f;
    }
    return signs;
  }

  /// Computes all rows of the gradient matrix.
  ///
  /// @throws UnsupportedNetworkException if a tensor is used other than as weights, or an operator
  ///     mixes samples
  public void compute(SampleSource samples, RowKind kind, Sink sink) {
    compute(samples, kind, sink, _ -> {});
  }

  /// Computes all rows of the gradient matrix.
  ///
  /// @param progress called from several threads with the number of samples done, which may fall
  ///     from one call to the next
  /// @throws UnsupportedNetworkException if a tensor is used other than as weights, or an operator
  ///     mixes samples
  public void compute(SampleSource samples, RowKind kind, Sink sink, IntConsumer progress) {
    var done = new AtomicInteger();
    try (var loaded = new LoadedNetwork(network, precision)) {
      var chunks = loaded.chunks(samples.size(), BATCH);
      List<LayerMatrix> layers =
          tensorNames.stream().map(name -> LayerMatrix.of(loaded.program(), name)).toList();
      var uses = layers.stream().flatMap(layer -> layer.uses().stream()).toList();
      Map<LayerMatrix.Use, Long> innerRows = SampleLayout.of(loaded, uses, samples);
      if (ChunkMapper.isElsewhere(workers)) {
        elsewhere(
            ChunkJob.of("gradients", samples, chunks, loaded),
            new RowsWork(
                new ArrayList<>(tensorNames),
                new ArrayList<>(uses.stream().map(innerRows::get).toList()),
                kind,
                chunks.size()),
            sink,
            progress);
        return;
      }
      workers.map(
          chunks.count(),
          chunk -> {
            var batch =
                new Batch(
                    chunks.batch(samples, chunk), chunks.from(chunk), chunks.length(chunk), layers);
            gradients(loaded, batch, innerRows, kind, sink);
            progress.accept(done.addAndGet(chunks.length(chunk)));
            return chunk;
          });
    }
  }

  /// Passes on the gradients that other processes compute, some chunks at a time.
  private void elsewhere(ChunkJob job, RowsWork work, Sink sink, IntConsumer progress) {
    for (int from = 0; from < job.tasks(); from += CHUNKS_AT_A_TIME) {
      int first = from;
      int to = Math.min(job.tasks(), from + CHUNKS_AT_A_TIME);
      List<ArrayList<byte[]>> parts = ChunkMapper.of(workers).map(job.part(from, to), work);
      workers.map(
          parts.size(),
          i -> {
            for (int layer = 0; layer < tensorNames.size(); layer++) {
              // Aligned for any element.
              try (var arena = Arena.ofConfined()) {
                byte[] rows = parts.get(i).get(layer);
                MemorySegment segment = arena.allocate(rows.length, Double.BYTES);
                MemorySegment.copy(rows, 0, segment, ValueLayout.JAVA_BYTE, 0, rows.length);
                sink.accept(layer, (first + i) * work.size(), segment);
              }
            }
            return i;
          });
      progress.accept(Math.min(to * work.size(), job.samples().size()));
    }
  }

  /// @param samples the samples, including those that only fill the batch up
  /// @param rows number of samples that count
  record Batch(SampleBatch samples, int firstRow, int rows, List<LayerMatrix> layers) {}

  @SuppressWarnings("restricted") // the segment views a tensor that outlives the call
  static void gradients(
      LoadedNetwork loaded,
      Batch batch,
      Map<LayerMatrix.Use, Long> innerRows,
      RowKind kind,
      Sink sink) {
    int b = batch.samples().size();
    try (var _ = new PointerScope();
        var execution = loaded.start(batch.samples())) {
      Map<LayerMatrix.Use, Tensor> outputGradients =
          outputGradients(loaded, execution, batch, kind);
      for (int l = 0; l < batch.layers().size(); l++) {
        try (var _ = new PointerScope()) {
          Tensor rows = null;
          for (LayerMatrix.Use use : batch.layers().get(l).uses()) {
            Tensor outputGradient = outputGradients.get(use);
            if (outputGradient != null) {
              var layout = new SampleRows(b, Objects.requireNonNull(innerRows.get(use)));
              Tensor input = execution.value(use.input()).detach();
              Tensor part = use.geometry().gradients(input, outputGradient, layout);
              rows = rows == null ? part : rows.add_(part);
            }
          }
          if (rows == null) {
            LayerMatrix layer = batch.layers().get(l);
            int weights = loaded.program().network().tensor(layer.tensorName()).size();
            rows = zeros(b, weights, loaded.parameters().precision());
          }
          rows = rows.narrow(0, 0, batch.rows());
          sink.accept(
              l,
              batch.firstRow(),
              MemorySegment.ofAddress(rows.data_ptr().address()).reinterpret(rows.nbytes()));
        }
      }
    }
  }

  private static Tensor zeros(int samples, int weights, Precision precision) {
    return torch.zeros(new long[] {samples, weights}, new TensorOptions(precision.scalarType()));
  }

  /// Returns the gradients by the outputs of all uses; absent where the network's output does not
  /// depend on them.
  private static Map<LayerMatrix.Use, Tensor> outputGradients(
      LoadedNetwork loaded, GraphExecution execution, Batch batch, RowKind kind) {
    var uses = batch.layers().stream().flatMap(layer -> layer.uses().stream()).toList();
    for (LayerMatrix.Use use : uses) {
      execution.watch(use.input());
      execution.differentiate(use.output());
    }
    Tensor result = execution.runToEnd();
    loaded.requireReal(result);
    var byUse = new HashMap<LayerMatrix.Use, Tensor>();
    if (!result.requires_grad()) {
      return byUse;
    }
    var outputs = new TensorVector(uses.size());
    for (int i = 0; i < uses.size(); i++) {
      outputs.put(i, execution.value(uses.get(i).output()));
    }
    TensorVector gradients =
        Autograd.gradients(
            loaded,
            new TensorVector(result),
            outputs,
            new TensorVector(
                RowGradients.of(result.detach(), batch.samples(), batch.firstRow(), kind)));
    for (int i = 0; i < uses.size(); i++) {
      if (gradients.get(i).defined()) {
        byUse.put(uses.get(i), gradients.get(i));
      }
    }
    return byUse;
  }
}
