package falcon.torch;

import falcon.data.Seeds;
import falcon.model.Network;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Gradients of single samples by a network's weights, in eval mode, vectorised over the batch.
///
/// One backward pass of a batch gives the gradients of every layer's outputs; the gradient of a weight is
/// then the product of output gradient and input, summed over positions: for sample i of a layer
/// with rows R_i `[positions, k]` and output gradients G_i `[positions, o]` it is G_iᵀ R_i.
///
/// Source: FALCON (arXiv:2403.07094), section 3, rows of X; curvature of the outputs is ours
/// (a Gauss-Newton matrix by random signs).
public final class PerSampleGradients {
  /// Samples in a batch: unfolded inputs of a batch should stay in the cache.
  private static final int BATCH = 16;

  /// Label of the random signs' seeds.
  private static final String SIGNS = "signs of the outputs";

  /// Label of the drawn labels' seeds.
  private static final String LABELS = "labels of the outputs";

  /// Receives gradients; called from several threads, for different rows.
  public interface Sink {
    /// @param layer number of the weight tensor
    /// @param firstRow number of the batch's first sample
    /// @param rows `[b, weights]` in the network's precision, row-major; valid during the call
    void accept(int layer, int firstRow, MemorySegment rows);
  }

  /// Gradient of what is differentiated, by the network's outputs.
  public sealed interface RowKind {
    /// Cross-entropy of the sample's label: the empirical Fisher matrix.
    record Empirical() implements RowKind {}

    /// Cross-entropy of a label drawn from the network's own softmax: the Fisher matrix of its outputs,
    /// on average over draws.
    ///
    /// @param seed of the draws
    /// @param classAxis axis of the outputs along which the classes lie: 1
    record SampledLabels(long seed, int classAxis) implements RowKind {}

    /// A random combination of the outputs with signs ±1: Gauss-Newton matrix of the outputs' change.
    ///
    /// @param seed of the signs
    record OutputSigns(long seed) implements RowKind {}
  }

  private final Network network;
  private final List<LayerMatrix> layers;
  private final Precision precision;
  private final Workers workers;

  /// @param tensorNames weight tensors, each of one convolution or linear layer
  public PerSampleGradients(
      Network network, List<String> tensorNames, Precision precision, Workers workers) {
    this.network = network;
    this.layers = tensorNames.stream().map(name -> LayerMatrix.of(network, name)).toList();
    this.precision = precision;
    this.workers = workers;
  }

  /// Signs of a sample's outputs, +1 or −1.
  ///
  /// @return `[classes]`
  public static float[] signs(long seed, int sample, int classes) {
    SplittableRandom random = Seeds.of(seed, SIGNS, sample);
    var signs = new float[classes];
    for (int c = 0; c < classes; c++) {
      signs[c] = random.nextBoolean() ? 1f : -1f;
    }
    return signs;
  }

  /// Computes all rows.
  public void compute(SampleSource samples, RowKind kind, Sink sink) {
    compute(samples, kind, sink, rows -> {});
  }

  /// Computes all rows.
  ///
  /// @param progress hears how many rows are done, from several threads
  public void compute(SampleSource samples, RowKind kind, Sink sink, IntConsumer progress) {
    var done = new AtomicInteger();
    try (var loaded = new LoadedNetwork(network, precision)) {
      var chunks = loaded.chunks(samples.size(), BATCH);
      workers.map(
          chunks.count(),
          chunk -> {
            gradients(loaded, chunks, samples, chunk, kind, sink);
            progress.accept(done.addAndGet(chunks.length(chunk)));
            return chunk;
          });
    }
  }

