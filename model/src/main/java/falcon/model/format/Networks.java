package falcon.model.format;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.OnnxFile;
import falcon.model.pytorch.PyTorchCheckpoint;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Reads and writes networks in whichever format a file is.
public final class Networks {
  private Networks() {}

  /// Reads a network that brings its graph along: an ONNX model, or a safetensors file whose
  /// metadata names a built-in architecture.
  ///
  /// @throws MalformedModelException if the file cannot be used, or holds weights without a graph
  public static Network read(Path path) {
    return read(path, null);
  }

  /// Reads a network; the format is told by the content.
  ///
  /// @param architecture what the weights of a checkpoint or safetensors file belong to; null to
  ///     take it from the file's metadata; an ONNX model has its own graph and needs none
  /// @throws MalformedModelException if the file cannot be used, its tensors do not fit the
  ///     architecture, a weight is not finite, or it holds weights and no architecture is known
  public static Network read(Path path, @Nullable Architecture architecture) {
    Network network =
        switch (FileFormat.of(path)) {
          case ONNX -> OnnxFile.read(path);
          case PYTORCH -> fromState(path, PyTorchCheckpoint.read(path), architecture);
          case SAFETENSORS -> fromState(path, SafetensorsFile.read(path), architecture);
        };
    return FiniteWeights.check(network, path);
  }

  /// Writes a network: as ONNX, or its tensors alone as safetensors, by the name's ending.
  ///
  /// @param path ends in `.onnx` or `.safetensors`
  /// @throws IllegalArgumentException if it ends in anything else
  /// @throws UnwritableFileException if it cannot be written; an old file is then unchanged
  public static void write(Network network, Path path) {
    switch (FileFormat.ofName(path)) {
      case ONNX -> OnnxFile.write(network, path);
      case SAFETENSORS -> SafetensorsFile.write(Architecture.toState(network), path);
      case PYTORCH -> throw unknownEnding(path);
      case null -> throw unknownEnding(path);
    }
  }

  private static Network fromState(
      Path path, StateDict state, @Nullable Architecture architecture) {
    if (architecture != null) {
      return architecture.fromState(state, path);
    }
    String id = state.metadata().get(Network.ARCHITECTURE);
    if (id == null) {
      throw new MalformedModelException(
          path,
          "holds weights but no graph",
          "Name the architecture they belong to (%s).".formatted(Architecture.ids()));
    }
    Architecture named = Architecture.ofId(id);
    if (named == null) {
      throw new MalformedModelException(
          path,
          "names the architecture '%s', which is not built in".formatted(id),
          "Built in are: %s. Export other networks as ONNX.".formatted(Architecture.ids()));
    }
    return named.fromState(state, path);
  }

  private static IllegalArgumentException unknownEnding(Path path) {
    return new IllegalArgumentException(
        "networks are written as .onnx or .safetensors, not as '%s'".formatted(path.getFileName()));
  }
}
