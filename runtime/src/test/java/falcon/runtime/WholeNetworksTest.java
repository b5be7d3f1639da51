package falcon.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.DataType;
import falcon.model.Dimension;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.ValueInfo;
import falcon.model.grid.Comparison;
import falcon.model.grid.OnnxRuntime;
import falcon.model.onnx.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole networks against ONNX Runtime, and with themselves on several threads.
class WholeNetworksTest {
  private static final Path NARROW = Path.of("..", "models", "narrow");

  /// Greatest difference, as a share of the output's greatest number.
  private static final double RELATIVE = 1e-4;

  /// As [#RELATIVE] for networks of float16, whose every value ONNX Runtime rounds to 11 bits.
  private static final double HALF = 5e-3;

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(NARROW)) {
      return files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void outputsEqualThoseOfOnnxRuntimeForAnyNumberOfThreads(Path file) throws OrtException {
    Network network = OnnxFile.read(file);
    Map<String, Tensor> inputs = inputs(network);
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    Map<String, Tensor> first;
    try (var runtime = FalconRuntime.load(file)) {
      first = runtime.run(inputs);
      assertThat(runtime.run(inputs)).as("second run").isEqualTo(first);
    }
    List<Tensor> own = List.copyOf(first.values());
    boolean isHalf =
        network.initializers().values().stream()
            .anyMatch(tensor -> tensor.type() == DataType.FLOAT16);
    double relative = isHalf ? HALF : RELATIVE;
    double absolute = relative * greatest(expected);
    assertThat(Comparison.difference(own, expected, relative, absolute)).isEmpty();
    for (KernelChoice kernels : KernelChoice.values()) {
      try (var runtime = FalconRuntime.load(file, RuntimeOptions.defaults().withKernels(kernels))) {
        List<Tensor> other = List.copyOf(runtime.run(inputs).values());
        assertThat(Comparison.difference(other, expected, relative, absolute))
            .as("%s", kernels)
            .isEmpty();
      }
    }
    for (int threads = 2; threads <= 3; threads++) {
      try (var runtime = FalconRuntime.load(file, RuntimeOptions.defaults().withThreads(threads))) {
        assertThat(runtime.run(inputs)).as("%d threads", threads).isEqualTo(first);
      }
    }
  }

  private static double greatest(List<Tensor> outputs) {
    double greatest = 0;
    for (double number : Comparison.numbers(outputs.getFirst())) {
      greatest = Math.max(greatest, Math.abs(number));
    }
    return greatest;
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
        int bound = input.name().contains("mask") ? 2 : 10;
        inputs.put(input.name(), Tensor.ofLongs(shape, random.longs(count, 0, bound).toArray()));
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
