package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example of `examples/pytorch` works: PyTorch loads what Falcon pruned, computes what ONNX
/// Runtime computes of the pruned network, and fine-tunes it with its zeros held.
///
/// It runs where `/usr/bin/python3` has PyTorch, and is skipped elsewhere.
class PyTorchExampleTest {
  private static final String PYTHON = "/usr/bin/python3";
  private static final Path SCRIPT = Path.of("../examples/pytorch/roundtrip.py");
  private static final int SAMPLES = 16;

  @TempDir private Path folder;

  private static String python(String... words) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(PYTHON));
    command.addAll(List.of(words));
    var process = new ProcessBuilder(command).redirectErrorStream(true);
    process.environment().put("OMP_NUM_THREADS", "1");
    Process running = process.start();
    String said = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(running.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(running.exitValue()).as(said).isZero();
    return said;
  }

  private static boolean hasPyTorch() throws InterruptedException {
    try {
      return new ProcessBuilder(PYTHON, "-c", "import torch, onnx, numpy")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException _) {
      return false;
    }
  }

  @Test
  @Tag("native")
  void aPrunedNetworkGoesBackToPyTorch() throws Exception {
    assumeTrue(hasPyTorch(), PYTHON + " has no PyTorch (Debian: python3-torch, python3-onnx)");
    python(SCRIPT.toString(), folder.toString(), "export");
    Ran ran =
        Ran.of(
            "prune",
            folder.resolve("net.onnx").toString(),
            "--data",
            folder.resolve("samples.npz").toString(),
            "--macs",
            "50%",
            "--method",
            "falcon",
            "--names",
            folder.resolve("model.pth").toString(),
            "--out",
            folder.resolve("run").toString());
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(python(SCRIPT.toString(), folder.toString(), "check"))
        .contains("zeros are still zero");
    float[] outputs = numbers(folder.resolve("outputs.npy"));
    float[] expected = ofOnnxRuntime(numbers(folder.resolve("inputs.npy")));
    assertThat(outputs).hasSize(SAMPLES * 4);
    for (int i = 0; i < outputs.length; i++) {
      assertThat(outputs[i]).isCloseTo(expected[i], within(1e-4f));
    }
  }

  private float[] ofOnnxRuntime(float... inputs) throws OrtException {
    var environment = OrtEnvironment.getEnvironment();
    try (var session = environment.createSession(folder.resolve("run/model.onnx").toString());
        var input =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(inputs), new long[] {SAMPLES, 3, 8, 8});
        var result = session.run(Map.of("input", input))) {
      FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
      var values = new float[output.remaining()];
      output.get(values);
      return values;
    }
  }

  /// The numbers of a `.npy` file of version 1 with float32 in it.
  private static float[] numbers(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(10 + bytes.getShort(8));
    FloatBuffer floats = bytes.asFloatBuffer();
    var values = new float[floats.remaining()];
    floats.get(values);
    return values;
  }
}
