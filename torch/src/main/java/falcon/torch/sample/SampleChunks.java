package falcon.torch.sample;

import falcon.torch.Precision;
import falcon.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// How samples are cut: into chunks of fixed size, so that neither results nor memory depend on the
/// number of threads.
///
/// @param samples how many in all
/// @param size of every chunk but the last
/// @param areFull whether the last chunk is filled up with its own samples again, because the
///     network takes exactly `size` at a time: what it gives for the surplus is to be dropped
public record SampleChunks(int samples, int size, boolean areFull) {
  /// Samples in a chunk: enough for the convolutions to run well, few enough to stay in the cache.
  /// Of 16, 32 and 64, 32 costs least on ResNet20 at 32×32.
  public static final int DEFAULT_SIZE = 32;

  /// Samples whose rows are multiplied at once, at least: products of few rows cost as much to add
  /// up as to form. Few enough that a small calibration still is work for several threads.
  private static final int LEAST_MULTIPLIED = 8;

  public SampleChunks(int samples, int size) {
    this(samples, size, false);
  }

  /// Chunks whose rows are multiplied at once: several where a network takes few samples at a time.
  public int multipliedTogether() {
    return Math.max(1, LEAST_MULTIPLIED / size);
  }

  public static SampleChunks of(SampleSource source) {
    return new SampleChunks(source.size(), DEFAULT_SIZE);
  }

  public int count() {
    return (samples + size - 1) / size;
  }

  public int from(int chunk) {
    return chunk * size;
  }

  public int to(int chunk) {
    return Math.min(samples, (chunk + 1) * size);
  }

  /// Samples of a chunk, without those that only fill it up.
  public int length(int chunk) {
    return to(chunk) - from(chunk);
  }

  public SampleBatch batch(SampleSource source, int chunk) {
    return batch(source, 0, chunk);
  }

  /// The chunk of samples that are cut from number `first` on.
  public SampleBatch batch(SampleSource source, int first, int chunk) {
    SampleBatch batch = source.batch(first + from(chunk), first + to(chunk));
    return areFull ? batch.filledUp(size) : batch;
  }

  /// What a network gave for a chunk, without what it gave for samples that only fill the chunk up.
  ///
  /// @param values `[b, …]`, row-major
  public float[] withoutSurplus(float[] values, int chunk) {
    int batch = areFull ? size : length(chunk);
    return Arrays.copyOf(values, values.length / batch * length(chunk));
  }

  /// @return the batch as the network's inputs, each `[b, sampleShape…]`, released by the caller
  public static List<Tensor> inputs(SampleBatch batch, Precision precision) {
    var tensors = new ArrayList<Tensor>();
    for (InputArray input : batch.inputs()) {
      var shape = new ArrayList<Long>();
      shape.add((long) batch.size());
      shape.addAll(input.sampleShape());
      tensors.add(
          input.type().isFloatingPoint()
              ? Torch.tensor(input.floats(), shape, precision)
              : Torch.tensor(input.longs(), shape, input.type()));
    }
    return tensors;
  }
}
