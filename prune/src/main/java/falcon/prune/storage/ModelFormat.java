package falcon.prune.storage;

import falcon.model.onnx.OnnxOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The formats that networks are written in.
public enum ModelFormat {
  /// The graph and the weights; most software reads this format.
  ONNX("onnx", "model.onnx"),
  /// The ONNX format with tensors stored without their zeros where that is smaller; ONNX Runtime
  /// reads it, but not all other software does.
  ONNX_SPARSE("onnx-sparse", "model.onnx"),
  /// The weights alone, by the names of the network's tensors, without the graph. PyTorch reads
  /// this format with the `safetensors` package; Falcon combines it with its network by
  /// [falcon.model.format.Networks#withWeights].
  SAFETENSORS("safetensors", "model.safetensors");

  private final String id;
  private final String fileName;

  ModelFormat(String id, String fileName) {
    this.id = id;
    this.fileName = fileName;
  }

  /// Returns the options for writing networks of this format, in a folder of their own.
  public List<OnnxOption> options() {
    return switch (this) {
      case ONNX -> List.of(OnnxOption.REPLACE_DATA);
      case ONNX_SPARSE -> List.of(OnnxOption.REPLACE_DATA, OnnxOption.SPARSE);
      case SAFETENSORS -> List.of();
    };
  }

  /// Returns the name on the command line.
  public String id() {
    return id;
  }

  /// Returns the name of the network's file in a run directory.
  public String fileName() {
    return fileName;
  }

  /// Returns the format with the given name, in upper or lower case.
  ///
  /// @throws IllegalArgumentException if there is none; the message lists all formats
  public static ModelFormat of(String id) {
    return Arrays.stream(values())
        .filter(format -> format.id.equalsIgnoreCase(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no format '%s'; formats are %s"
                    .formatted(
                        id,
                        Arrays.stream(values())
                            .map(ModelFormat::id)
                            .collect(Collectors.joining(", ")))));
  }
}
