package falcon.prune;

import java.util.Arrays;
import java.util.stream.Collectors;

/// Formats that networks are written in.
public enum ModelFormat {
  /// Graph and weights; most software reads it.
  ONNX("onnx", "model.onnx"),
  /// Weights alone, by the names of the state dict; PyTorch reads it with the `safetensors` package.
  SAFETENSORS("safetensors", "model.safetensors");

  private final String id;
  private final String fileName;

  ModelFormat(String id, String fileName) {
    this.id = id;
    this.fileName = fileName;
  }

  /// Name on the command line.
  public String id() {
    return id;
  }

  /// Name of the network's file in a run directory.
  public String fileName() {
    return fileName;
  }

  /// Format of that name.
  ///
  /// @throws IllegalArgumentException naming all formats
  public static ModelFormat of(String id) {
    return Arrays.stream(values())
        .filter(format -> format.id.equals(id))
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
