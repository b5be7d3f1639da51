package falcon.model.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import falcon.model.AtomicFile;
import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.Tensor;
import falcon.model.UnwritableFileException;
import falcon.model.onnx.proto.FunctionProto;
import falcon.model.onnx.proto.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads and writes ONNX files.
///
/// Everything that a network does not change is written as it was read: names, order,
/// documentation, attributes, operators and fields that Falcon does not know. The same network
/// yields the same bytes.
///
/// Memory: reading allocates the file's size once, of which tensors are views, and some ten times
/// the bytes of the graph; files of external data are mapped and take no heap. Sparse tensors take
/// their dense size, all of them together at most 64 times the file (64 MiB for a small one).
/// Whatever a file holds, no more than 600 times its length is allocated beside them, which is the
/// cost of a list of nothing but empty bodies; calls of local functions, written out, take at most
/// 128 MiB more.
public final class OnnxFile {
  private static final String FETCH_AGAIN =
      "Export or download the file again; weights of another format need their own file extension.";

  /// Greatest number of bytes of tensors in the model's file: a protobuf message ends at 2 GiB, of
  /// which 64 MiB are left to the graph.
  private static final long MOST_INLINE_BYTES = Integer.MAX_VALUE - (64L << 20);

  private OnnxFile() {}

  /// Reads a network; tensors in separate files (external data) are mapped, and the files must not
  /// be changed in place while the network is in use.
  ///
  /// @throws MalformedModelException if the file is missing, is no ONNX model, is cut short,
  ///     contradicts itself, uses an operator set before 7, or keeps external data outside its
  ///     folder
  public static Network read(Path path) {
    byte[] bytes = bytesOf(path);
    ModelProto model = parse(path, bytes);
    return new ModelReader(path, model, bytes.length).read().readFrom(path);
  }

  /// Writes a network. Tensors that were in separate files are written into files of the same
  /// relative names beside the new one, where every byte keeps its place and only changed tensors
  /// differ; tensors of more than 2 GiB together go into a separate file. All files are complete on
  /// the disk before the first is given its name; the model itself comes last.
  ///
  /// @return the files written, the model last
  /// @throws UnwritableFileException if a file cannot be written, a full disk for instance, or a
  ///     file of external data exists already (see [OnnxOption#REPLACE_DATA]); existing files are
  ///     then unchanged
  /// @throws IllegalArgumentException if the network was built in memory and holds something that
  ///     only a file can supply
  public static List<Path> write(Network network, Path path, OnnxOption... options) {
    return write(network, path, MOST_INLINE_BYTES, options);
  }

  /// Writes like the public method, with a lower limit.
  ///
  /// @param mostInlineBytes greatest number of bytes of tensors in the model's own file
  static List<Path> write(Network network, Path path, long mostInlineBytes, OnnxOption... options) {
    List<OnnxOption> chosen = List.of(options);
    ModelFiles files =
        ModelWriter.files(
            network,
            String.valueOf(path.getFileName()),
            chosen.contains(OnnxOption.SPARSE),
            mostInlineBytes);
    if (files.inlineBytes() > mostInlineBytes) {
      throw new UnwritableFileException(
          path,
          "its tensors take %d bytes, one ONNX file holds at most %d"
              .formatted(files.inlineBytes(), mostInlineBytes),
          "Write safetensors instead.");
    }
    var bodies = new LinkedHashMap<Path, AtomicFile.Body>();
    files
        .data()
        .forEach((location, data) ->
            bodies.put(
                dataPath(network, path, location, chosen.contains(OnnxOption.REPLACE_DATA)), data));
    bodies.put(path, files.model()::writeTo);
    AtomicFile.writeAll(bodies);
    return List.copyOf(bodies.keySet());
  }

  /// Returns the bytes that a network's files take when every element is stored, those of external
  /// data included.
  public static long sizeBytes(Network network) {
    ModelFiles files = ModelWriter.files(network, "", false, Long.MAX_VALUE);
    long bytes = files.model().getSerializedSize();
    for (DataFile data : files.data().values()) {
      bytes += data.sizeBytes();
    }
    return bytes;
  }

  /// Returns the relative paths of the files of external data that a network was read from.
  public static List<String> dataFiles(Network network) {
    return network.origin() instanceof OnnxOrigin origin
        ? List.copyOf(origin.files().keySet())
        : List.of();
  }

  /// Returns the names of the local functions that the file of a network defines. Their calls are
  /// written out in the network; a written file keeps them.
  public static List<String> functions(Network network) {
    return network.origin() instanceof OnnxOrigin origin
        ? origin.skeleton().getFunctionsList().stream().map(FunctionProto::getName).toList()
        : List.of();
  }

  /// Returns the constant tensors that a network has from its file, by name, with the elements that
  /// the network gives them. Tensors in bodies of control flow are among them, inlined or not;
  /// constants that were added after reading are not. All tensors if it was built in memory.
  public static Map<String, Tensor> tensors(Network network) {
    if (!(network.origin() instanceof OnnxOrigin origin)) {
      return network.initializers();
    }
    var tensors = new LinkedHashMap<>(origin.asRead());
    network
        .initializers()
        .forEach((name, tensor) -> {
          if (tensors.containsKey(name) || origin.detached().contains(name)) {
            tensors.put(name, tensor);
          }
        });
    return tensors;
  }

  /// Returns the path of a file of external data and creates its folder.
  private static Path dataPath(Network network, Path model, String location, boolean mayReplace) {
    Path path = model.resolveSibling(location);
    try {
      if (network.origin() instanceof OnnxOrigin origin && Files.exists(path)) {
        for (ExternalFiles.Content content : origin.files().values()) {
          if (Files.exists(content.path()) && Files.isSameFile(content.path(), path)) {
            throw new UnwritableFileException(
                path,
                "the network that is written was read from it",
                "Write the network into another folder.");
          }
        }
      }
      if (!mayReplace && Files.exists(path)) {
        throw new UnwritableFileException(
            path,
            "it is there already, and another model may have its weights there",
            "Remove it, or write the network into another folder.");
      }
      if (path.getParent() != null) {
        Files.createDirectories(path.getParent());
      }
      return path;
    } catch (IOException e) {
      throw new UnwritableFileException(path, e);
    }
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
      // Elements of tensors stay in the file's bytes, which nobody changes.
      CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      in.enableAliasing(true);
      model = ModelProto.parseFrom(in);
      in.checkLastTagWas(0);
    } catch (IOException e) {
      throw new MalformedModelException(
          path, "is no ONNX model: " + Damage.describe(bytes, e), FETCH_AGAIN, e);
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
