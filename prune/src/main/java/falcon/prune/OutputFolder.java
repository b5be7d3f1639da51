package falcon.prune;

import falcon.model.UnwritableFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A folder that a file is to be written to, looked at before the work for it begins.
public final class OutputFolder {
  private OutputFolder() {}

  /// Makes the folder ready.
  ///
  /// @param directory made with its parents if it is absent
  /// @param fileName of the file to come
  /// @param mayReplace whether such a file may be there
  /// @return path of the file to come
  /// @throws PruningException if the file is there and must not be replaced
  /// @throws UnwritableFileException if the folder cannot be written to
  public static Path require(Path directory, String fileName, boolean mayReplace) {
    Path file = directory.resolve(fileName);
    if (!mayReplace && Files.exists(file)) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: is there already.%nReplace it (--force) or choose another folder (--out)."
              .formatted(file));
    }
    try {
      Files.createDirectories(directory);
      Files.delete(Files.createTempFile(directory, ".falcon", ".probe"));
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    return file;
  }
}
