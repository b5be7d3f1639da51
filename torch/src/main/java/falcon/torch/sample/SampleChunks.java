package falcon.torch.sample;

import falcon.torch.Precision;
import falcon.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// The division of samples into chunks of fixed size, so that neither results nor memory depend on
/// the number of threads.
///
/// @param samples total number of samples
/// @param size size of every chunk but the last
/// @param areFull whether the last chunk is filled up with its own samples again, because the
///     network takes exactly `size` at a time; its outputs for the surplus must be dropped
public record SampleChunks(int samples, int size, boolean areFull) {
  /// Default number of samples in a chunk: enough for efficient convolutions, few enough to stay in
  /// the cache. Of 16, 32 and 64, 32 costs least on ResNet20 at 32×32.
  public static final int DEFAULT_SIZE = 32;

  /// Least number of samples whose rows are multiplied at once: products of few rows cost as much
  /// to add as to compute. The number is small enough for a small calibration set to occupy several
  /// threads.
  private static final int LEAST_MULTIPLIED = 8;

  /// Creates chunks of which the last is not filled up.
  public SampleChunks(int samples, int size) {
    this(samples, size, false);
  }

  /// Returns the number of chunks whose rows are multiplied at once: several where a network takes
  /// few samples at a time.
  public int multipliedTogether() {
    return Math.max(1, LEAST_MULTIPLIED / size);
  }

  /// Returns the chunks of a source, of the default size.
  public static SampleChunks of(SampleSource source) {
    return new SampleChunks(source.size(), DEFAULT_SIZE);
  }

  /// Returns the number of chunks.
  public int count() {
    return (samples + size - 1) / size;
  }

  /// Returns the number of a chunk's first sample.
  public int from(int chunk) {
    return chunk * size;
  }

  /// Returns the number after a chunk's last sample.
  public int to(int chunk) {
    return Math.min(samples, (chunk + 1) * size);
  }

  /// Returns the number of samples of a chunk, without those that only fill it up.
  public int length(int chunk) {
    return to(chunk) - from(chunk);
  }

  /// Returns a chunk of samples, filled up if chunks are full.
  public SampleBatch batch(SampleSource source, int chunk) {
    return batch(source, 0, chunk);
  }

  /// Returns a chunk of the samples from number `first` on.
  public SampleBatch batch(SampleSource source, int first, int chunk) {
    SampleBatch batch = source.batch(first + from(chunk), first + to(chunk));
    return areFull ? batch.filledUp(size) : batch;
  }

  /// Returns a network's outputs for a chunk, without those for samples that only fill the chunk
  /// up.
  ///
  /// @param values `[b, …]`, row-major
  public float[] withoutSurplus(float[] values, int chunk) {
    int batch = areFull ? size : length(chunk);
    return Arrays.copyOf(values, values.length / batch * length(chunk));
  }

  /// Returns the batch as tensors of the network's inputs, each `[b, sampleShape…]`, released by
  /// the caller.
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