  @SuppressWarnings("restricted") // the segment views a tensor that outlives the call
  private void gradients(
      LoadedNetwork loaded,
      Chunks chunks,
      SampleSource samples,
      int chunk,
      RowKind kind,
      Sink sink) {
    SampleBatch batch = chunks.batch(samples, chunk);
    int firstRow = chunks.from(chunk);
    try (var _ = new PointerScope();
        var execution = loaded.start(batch)) {
      for (LayerMatrix layer : layers) {
        execution.watch(layer.input());
        execution.differentiate(layer.output());
      }
      Tensor logits = execution.runToEnd();
      var outputs = new TensorVector(layers.size());
      for (int l = 0; l < layers.size(); l++) {
        outputs.put(l, execution.value(layers.get(l).output()));
      }
      TensorVector outputGradients =
          torch.grad(
              new TensorVector(logits),
              outputs,
              new TensorVector(outputGradient(logits.detach(), batch, firstRow, kind)),
              new BoolOptional(false),
              false,
              false);
      for (int l = 0; l < layers.size(); l++) {
        try (var _ = new PointerScope()) {
          LayerMatrix layer = layers.get(l);
          Tensor input = execution.value(layer.input()).detach();
          Tensor rows =
              weightGradients(layer, input, outputGradients.get(l), batch.size())
                  .narrow(0, 0, chunks.length(chunk));
          sink.accept(
              l,
              firstRow,
              MemorySegment.ofAddress(rows.data_ptr().address()).reinterpret(rows.nbytes()));
        }
      }
    }
  }

  /// @return `[b, weights]`, contiguous
  private static Tensor weightGradients(
      LayerMatrix layer, Tensor input, Tensor outputGradient, long b) {
    var perGroup = new TensorVector(layer.groups());
    for (int group = 0; group < layer.groups(); group++) {
      Tensor rows = layer.rows(input, group, LayerMatrix.Grid.ALL);
      Tensor gradients = layer.outputs(outputGradient, group, LayerMatrix.Grid.ALL);
      perGroup.put(
          group,
          gradients
              .reshape(b, -1, layer.outputs())
              .transpose(1, 2)
              .bmm(rows.reshape(b, -1, layer.rowLength()))); // [b, o, k]
    }
    return layer.toTensorOrder(torch.cat(perGroup, 1)).contiguous();
  }

  /// A label for each sample, drawn from the softmax of its outputs.
  private static int[] drawnLabels(Tensor logits, long seed, int firstRow) {
    double[] shares = Torch.doubles(logits.softmax(1, new ScalarTypeOptional()));
    var labels = new int[Math.toIntExact(logits.size(0))];
    int classes = shares.length / labels.length;
    for (int i = 0; i < labels.length; i++) {
      double left = Seeds.of(seed, LABELS, firstRow + i).nextDouble();
      while (labels[i] < classes - 1 && left >= shares[i * classes + labels[i]]) {
        left -= shares[i * classes + labels[i]];
        labels[i]++;
      }
    }
    return labels;
  }

  /// @return gradient by the outputs, `[b, classes]`
  private Tensor outputGradient(Tensor logits, SampleBatch batch, int firstRow, RowKind kind) {
    int classes = Math.toIntExact(logits.numel() / logits.size(0));
    int[] labels =
        switch (kind) {
          case RowKind.Empirical() -> batch.labels();
          case RowKind.SampledLabels(long seed, int _) -> drawnLabels(logits, seed, firstRow);
          case RowKind.OutputSigns _ -> new int[0];
        };
    var values = new float[batch.size() * classes];
    for (int i = 0; i < batch.size(); i++) {
      switch (kind) {
        case RowKind.Empirical _, RowKind.SampledLabels _ -> values[i * classes + labels[i]] = 1;
        case RowKind.OutputSigns(long seed) ->
            System.arraycopy(signs(seed, firstRow + i, classes), 0, values, i * classes, classes);
      }
    }
    List<Long> shape = Arrays.stream(logits.shape()).boxed().toList();
    Tensor constant = Torch.scoped(values, shape, precision);
    return switch (kind) {
      case RowKind.Empirical _,
          RowKind.SampledLabels _ -> // ∂(−log softmax_y)/∂logits = softmax − onehot(y)
          logits.softmax(1, new ScalarTypeOptional()).sub(constant);
      case RowKind.OutputSigns _ -> constant;
    };
  }
}
