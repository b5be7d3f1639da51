package falcon.model.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.Tensor;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that are no networks are named as what they are; pruned parameters are multiplied out.
class ForeignModelTest {
  private static final String POINTER =
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 102442450\n";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "net.onnx | '' | is empty (0 bytes)",
        "net.onnx | '<!DOCTYPE html><html>' | is an HTML page",
        "net.pt | '  <html>' | is an HTML page",
        "net.onnx | '\u001f\u008b\u0008\0' | is packed by gzip",
        "net.tflite | '\u001c\0\0\0TFL3\u0014\0' | is a TensorFlow Lite network",
        "net.ort | '(\0\0\0ORTM\0\0' | ONNX Runtime's own format",
        "net.h5 | '\u0089HDF\r\n\u001a\n' | is an HDF5 file",
        "saved_model.pb | '\u0008\u0001\u0012\u00e4\u0007' | is a TensorFlow SavedModel",
        "net.pb | '\n\u0015\n\u0001x\u0012\u000bPlaceholder' | is a graph of TensorFlow",
        "net.pb | '\n\u00f4\u0001\n\u0001w\u0012\u0005Const' | is a graph of TensorFlow",
        "net.gguf | 'GGUF\u0003\0' | is a GGUF file",
        "net.npy | '\u0093NUMPY\u0001\0' | holds NumPy arrays",
        "net.xml | '<?xml version=\"1.0\"?>\n<net name=\"x\">' | is a network of OpenVINO",
        "model.json | '{\"format\": \"layers-model\"}' | is a JSON text",
        "net.safetensors | 'BZh91AY' | is a packed file"
      })
  void firstBytesTell(String name, String content, String what) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, content.getBytes(StandardCharsets.ISO_8859_1));
    assertRefused(file, what);
  }

  @ParameterizedTest
  @CsvSource({
    "net/code/__torch__.py, is a TorchScript archive",
    "net/constants.pkl, is a TorchScript archive",
    "model.weights.h5, is a Keras network",
    "x.npy, holds NumPy arrays",
    "net.onnx, is a zip archive without a PyTorch checkpoint",
    "serialized_exported_program.json, is an exported program of PyTorch"
  })
  void namesInAnArchiveTell(String entry, String what) throws IOException {
    Path file = folder.resolve("net.pt");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry(entry));
    }
    assertRefused(file, what);
  }

  @Test
  void pointerIsNamedWhateverItStandsFor() throws IOException {
    for (String name : new String[] {"net.onnx", "net.pth", "net.safetensors", "net"}) {
      Path file = Files.writeString(folder.resolve(name), POINTER);
      assertRefused(file, "is a Git LFS pointer");
      assertThatThrownBy(() -> Networks.read(file)).hasMessageContaining("git lfs pull");
    }
  }

  @Test
  void folderIsNotANetworkButMayHoldOne() throws IOException {
    assertRefused(folder, "there is none here");
    Files.createFile(folder.resolve("model.onnx"));
    Files.createFile(folder.resolve("config.json"));
    assertThatThrownBy(() -> Networks.read(folder))
        .hasMessage("%s: is a folder, not a file%nName the network in it: model.onnx.", folder);
  }

  @Test
  void weightsUnderTheNameOfAModelAreNamed() throws IOException {
    Path file = folder.resolve("net.onnx");
    SafetensorsFile.write(
        new StateDict(Map.of("w", Tensor.ofFloats(List.of(1L), 1)), Map.of()),
        folder.resolve("w.safetensors"));
    Files.copy(folder.resolve("w.safetensors"), file);
    assertRefused(file, "holds weights but no graph (it is a safetensors file)");
  }

  @Test
  void prunedParametersAreMultipliedOut() {
    Network network = Architecture.RESNET20.initial(1, 8, 8, 10, 5);
    StateDict state = Architecture.toState(network);
    String name = "layer1.0.conv1.weight";
    Tensor weight = network.tensor(name);
    float[] values = weight.toFloats();
    float[] original = values.clone();
    var factors = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      factors[i] = i % 3 == 0 ? 0 : 1;
      original[i] = i == 0 ? Float.NaN : values[i];
      values[i] = i % 3 == 0 ? 0 : values[i];
    }
    var tensors = new LinkedHashMap<>(state.tensors());
    tensors.remove(name);
    tensors.put(name + "_orig", weight.withFloats(original));
    tensors.put(name + "_mask", weight.withFloats(factors));
    Path file = folder.resolve("w.safetensors");
    SafetensorsFile.write(new StateDict(tensors, state.metadata()), file);
    assertThat(Networks.read(file).tensor(name)).isEqualTo(weight.withFloats(values));
    assertThat(Networks.withWeights(network, file).tensor(name))
        .isEqualTo(weight.withFloats(values));
    tensors.put(name, weight);
    SafetensorsFile.write(new StateDict(tensors, state.metadata()), file);
    assertRefused(file, "and '%s' as well".formatted(name));
    tensors.remove(name);
    tensors.put(name + "_mask", Tensor.ofFloats(List.of(2L), 0, 1));
    SafetensorsFile.write(new StateDict(tensors, state.metadata()), file);
    assertRefused(file, "with a mask of [2]");
  }

  private static void assertRefused(Path file, String what) {
    assertThatThrownBy(() -> Networks.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(what);
  }
}
