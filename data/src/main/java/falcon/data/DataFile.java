package falcon.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Sizes and bytes of files, with errors that name the files, for the readers of data.
public final class DataFile {
  private DataFile() {}

  /// Returns the length of `file` in bytes.
  public static long length(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /// Reads exactly `count` bytes of `in` into `target` from `offset`.
  ///
  /// @throws MalformedDataException if the file ends earlier
  public static void readFully(Path file, InputStream in, byte[] target, int offset, int count)
      throws IOException {
    int read = in.readNBytes(target, offset, count);
    if (read < count) {
      throw new MalformedDataException(
          file,
          "ends after %d of the %d bytes that were to come.".formatted(read, count),
          "The file is cut short; fetch it again.");
    }
  }

  /// Returns the exception for a file that cannot be read, with its cause and remedy.
  public static MalformedDataException unreadable(Path path, IOException cause) {
    return new MalformedDataException(
        path,
        "cannot be read: %s.".formatted(cause),
        "Check that it exists and that you may read it.",
        cause);
  }
}
