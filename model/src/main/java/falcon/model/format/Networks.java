package falcon.model.format;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.StateDict;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.OnnxFile;
import falcon.model.onnx.OnnxOption;
import falcon.model.pytorch.PyTorchCheckpoint;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.zoo.Architecture;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads and writes networks in any supported file format.
public final class Networks {
  private Networks() {}

  /// Reads a network from a file that determines its graph: an ONNX model, or a safetensors file
  /// whose metadata names a built-in architecture.
  ///
  /// @throws MalformedModelException if the file cannot be used, or holds weights without a graph
  public static Network read(Path path) {
    return read(path, null);
  }

  /// Reads a network; the format is recognised by the content.
  ///
  /// @param architecture architecture of the weights of a checkpoint or safetensors file; null to
  ///     take it from the file's metadata; an ONNX model has its own graph and needs none
  /// @throws MalformedModelException if the file cannot be used, its tensors do not fit the
  ///     architecture, a weight is not finite, or it holds weights and no architecture is known
  public static Network read(Path path, @Nullable Architecture architecture) {
    Network network =
        switch (FileFormat.of(path)) {
          case ONNX -> OnnxFile.read(path);
          case PYTORCH -> fromState(path, state(path, PyTorchCheckpoint.read(path)), architecture);
          case SAFETENSORS ->
              fromState(path, state(path, SafetensorsFile.read(path)), architecture);
        };
    return FiniteWeights.check(network, path);
  }

  /// Writes a network: as ONNX, or its tensors alone as safetensors, by the name's ending.
  ///
  /// Safetensors holds every constant tensor by its name and Falcon's own metadata; the graph is
  /// left out. [#withWeights] combines the file with its graph again.
  ///
  /// @param path ends in `.onnx` or `.safetensors`
  /// @param options options for ONNX; safetensors has none
  /// @return the files written, the model last: more than one if tensors are in separate files
  /// @throws IllegalArgumentException if it ends in anything else
  /// @throws UnwritableFileException if it cannot be written; an old file is then unchanged
  public static List<Path> write(Network network, Path path, OnnxOption... options) {
    return switch (FileFormat.ofName(path)) {
      case ONNX -> OnnxFile.write(network.stored(), path, options);
      case SAFETENSORS -> {
        SafetensorsFile.write(Architecture.toState(network.stored()), path);
        yield List.of(path);
      }
      case PYTORCH -> throw unknownEnding(path);
      case null -> throw unknownEnding(path);
    };
  }

  /// Returns a network with the weights of another file, for example of one that [#write] made from
  /// the same network.
  ///
  /// @param weights safetensors file or PyTorch checkpoint: tensors by the names of the network's
  ///     constant tensors, of the same types and shapes; tensors that it lacks stay as they are.
  ///     its Falcon metadata replaces the network's
  /// @throws MalformedModelException if it cannot be used, or holds a tensor that the network lacks
  ///     or has in another type or shape, or none of its weights, or a weight that is not finite
  public static Network withWeights(Network network, Path weights) {
    StateDict state =
        switch (FileFormat.of(weights)) {
          case PYTORCH -> state(weights, PyTorchCheckpoint.read(weights));
          case SAFETENSORS -> state(weights, SafetensorsFile.read(weights));
          case ONNX ->
              throw new MalformedModelException(
                  weights,
                  "is an ONNX model, which has its own graph",
                  "Give it as the network itself.");
        };
    if (state.tensors().isEmpty()) {
      throw new MalformedModelException(weights, "holds no tensors", "Give a file with weights.");
    }
    var metadata = new LinkedHashMap<>(network.metadata());
    state
        .metadata()
        .forEach((key, value) -> {
          if (key.startsWith(Network.METADATA_PREFIX)) {
            metadata.put(key, value);
          }
        });
    try {
      Network changed = network.withTensors(state.tensors()).withMetadata(metadata);
      return FiniteWeights.check(changed, weights);
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(
          weights,
          "does not fit the network: " + e.getMessage(),
          "Give weights that were written for this very network.",
          e);
    }
  }

  private static StateDict state(Path path, StateDict read) {
    return PrunedParameters.multipliedOut(read, path);
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
          "holds weights but no graph (it is a %s)".formatted(FileFormat.of(path).title()),
          "Name the architecture they belong to (%s).".formatted(Architecture.ids()));
    }
    Architecture named = Architecture.ofId(id);
    if (named == null) {
      throw new MalformedModelException(
          path,
          "names the architecture '%s', which is not built in".formatted(id),
          "Built in are: %s. Export other networks as ONNX.".formatted(Architecture.ids()));
    }
    return named.fromState(state, path).readFrom(path);
  }

  private static IllegalArgumentException unknownEnding(Path path) {
    return new IllegalArgumentException(
        "networks are written as .onnx or .safetensors, not as '%s'".formatted(path.getFileName()));
  }
}
