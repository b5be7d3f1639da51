package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.grid.Comparison;
import falcon.model.onnx.OnnxFile;
import falcon.model.shape.ShapeInference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares whole networks from end to end with ONNX Runtime.
@Tag("native")
@Tag("kernels")
class NarrowNetworksTest {
  private static final Path NARROW = Path.of("..", "models", "narrow");

  /// Greatest difference of a network of a hundred layers, as a share of its numbers.
  private static final double RELATIVE = 1e-4;

  /// ONNX Runtime rounds every value of a float16 network to 11 bits; here it is computed in
  /// float32.
  private static final double HALF = 5e-3;

  private static final double ABSOLUTE = 1e-4;

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(NARROW)) {
      return files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void resultsAndShapesEqualThoseOfOnnxRuntime(Path file) throws OrtException {
    Network network = OnnxFile.read(file);
    Map<String, Tensor> inputs = inputs(network);
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    List<Tensor> own = Forward.run(network, inputs, Precision.FLOAT32);
    boolean isHalf =
        network.initializers().values().stream()
            .anyMatch(tensor -> tensor.type() == DataType.FLOAT16);
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

  private static boolean isMask(ValueInfo input) {
    return input.name().contains("mask");
  }

  /// Two examples; open axes behind the first have eight elements; integers are below ten.
  private static Map<String, Tensor> inputs(Network network) {
    var random = new SplittableRandom(5);
    var inputs = new LinkedHashMap<String, Tensor>();
    for (ValueInfo input : network.inputs()) {
      var shape = new ArrayList<Long>();
      for (Dimension dimension :
          input.dimensions() == null ? List.<Dimension>of() : input.dimensions()) {
        shape.add(
            dimension instanceof Dimension.Fixed(long size) ? size : shape.isEmpty() ? 2L : 8L);
      }
      int count = Math.toIntExact(Tensor.elements(shape));
      if (input.type() == DataType.INT64) {
        inputs.put(
            input.name(),
            Tensor.ofLongs(shape, random.longs(count, 0, isMask(input) ? 2 : 10).toArray()));
        continue;
      }
      var values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
      }
      inputs.put(input.name(), Tensor.ofFloats(shape, values));
    }
    return inputs;
  }
}
