package falcon.torch.layer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.format.Networks;
import falcon.model.grid.Comparison;
import falcon.model.stored.StoredWeights;
import falcon.torch.Forward;
import falcon.torch.OnnxRuntime;
import falcon.torch.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/// Compares a network, with its weights as products use them, with its file in ONNX Runtime.
final class FileTwin {
  private FileTwin() {}

  /// @param network a network of one input `x` of fixed size
  /// @param file where it is written
  static void requireSame(Network network, Path file, double relative, double absolute)
      throws OrtException {
    Networks.write(network, file);
    var random = new SplittableRandom(3);
    List<Long> shape = new ArrayList<>();
    for (Dimension size : Objects.requireNonNull(network.inputs().getFirst().dimensions())) {
      shape.add(((Dimension.Fixed) size).size());
    }
    var values = new float[Math.toIntExact(Tensor.elements(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Map<String, Tensor> inputs = Map.of("x", Tensor.ofFloats(shape, values));
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    List<Tensor> own = Forward.run(StoredWeights.unfolded(network), inputs, Precision.FLOAT32);
    assertThat(Comparison.difference(own, expected, relative, absolute)).isEmpty();
  }
}
