package falcon.prune.storage;

import falcon.model.onnx.OnnxOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// Formats that networks are written in.
public enum ModelFormat {
  /// Graph and weights; most software reads it.
  ONNX("onnx", "model.onnx"),
  /// ONNX with tensors stored without their zeros where that is smaller; ONNX Runtime reads it, not
  /// all other software does.
  ONNX_SPARSE("onnx-sparse", "model.onnx"),
  /// Weights alone, by the names of the network's tensors, the graph left behind; PyTorch reads it
  /// with the `safetensors` package, Falcon puts it back onto its network by
  /// [falcon.model.format.Networks#withWeights].
  SAFETENSORS("safetensors", "model.safetensors");

  private final String id;
  private final String fileName;

  ModelFormat(String id, String fileName) {
    this.id = id;
    this.fileName = fileName;
  }

  /// Options that networks of this format are written with, in a folder of their own.
  public List<OnnxOption> options() {
    return switch (this) {
      case ONNX -> List.of(OnnxOption.REPLACE_DATA);
      case ONNX_SPARSE -> List.of(OnnxOption.REPLACE_DATA, OnnxOption.SPARSE);
      case SAFETENSORS -> List.of();
    };
  }

  /// Name on the command line.
  public String id() {
    return id;
  }

  /// Name of the network's file in a run directory.
  public String fileName() {
    return fileName;
  }

  /// Format of that name, in upper or lower case.
  ///
  /// @throws IllegalArgumentException naming all formats
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
