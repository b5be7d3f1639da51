package falcon.model.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import falcon.model.AtomicFile;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.proto.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reads and writes ONNX files.
///
/// What a network does not change comes back as it was: names, order, documentation, attributes,
/// operators and fields that Falcon does not know. The same network gives the same bytes.
///
/// Memory: reading holds the file, its parsed form and its tensors at once, at most three times the
/// file's size for one that consists of tensors; afterwards the tensors remain, once.
public final class OnnxFile {
  private static final String FETCH_AGAIN =
      "Export or download the file again; weights of another format need its own file extension.";

  /// A protobuf message ends at 2 GiB; 64 MiB of them are left to the graph.
  private static final long MOST_TENSOR_BYTES = Integer.MAX_VALUE - (64L << 20);

  private OnnxFile() {}

  /// Reads a network; tensors in files of their own (external data) are read along.
  ///
  /// @throws MalformedModelException if the file is missing, is no ONNX model, is cut short,
  ///     contradicts itself, or keeps external data outside its folder
  public static Network read(Path path) {
    byte[] bytes = bytesOf(path);
    ModelProto model = parse(path, bytes);
    return new ModelReader(path, model).read();
  }

  /// Writes a network. Tensors that were in files of their own are written into this one.
  ///
  /// @throws UnwritableFileException if the file cannot be written, a full disk for instance; the
  ///     old file is then unchanged
  /// @throws IllegalArgumentException if the network was built in memory and holds something that
  ///     only a file can bring along
  public static void write(Network network, Path path) {
    long bytes = ModelWriter.sizeBytes(network);
    if (bytes > MOST_TENSOR_BYTES) {
      throw new UnwritableFileException(
          path,
          "its tensors take %d bytes, one ONNX file holds at most %d"
              .formatted(bytes, MOST_TENSOR_BYTES),
          "Write safetensors instead.");
    }
    ModelProto model = ModelWriter.model(network);
    AtomicFile.write(path, model::writeTo);
  }

  private static byte[] bytesOf(Path path) {
    try {
      long size = Files.size(path);
      if (!Files.isRegularFile(path)) {
        throw new MalformedModelException(path, "is no file", "Give the path of an .onnx file.");
      }
      if (size == 0) {
        throw new MalformedModelException(path, "the file is empty", FETCH_AGAIN);
      }
      if (size > Integer.MAX_VALUE - 8) {
        throw new MalformedModelException(
            path,
            "the file has %d bytes, an ONNX file at most %d".formatted(size, Integer.MAX_VALUE),
            "Export the network with its weights as external data.");
      }
      return Files.readAllBytes(path);
    } catch (NoSuchFileException e) {
      throw new MalformedModelException(path, "there is no such file", "Check the path.", e);
    } catch (IOException e) {
      throw new MalformedModelException(
          path, "cannot be read: " + e.getMessage(), "Check the disk and the permissions.", e);
    }
  }

  private static ModelProto parse(Path path, byte[] bytes) {
    ModelProto model;
    try {
      model = ModelProto.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedModelException(
          path, "is no ONNX model: " + Damage.describe(bytes), FETCH_AGAIN, e);
    }
    if (!model.hasGraph()) {
      throw new MalformedModelException(
          path,
          "is no ONNX model, or cut short: none of its %d bytes hold a graph"
              .formatted(bytes.length),
          FETCH_AGAIN);
    }
    if (model.getOpsetImportCount() == 0) {
      throw new MalformedModelException(
          path, "names no operator set (opset_import); it may be cut short", FETCH_AGAIN);
    }
    return model;
  }
}
