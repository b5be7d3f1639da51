package falcon.benchmarks;

import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.shape.ShapeInference;
import falcon.torch.sample.SampleBatch;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Samples of noise for a network of one floating-point input, all of class 0, the same ones in
/// every run.
final class ImageNoise implements SampleSource {
  private final List<Long> sampleShape;
  private final float[] values;
  private final int size;

  private ImageNoise(List<Long> sampleShape, float[] values, int size) {
    this.sampleShape = sampleShape;
    this.values = values;
    this.size = size;
  }

  /// @param size number of samples
  static ImageNoise of(Network network, int size) {
    String input = network.inputs().getFirst().name();
    List<Long> shape = ShapeInference.inputShapes(network, size).getOrDefault(input, List.of());
    var random = new SplittableRandom(1);
    var values = new float[Math.toIntExact(Tensor.elements(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new ImageNoise(shape.subList(1, shape.size()), values, size);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public SampleBatch batch(int from, int to) {
    int each = values.length / size;
    return new SampleBatch(
        sampleShape, Arrays.copyOfRange(values, from * each, to * each), new int[to - from]);
  }
}
