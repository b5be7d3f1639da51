package falcon.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.SharedData;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.layer.Layers;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworksTest {
  private static final int IMAGES = 200;
  private static final int PIXELS = 3 * 32 * 32;

  @TempDir Path folder;

  @Test
  void onnxAndSafetensorsHoldTheSameNetwork() throws IOException {
    Network network = Architecture.RESNET20.initial(1, 28, 28, 10, 5);
    Networks.write(network, folder.resolve("a.onnx"));
    Networks.write(network, folder.resolve("a.safetensors"));
    // The content decides, whatever the name.
    Path renamed = Files.copy(folder.resolve("a.safetensors"), folder.resolve("weights"));
    for (Path path :
        new Path[] {folder.resolve("a.onnx"), folder.resolve("a.safetensors"), renamed}) {
      Network read = Networks.read(path);
      assertThat(read.nodes()).isEqualTo(network.nodes());
      assertThat(read.initializers()).isEqualTo(network.initializers());
      assertThat(read.metadata()).isEqualTo(network.metadata());
    }
    Networks.write(Networks.read(renamed), folder.resolve("b.onnx"));
    assertThat(folder.resolve("b.onnx")).hasSameBinaryContentAs(folder.resolve("a.onnx"));
  }

  @Test
  void weightsWithoutAnArchitectureAreRefused() {
    StateDict state = Architecture.toState(Architecture.RESNET20.initial(3, 32, 32, 10, 5));
    Path path = folder.resolve("w.safetensors");
    SafetensorsFile.write(new StateDict(state.tensors(), Map.of()), path);
    assertThat(Networks.read(path, Architecture.RESNET20).initializers())
        .isEqualTo(state.tensors());
    assertThatThrownBy(() -> Networks.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            %s: holds weights but no graph (it is a safetensors file)
            Name the architecture they belong to (resnet20).\
            """,
            path);
    SafetensorsFile.write(
        new StateDict(state.tensors(), Map.of(Network.ARCHITECTURE, "vgg")), path);
    assertThatThrownBy(() -> Networks.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            %s: names the architecture 'vgg', which is not built in
            Built in are: resnet20. Export other networks as ONNX.\
            """,
            path);
  }

  @Test
  void weightsGoBackOntoTheirGraph() {
    Network network = Architecture.RESNET20.initial(1, 28, 28, 10, 5);
    Network other = Architecture.RESNET20.initial(1, 28, 28, 10, 6);
    Path weights = folder.resolve("other.safetensors");
    Networks.write(other.withMetadata(Map.of("falcon.key", "value", "foreign", "x")), weights);
    Network changed = Networks.withWeights(network, weights);
    assertThat(changed.initializers()).isEqualTo(other.initializers());
    assertThat(changed.nodes()).isEqualTo(network.nodes());
    assertThat(changed.metadata())
        .containsEntry("falcon.key", "value")
        .doesNotContainKey("foreign");

    SafetensorsFile.write(
        new StateDict(Map.of("stranger", Tensor.ofFloats(List.of(1L), 1)), Map.of()), weights);
    assertThatThrownBy(() -> Networks.withWeights(network, weights))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            %s: does not fit the network: the network has no initializer 'stranger'
            Give weights that were written for this very network.\
            """,
            weights);
    SafetensorsFile.write(new StateDict(Map.of(), Map.of()), weights);
    assertThatThrownBy(() -> Networks.withWeights(network, weights))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("holds no tensors");
    Path graph = folder.resolve("other.onnx");
    Networks.write(other, graph);
    assertThatThrownBy(() -> Networks.withWeights(network, graph))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("is an ONNX model, which has its own graph");
  }

  @Test
  void weightsThatAreNotFiniteAreNamed() {
    Network network = Architecture.RESNET20.initial(3, 32, 32, 10, 5);
    float[] weights = network.tensor("conv1.weight").toFloats();
    weights[3 * 9 + 9 + 4] = Float.NaN;
    float[] bias = new float[10];
    bias[7] = Float.NEGATIVE_INFINITY;
    Path path = folder.resolve("diverged.onnx");
    Networks.write(
        network.withTensors(
            Map.of(
                "conv1.weight",
                Tensor.ofFloats(List.of(16L, 3L, 3L, 3L), weights),
                "fc.bias",
                Tensor.ofFloats(List.of(10L), bias))),
        path);
    assertThatThrownBy(() -> Networks.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessage(
            """
            %s: 2 tensors are not finite:
              conv1.weight holds NaN at [1, 1, 1, 1]
              fc.bias holds -Infinity at [7]
            The training probably diverged; take an earlier checkpoint.\
            """,
            path);
  }

  @ParameterizedTest
  @CsvSource({
    "lstm, LSTM",
    "gru, GRU",
    "convnext_tiny, LayerNormalization",
    "densenet121, BatchNormalization",
    "densenet121, Gemm"
  })
  void everyKindOfWeightMustBeFinite(String model, String opType) {
    Network network = Networks.read(Path.of("../models/narrow", model + ".onnx"));
    String weight =
        network.nodes().stream()
            .filter(node -> node.opType().equals(opType))
            .map(node -> node.inputs().get(1))
            .findFirst()
            .orElseThrow();
    float[] values = network.tensor(weight).toFloats();
    values[0] = Float.POSITIVE_INFINITY;
    Path path = folder.resolve("diverged.onnx");
    Networks.write(
        network.withTensors(
            Map.of(weight, Tensor.ofFloats(network.tensor(weight).shape(), values))),
        path);
    assertThatThrownBy(() -> Networks.read(path))
        .hasMessageContaining("%s holds Infinity at [0".formatted(weight));
  }

  @Test
  void foreignFilesAndEndingsAreRefused() throws IOException {
    Path path = Files.writeString(folder.resolve("readme.md"), "# A text, no network");
    assertThatThrownBy(() -> Networks.read(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(
            "is neither an ONNX model nor a PyTorch checkpoint nor a safetensors file");
    assertThatThrownBy(() -> Networks.read(folder.resolve("none.onnx")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("there is no such file");
    Network network = Architecture.RESNET20.initial(3, 32, 32, 10, 5);
    assertThatThrownBy(() -> Networks.write(network, folder.resolve("a.pth")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("networks are written as .onnx or .safetensors, not as 'a.pth'");
  }

  @Test
  void theCheckpointCostsWhatThePaperCounts() {
    Layers layers =
        Layers.of(
            Networks.read(
                SharedData.path("checkpoints/resnet20_cifar10.pth.tar"), Architecture.RESNET20));
    assertThat(layers.prunable()).hasSize(20);
    assertThat(layers.prunableWeights()).isEqualTo(268_336);
    assertThat(layers.prunableMacs()).isEqualTo(40_551_040);
  }

  @Test
  @Tag("native")
  void onnxRuntimeClassifiesWithTheExportedCheckpoint() throws IOException, OrtException {
    Path images = SharedData.path("cifar10/test_batch.bin");
    Network network =
        Networks.read(
            SharedData.path("checkpoints/resnet20_cifar10.pth.tar"), Architecture.RESNET20);
    Path path = folder.resolve("resnet20.onnx");
    Networks.write(network, path);
    byte[] records = new byte[IMAGES * (PIXELS + 1)];
    try (var in = Files.newInputStream(images)) {
      assertThat(in.readNBytes(records, 0, records.length)).isEqualTo(records.length);
    }
    float[][] logits = run(path, records);
    int right = 0;
    for (int i = 0; i < IMAGES; i++) {
      int best = 0;
      for (int j = 1; j < 10; j++) {
        best = logits[i][j] > logits[i][best] ? j : best;
      }
      right += best == records[i * (PIXELS + 1)] ? 1 : 0;
    }
    // All 10,000 images give 91.43 %.
    assertThat(right).isBetween(IMAGES * 88 / 100, IMAGES * 95 / 100);
  }

  private static float[][] run(Path path, byte[] records) throws OrtException {
    var data = FloatBuffer.allocate(IMAGES * PIXELS);
    for (int i = 0; i < records.length; i++) {
      if (i % (PIXELS + 1) != 0) {
        data.put((records[i] & 0xff) / 127.5f - 1);
      }
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (var options = new OrtSession.SessionOptions();
        OrtSession session = environment.createSession(path.toString(), options);
        OnnxTensor input =
            OnnxTensor.createTensor(environment, data.flip(), new long[] {IMAGES, 3, 32, 32});
        OrtSession.Result result = session.run(Map.of("input", input))) {
      return (float[][]) result.get(0).getValue();
    }
  }
}
