package falcon.torch;

import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.List;

/// Gaussian noise to which each class adds one in its own channel: easy to tell apart.
public record PatternSamples(int classes, int height, int width, int size, long seed)
    implements SampleSource {
  @Override
  public SampleBatch batch(int from, int to) {
    var shape = List.of((long) classes, (long) height, (long) width);
    SampleBatch noise = new NoiseSamples(shape, size, classes, seed).batch(from, to);
    float[] values = noise.values();
    int positions = height * width;
    for (int i = 0; i < noise.size(); i++) {
      int first = (i * classes + noise.labels()[i]) * positions;
      for (int j = first; j < first + positions; j++) {
        values[j] += 1;
      }
    }
    return noise;
  }
}
