package falcon.model.zoo;

import falcon.model.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Initial weights for training, by the rules of torchvision's residual networks.
final class InitialWeights {
  private InitialWeights() {}

  /// Draws one tensor; its name determines its role.
  ///
  /// @param shape convolution `[out, in, height, width]`, linear layer `[out, in]`, vector `[out]`
  static Tensor draw(String name, List<Long> shape, SplittableRandom random) {
    var values = new float[Math.toIntExact(Tensor.elements(shape))];
    if (shape.size() == 4) {
      // Kaiming normal, fan-out: σ = √(2 / (out · height · width))
      double deviation = Math.sqrt(2.0 / (shape.get(0) * shape.get(2) * shape.get(3)));
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (deviation * random.nextGaussian());
      }
    } else if (shape.size() == 2) {
      double limit = 1 / Math.sqrt(shape.get(1));
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-limit, limit);
      }
    } else if (name.endsWith(".weight") || name.endsWith(".running_var")) {
      Arrays.fill(values, 1);
    }
    return Tensor.ofFloats(shape, values);
  }
}
