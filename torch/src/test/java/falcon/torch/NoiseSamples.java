package falcon.torch;

import falcon.model.Tensor;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.List;
import java.util.SplittableRandom;

/// Gaussian noise with random labels, the same for the same seed.
public record NoiseSamples(List<Long> sampleShape, int size, int classes, long seed)
    implements SampleSource {
  @Override
  public SampleBatch batch(int from, int to) {
    int elements = Math.toIntExact(Tensor.elements(sampleShape));
    var values = new float[(to - from) * elements];
    var labels = new int[to - from];
    for (int sample = from; sample < to; sample++) {
      var random = new SplittableRandom(seed * 1_000_003 + sample);
      labels[sample - from] = random.nextInt(classes);
      for (int i = 0; i < elements; i++) {
        values[(sample - from) * elements + i] = (float) random.nextGaussian();
      }
    }
    return new SampleBatch(sampleShape, values, labels);
  }
}
