package falcon.prune;

import falcon.data.Dataset;
import falcon.data.MalformedDataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// A file that a run reads, with what identifies its content.
///
/// @param role `model` or `data`
/// @param path as the user named it
/// @param bytes its length
/// @param sha256 of its content, in hexadecimal digits
public record InputFile(String role, Path path, long bytes, String sha256) {
  private static final int BUFFER_BYTES = 1 << 20;

  /// The network's files and the files of the data set, in order of their names.
  ///
  /// @param model the network's own file, then those of its weights if they are apart
  /// @throws MalformedDataException if one of them cannot be read
  public static List<InputFile> of(List<Path> model, Dataset data) {
    var files = new ArrayList<InputFile>();
    model.forEach(file -> files.add(of("model", file)));
    try (Stream<Path> entries = Files.list(data.directory())) {
      entries
          .filter(entry -> Files.isRegularFile(entry) && isOf(data, entry))
          .sorted()
          .forEach(entry -> files.add(of("data", entry)));
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(data.directory(), e);
    }
    return List.copyOf(files);
  }

  private static InputFile of(String role, Path path) {
    try (var channel = FileChannel.open(path)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      var buffer = ByteBuffer.allocate(BUFFER_BYTES);
      long bytes = 0;
      while (channel.read(buffer) >= 0) {
        bytes += buffer.flip().remaining();
        digest.update(buffer);
        buffer.clear();
      }
      return new InputFile(role, path, bytes, HexFormat.of().formatHex(digest.digest()));
    } catch (IOException e) {
      throw unreadable(path, e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static boolean isOf(Dataset data, Path file) {
    String name = String.valueOf(file.getFileName());
    return switch (data.layout()) {
      case CIFAR10 -> name.endsWith(".bin");
      case IDX -> name.contains("-ubyte");
    };
  }

  private static MalformedDataException unreadable(Path path, Exception cause) {
    return new MalformedDataException(
        path,
        "cannot be read: %s.".formatted(cause),
        "Check that it exists and that you may read it.",
        cause);
  }
}
