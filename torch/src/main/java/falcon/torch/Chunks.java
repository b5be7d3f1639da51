package falcon.torch;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// How samples are cut: into chunks of fixed size, so that neither results nor memory depend on the
/// number of threads.
record Chunks(int samples, int size) {
  /// Samples in a chunk: enough for the convolutions to run well, few enough to stay in the cache. Of 16,
  /// 32 and 64, 32 costs least on ResNet20 at 32×32.
  static final int DEFAULT_SIZE = 32;

  static Chunks of(SampleSource source) {
    return new Chunks(source.size(), DEFAULT_SIZE);
  }

  int count() {
    return (samples + size - 1) / size;
  }

  int from(int chunk) {
    return chunk * size;
  }

  int to(int chunk) {
    return Math.min(samples, (chunk + 1) * size);
  }

  SampleBatch batch(SampleSource source, int chunk) {
    return source.batch(from(chunk), to(chunk));
  }

  /// @return the batch as the network's inputs, each `[b, sampleShape…]`, released by the caller
  static List<Tensor> inputs(SampleBatch batch, Precision precision) {
    var shape = new ArrayList<Long>();
    shape.add((long) batch.size());
    shape.addAll(batch.sampleShape());
    return List.of(Torch.tensor(batch.values(), shape, precision));
  }
}
