package falcon.prune.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import falcon.model.UnwritableFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A file that a run wrote, as listed in its `result.json`.
///
/// @param name name relative to the run directory, with `/` between folders
/// @param bytes length of the file
/// @param sha256 SHA-256 of the content; null in results of versions that did not record it
public record WrittenFile(String name, long bytes, @Nullable String sha256) {

  /// Describes a file that was just written.
  ///
  /// @throws UnwritableFileException if it cannot be read again
  public static WrittenFile of(Path folder, Path file) {
    try {
      FileContent content = FileContent.of(file);
      Path relative =
          folder.toAbsolutePath().normalize().relativize(file.toAbsolutePath().normalize());
      return new WrittenFile(
          relative.toString().replace(relative.getFileSystem().getSeparator(), "/"),
          content.bytes(),
          content.sha256());
    } catch (IOException e) {
      throw new UnwritableFileException(file, e);
    }
  }

  /// @return the file; null if the JSON is not a description of a file
  public static @Nullable WrittenFile of(JsonNode json) {
    String name = json.path("name").textValue();
    return name == null || !json.path("bytes").isIntegralNumber()
        ? null
        : new WrittenFile(name, json.path("bytes").longValue(), json.path("sha256").textValue());
  }

  /// Adds name, length and hash to an object.
  ///
  /// @param json the object, which is changed
  public void describe(ObjectNode json) {
    json.put("name", name).put("bytes", bytes).put("sha256", sha256);
  }

  /// Returns whether no entry of that name exists.
  public boolean isMissing(Path folder) {
    return !Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  /// Returns how the existing file differs from the one that was written.
  ///
  /// @return null if it does not differ; else words that follow the file's name
  /// @throws PruningException if it cannot be read
  public @Nullable String difference(Path folder) {
    Path file = folder.resolve(name);
    if (isMissing(folder)) {
      return "is missing";
    }
    if (!Files.isRegularFile(file)) {
      return "is no file";
    }
    try {
      long size = Files.size(file);
      if (size != bytes) {
        return "has %,d bytes where %,d were written".formatted(size, bytes);
      }
      return sha256 == null || sha256.equals(FileContent.of(file).sha256())
          ? null
          : "has the length that was written, %,d bytes, but other content".formatted(bytes);
    } catch (IOException e) {
      throw Json.unreadable(file, e, "Check the disk and the permissions.");
    }
  }
}
