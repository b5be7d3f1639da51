package falcon.model.format;

import falcon.model.AtomicFile;
import falcon.model.MalformedModelException;
import falcon.model.StateDict;
import falcon.model.UnwritableFileException;
import falcon.model.pytorch.PyTorchCheckpoint;
import falcon.model.pytorch.PyTorchWriter;
import falcon.model.safetensors.SafetensorsFile;
import falcon.model.safetensors.TensorPart;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// Reads and writes named tensors without a graph: PyTorch's state dicts, as `torch.save` writes
/// them or as safetensors.
public final class StateDicts {
  private StateDicts() {}

  /// Reads a state dict; the format is recognised by the content. Of a checkpoint that holds one
  /// beside other things (`{"state_dict": …}`) that state dict is read. Names stay as they are.
  ///
  /// @throws MalformedModelException if the file cannot be read, is damaged or no state dict
  public static StateDict read(Path path) {
    return switch (FileFormat.of(path)) {
      case PYTORCH -> PyTorchCheckpoint.read(path);
      case SAFETENSORS -> SafetensorsFile.read(path);
      case ONNX ->
          throw new MalformedModelException(
              path,
              "is an ONNX model, not a state dict",
              "Give the file that torch.save(model.state_dict(), …) wrote.");
    };
  }

  /// Returns the ending of files in the format of an existing file.
  ///
  /// @return `.pth` or `.safetensors`
  /// @throws MalformedModelException if the file is neither
  public static String ending(Path path) {
    return switch (FileFormat.of(path)) {
      case PYTORCH -> ".pth";
      case SAFETENSORS -> ".safetensors";
      case ONNX ->
          throw new MalformedModelException(
              path, "is an ONNX model, not a state dict", "Give a .pth or .safetensors file.");
    };
  }

  /// Writes state dicts together: all are complete on the disk before the first one gets its name.
  ///
  /// @param contents by path, which ends in `.pth`, `.pt` or `.safetensors`
  /// @throws UnwritableFileException if one cannot be written, or holds a type that its format
  ///     lacks
  /// @throws IllegalArgumentException if a path ends in anything else
  public static void writeAll(SequencedMap<Path, StateDict> contents) {
    var bodies = new LinkedHashMap<Path, AtomicFile.Body>();
    contents.forEach((path, content) -> bodies.put(path, body(path, content)));
    AtomicFile.writeAll(bodies);
  }

  private static AtomicFile.Body body(Path path, StateDict content) {
    return switch (FileFormat.ofName(path)) {
      case PYTORCH ->
          out -> {
            try {
              PyTorchWriter.write(content, out);
            } catch (IllegalArgumentException e) {
              throw new UnwritableFileException(
                  path,
                  String.valueOf(e.getMessage()),
                  "Save the state dict as safetensors and give that file.");
            }
          };
      case SAFETENSORS -> {
        SequencedMap<String, TensorPart> parts = new LinkedHashMap<>();
        content.tensors().forEach((name, tensor) -> parts.put(name, TensorPart.of(tensor)));
        Map<String, String> metadata = content.metadata();
        yield out -> SafetensorsFile.write(parts, metadata, out);
      }
      case ONNX -> throw unknownEnding(path);
      case null -> throw unknownEnding(path);
    };
  }

  private static IllegalArgumentException unknownEnding(Path path) {
    return new IllegalArgumentException(
        "state dicts are written as .pth or .safetensors, not as '%s'"
            .formatted(path.getFileName()));
  }
}
