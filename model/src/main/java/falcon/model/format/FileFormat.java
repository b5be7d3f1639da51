package falcon.model.format;

import falcon.model.ForeignModel;
import falcon.model.MalformedModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The formats of network files.
enum FileFormat {
  ONNX("ONNX model"),
  PYTORCH("PyTorch checkpoint"),
  SAFETENSORS("safetensors file");

  /// Names of files that a message shows at most.
  private static final int NAMES_SHOWN = 5;

  private static final int START_BYTES = 9;
  private static final int ZIP = 0x04034b50;
  private static final int PICKLE = 0x80;
  private static final int ONNX_VERSION_FIELD = 0x08;

  private final String title;

  FileFormat(String title) {
    this.title = title;
  }

  /// Returns what a file of the format is, for messages.
  String title() {
    return title;
  }

  /// Recognises the format by the first bytes, and by the name's ending where those are
  /// inconclusive.
  ///
  /// @throws MalformedModelException if both are inconclusive, or the file cannot be read
  static FileFormat of(Path path) {
    refuseOthers(path);
    FileFormat format = ofContent(path);
    if (format == null) {
      format = ofName(path);
    }
    if (format == null) {
      throw new MalformedModelException(
          path,
          "is neither an ONNX model nor a PyTorch checkpoint nor a safetensors file",
          "Give one of those; the ending .onnx, .pth, .pt, .tar or .safetensors says which.");
    }
    return format;
  }

  /// Refuses folders and files of kinds that hold no network which is read here.
  private static void refuseOthers(Path path) {
    if (Files.isDirectory(path)) {
      throw new MalformedModelException(
          path, "is a folder, not a file", "Name the network in it: " + networksIn(path) + ".");
    }
    ForeignModel other = ForeignModel.of(path);
    if (other != null) {
      throw new MalformedModelException(path, other.what(), other.advice());
    }
  }

  /// Returns names of files in a folder that may be networks, for messages.
  private static String networksIn(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      List<String> names =
          entries
              .filter(entry -> Files.isRegularFile(entry) && ofName(entry) != null)
              .map(entry -> String.valueOf(entry.getFileName()))
              .sorted()
              .limit(NAMES_SHOWN)
              .toList();
      return names.isEmpty()
          ? "a file that ends in .onnx, .pth, .pt, .tar or .safetensors; there is none here"
          : String.join(", ", names);
    } catch (IOException e) {
      return "it cannot be looked into (%s)".formatted(e.getMessage());
    }
  }

  /// Recognises the format by the name's ending.
  ///
  /// @return null if the ending is unknown
  static @Nullable FileFormat ofName(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "onnx" -> ONNX;
      case "pth", "pt", "tar" -> PYTORCH;
      case "safetensors" -> SAFETENSORS;
      default -> null;
    };
  }

  private static @Nullable FileFormat ofContent(Path path) {
    var start = ByteBuffer.allocate(START_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long size;
    try (FileChannel channel = FileChannel.open(path)) {
      size = channel.size();
      if (channel.read(start) < START_BYTES) {
        return null;
      }
    } catch (NoSuchFileException e) {
      throw new MalformedModelException(path, "there is no such file", "Check the path.", e);
    } catch (IOException e) {
      throw new MalformedModelException(
          path, "cannot be read: " + e.getMessage(), "Check the path and the permissions.", e);
    }
    // The length of the header comes first, then the header's opening brace.
    long header = start.getLong(0);
    if (start.get(8) == '{' && header > 0 && header <= size - 8) {
      return SAFETENSORS;
    }
    if (start.getInt(0) == ZIP || (start.get(0) & 0xff) == PICKLE) {
      return PYTORCH;
    }
    return start.get(0) == ONNX_VERSION_FIELD ? ONNX : null;
  }
}
