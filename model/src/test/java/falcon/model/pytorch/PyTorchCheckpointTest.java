package falcon.model.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import falcon.model.DataType;
import falcon.model.MalformedModelException;
import falcon.model.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PyTorchCheckpointTest {
  private static final Path SHARED = Path.of("../../shared/data/checkpoints");

  @TempDir Path folder;

  /// A file that PyTorch wrote, see `make_fixtures.py` beside it.
  static Path fixture(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(PyTorchCheckpointTest.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zip-torch2.13.pt",
        "zip-protocol4-torch2.13.pt",
        "zip-protocol5-torch2.13.pt",
        "legacy-torch2.13.pt",
        "nested-torch2.13.pt",
        "nested-legacy-torch2.13.pt"
      })
  void weightsAreReadInTheOrderOfTheFile(String name) {
    var tensors = PyTorchCheckpoint.read(fixture(name)).tensors();

    var kernel = new float[24];
    for (int i = 0; i < 24; i++) {
      kernel[i] = i / 8f;
    }
    assertThat(tensors.keySet())
        .containsExactly("conv.weight", "conv.bias", "bn.num_batches_tracked");
    assertThat(tensors.get("conv.weight"))
        .isEqualTo(Tensor.ofFloats(List.of(2L, 3L, 2L, 2L), kernel));
    assertThat(tensors.get("conv.bias")).isEqualTo(Tensor.ofFloats(List.of(2L), -1.5f, 2.25f));
    assertThat(tensors.get("bn.num_batches_tracked")).isEqualTo(Tensor.ofLongs(List.of(), 7));
  }

  @Test
  void stateDictOfAModuleIsRead() {
    var tensors = PyTorchCheckpoint.read(fixture("module-torch2.13.pt")).tensors();
    assertThat(tensors.keySet())
        .containsExactly(
            "0.weight",
            "0.bias",
            "1.weight",
            "1.bias",
            "1.running_mean",
            "1.running_var",
            "1.num_batches_tracked");
    assertThat(tensors.get("1.running_var")).isEqualTo(Tensor.ofFloats(List.of(2L), 5, 5));
  }

  @Test
  void viewsBecomeRowMajor() {
    var tensors = PyTorchCheckpoint.read(fixture("views-torch2.13.pt")).tensors();
    assertThat(tensors.get("transposed"))
        .isEqualTo(Tensor.ofFloats(List.of(4L, 3L), 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
    assertThat(tensors.get("slice")).isEqualTo(Tensor.ofFloats(List.of(4L), 5, 6, 7, 8));
    assertThat(tensors.get("column")).isEqualTo(Tensor.ofFloats(List.of(3L), 1, 5, 9));
    assertThat(tensors.get("expanded")).isEqualTo(Tensor.ofFloats(List.of(3L), 2, 2, 2));
    assertThat(tensors.get("permuted"))
        .isEqualTo(Tensor.ofFloats(List.of(2L, 2L, 3L), 0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11));
    assertThat(tensors.get("scalar")).isEqualTo(Tensor.ofFloats(List.of(), 11));
    assertThat(tensors.get("empty")).isEqualTo(Tensor.ofFloats(List.of(0L, 4L)));
    assertThat(tensors.get("tied"))
        .isEqualTo(Tensor.ofFloats(List.of(12L), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  }

  @Test
  void everyTypeIsRead() {
    var tensors = PyTorchCheckpoint.read(fixture("types-torch2.13.pt")).tensors();
    for (var type : DataType.values()) {
      var tensor = tensor(tensors, type.name().toLowerCase(Locale.ROOT));
      assertThat(tensor.type()).isEqualTo(type);
      assertThat(tensor.shape()).containsExactly(3L);
      if (type.isFloatingPoint()) {
        assertThat(tensor.toFloats()).as("%s", type).containsExactly(0, 1, 2);
      } else {
        assertThat((int) tensor.bytes().get(0)).isZero();
        assertThat((int) tensor.bytes().get(type.bytes())).isEqualTo(1);
        assertThat((int) tensor.bytes().get(2 * type.bytes()))
            .isEqualTo(type == DataType.BOOL ? 1 : 2);
      }
    }
    assertThat(tensors.get("parameter")).isEqualTo(Tensor.ofFloats(List.of(2L), 0.5f, -0.5f));
  }

  @Test
  void sharedCheckpointIsRead() {
    var path = SHARED.resolve("resnet20_cifar10.pth.tar");
    assumeTrue(Files.exists(path), "the ResNet20 checkpoint lies not beside the project");
    var tensors = PyTorchCheckpoint.read(path).tensors();
    assertThat(tensors).hasSize(128);
    assertThat(tensors.keySet()).allMatch(name -> name.startsWith("module."));
    assertThat(tensor(tensors, "module.conv1.weight").shape()).containsExactly(16L, 3L, 3L, 3L);
    assertThat(tensor(tensors, "module.fc.weight").shape()).containsExactly(10L, 64L);
    assertThat(tensors.get("module.bn1.num_batches_tracked"))
        .isEqualTo(Tensor.ofLongs(List.of(), 24112));
    double sum = 0;
    for (var tensor : tensors.values()) {
      if (tensor.type().isFloatingPoint()) {
        for (float value : tensor.toFloats()) {
          sum += value;
        }
      }
    }
    assertThat(sum)
        .as("sum of all numbers, by PyTorch")
        .isCloseTo(411.64533367288436, within(1e-8));
  }

  @Test
  void pickleThatNamesACommandIsRefusedByNameAndRunsNothing() {
    for (var name : List.of("malicious-torch2.13.pt", "malicious-legacy-torch2.13.pt")) {
      assertThatThrownBy(() -> PyTorchCheckpoint.read(fixture(name)))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining(
              "names 'posix.system', which is not on the list of what a checkpoint may name;"
                  + " nothing was executed")
          .hasMessageContaining("torch.save(model.state_dict(), \"weights.pth\")");
    }
    assertThat(Path.of("/tmp/falcon-was-here")).doesNotExist();
  }

  @Test
  void wholeModelIsRefusedWithAdvice() {
    assertThatThrownBy(() -> PyTorchCheckpoint.read(fixture("whole-model-torch2.13.pt")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("names 'torch.nn.modules.container.Sequential'")
        .hasMessageContaining("Save the weights alone");
  }

  @Test
  void checkpointWithoutWeightsListsWhatItHolds() {
    assertThatThrownBy(() -> PyTorchCheckpoint.read(fixture("no-weights-torch2.13.pt")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("holds no state dict")
        .hasMessageContaining("Its entries are: epoch, arch.");
  }

  @Test
  void unsupportedTypeIsNamedWithItsTensor() {
    assertThatThrownBy(() -> PyTorchCheckpoint.read(fixture("complex-torch2.13.pt")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(
            "tensor 'c' has elements of torch.ComplexFloatStorage, a type that is not supported.");
  }

  @Test
  void compressedArchiveIsRefused() {
    assertThatThrownBy(() -> PyTorchCheckpoint.read(fixture("compressed-torch2.13.pt")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("is compressed or damaged");
  }

  @Test
  void pickleThatIsNoCheckpointIsRefused() {
    assertThatThrownBy(() -> PyTorchCheckpoint.read(fixture("plain.pkl")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("does not start with the magic number of PyTorch's checkpoints");
  }

  @Test
  void foreignFileIsRefusedByItsFirstBytes() throws IOException {
    var file = Files.writeString(folder.resolve("weights.pth"), "<html>404</html>");
    assertThatThrownBy(() -> PyTorchCheckpoint.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("is no PyTorch checkpoint: it starts with bytes 3c 68 74 6d");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> PyTorchCheckpoint.read(folder.resolve("none.pth")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("none.pth")
        .hasMessageContaining("cannot be read");
  }
}
