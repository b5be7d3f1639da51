package falcon.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.grid.Comparison;
import falcon.model.grid.NarrowNetworks;
import falcon.model.grid.OnnxRuntime;
import falcon.model.onnx.OnnxFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole networks against ONNX Runtime, and with themselves on several threads.
class WholeNetworksTest {
  /// Greatest difference, as a share of the output's greatest number.
  private static final double RELATIVE = 1e-4;

  /// As [#RELATIVE] for networks of float16, whose every value ONNX Runtime rounds to 11 bits.
  private static final double HALF = 5e-3;

  static List<Path> files() throws IOException {
    return NarrowNetworks.files();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void outputsEqualThoseOfOnnxRuntimeForAnyNumberOfThreads(Path file) throws OrtException {
    Network network = OnnxFile.read(file);
    Map<String, Tensor> inputs = NarrowNetworks.inputs(network);
    List<Tensor> expected = OnnxRuntime.run(file, inputs);
    Map<String, Tensor> first;
    try (var runtime = FalconRuntime.load(file)) {
      first = runtime.run(inputs);
      assertThat(runtime.run(inputs)).as("second run").isEqualTo(first);
    }
    List<Tensor> own = List.copyOf(first.values());
    boolean isHalf = NarrowNetworks.isHalf(network);
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
}
