package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.grid.Comparison;
import falcon.model.grid.NarrowNetworks;
import falcon.model.onnx.OnnxFile;
import falcon.model.shape.ShapeInference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares whole networks from end to end with ONNX Runtime.
@Tag("native")
@Tag("kernels")
class NarrowNetworksTest {
  /// Greatest difference of a network of a hundred layers, as a share of its numbers.
  private static final double RELATIVE = 1e-4;

  /// ONNX Runtime rounds every value of a float16 network to 11 bits; here it is computed in
  /// float32.
  private static final double HALF = 5e-3;

  private static final double ABSOLUTE = 1e-4;

  static List<Path> files() throws IOException {
    return NarrowNetworks.files();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void resultsAndShapesEqualThoseOfOnnxRuntime(Path file) throws OrtException {
    Network network = OnnxFile.read(file);
    Map<String, Tensor> inputs = NarrowNetworks.inputs(network);
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    List<Tensor> own = Forward.run(network, inputs, Precision.FLOAT32);
    boolean isHalf = NarrowNetworks.isHalf(network);
    String difference =
        isHalf
            ? Comparison.difference(own, expected, HALF, HALF)
            : Comparison.difference(own, expected, RELATIVE, ABSOLUTE);
    assertThat(difference).isEmpty();
    var shapes = new LinkedHashMap<String, List<Long>>();
    inputs.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    var inferred = ShapeInference.infer(network, shapes);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(inferred.of(network.outputs().get(i).name())).isEqualTo(expected.get(i).shape());
    }
  }
}
