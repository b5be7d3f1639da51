package falcon.prune.storage;

import falcon.data.Dataset;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// A file that a run reads, with the data that identify its content.
///
/// @param role `model`, `data` or `mask`
/// @param path path as the user wrote it
/// @param bytes length of the file
/// @param sha256 SHA-256 of the content, in hexadecimal digits; for a folder of images, of the
///     names and lengths
public record InputFile(String role, Path path, long bytes, String sha256) {
  /// Returns the network's files and the files of the data set, in order of their names.
  ///
  /// @param model the network's own file, then those of its weights if they are separate
  /// @throws MalformedDataException if one of them cannot be read
  public static List<InputFile> of(List<Path> model, Dataset data) {
    var files = new ArrayList<InputFile>(of(model));
    if (data.layout() == Layout.IMAGES) {
      files.add(ofAll(data));
    } else {
      data.files().forEach(file -> files.add(of("data", file)));
    }
    return List.copyOf(files);
  }

  /// Returns a folder of images as one input: the hash is that of the files' names and lengths, one
  /// line per file.
  private static InputFile ofAll(Dataset data) {
    MessageDigest digest = FileContent.newDigest();
    long bytes = 0;
    try {
      for (Path file : data.files()) {
        long length = Files.size(file);
        String line = "%s %d\n".formatted(data.directory().relativize(file), length);
        digest.update(line.getBytes(StandardCharsets.UTF_8));
        bytes += length;
      }
    } catch (IOException e) {
      throw unreadable(data.directory(), e);
    }
    return new InputFile(
        "data", data.directory(), bytes, HexFormat.of().formatHex(digest.digest()));
  }

  /// Returns the network's files alone.
  ///
  /// @param model the network's own file, then those of its weights if they are separate
  /// @throws MalformedDataException if one of them cannot be read
  public static List<InputFile> of(List<Path> model) {
    return model.stream().map(file -> of("model", file)).toList();
  }

  /// Returns one file.
  ///
  /// @param role what the file is for
  /// @throws MalformedDataException if it cannot be read
  public static InputFile of(String role, Path path) {
    try {
      FileContent content = FileContent.of(path);
      return new InputFile(role, path, content.bytes(), content.sha256());
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static MalformedDataException unreadable(Path path, Exception cause) {
    return new MalformedDataException(
        path,
        "cannot be read: %s.".formatted(cause),
        "Check that it exists and that you may read it.",
        cause);
  }
}
