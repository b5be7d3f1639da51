package falcon.model;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes files so that a reader sees the old content or the new one, never a part.
///
/// The content goes to a temporary name in the same folder, is forced to the disk and renamed.
/// After a failure, a full disk for instance, the old file is unchanged and the temporary one is
/// deleted.
public final class AtomicFile {
  private static final int BUFFER_BYTES = 1 << 16;
  // Greatest number of simultaneous writers of one path, and of files left by killed writers.
  private static final int TEMPORARY_NAMES = 1000;

  private AtomicFile() {}

  /// The content of a file.
  @FunctionalInterface
  public interface Body {
    /// Writes the content.
    ///
    /// @param out buffered; closed by the caller
    void writeTo(OutputStream out) throws IOException;
  }

  /// Writes a file, replacing an existing one; a symbolic link stays and its target is replaced.
  ///
  /// @throws UnwritableFileException if it cannot be written; an unchecked exception of `body` is
  ///     passed on unchanged
  public static void write(Path path, Body body) {
    var bodies = new LinkedHashMap<Path, Body>();
    bodies.put(path, body);
    writeAll(bodies);
  }

  /// Writes several files that belong together: all of them are complete on the disk before the
  /// first one gets its name. They get their names in the order of the map, so the file that refers
  /// to the others goes last.
  ///
  /// @param bodies contents by path
  /// @throws UnwritableFileException if a file cannot be written; names it
  public static void writeAll(SequencedMap<Path, Body> bodies) {
    var temporaries = new LinkedHashMap<Path, Path>();
    var replaced = new ArrayList<Path>();
    Path current = bodies.firstEntry().getKey();
    try {
      try {
        for (Map.Entry<Path, Body> entry : bodies.entrySet()) {
          current = entry.getKey();
          Path target =
              Files.isSymbolicLink(current) ? current.toRealPath() : current.toAbsolutePath();
          Path temporary = createBeside(target);
          temporaries.put(target, temporary);
          fill(temporary, entry.getValue());
        }
        for (Map.Entry<Path, Path> entry : temporaries.entrySet()) {
          current = entry.getKey();
          Files.move(
              entry.getValue(),
              current,
              StandardCopyOption.ATOMIC_MOVE,
              StandardCopyOption.REPLACE_EXISTING);
          replaced.add(current);
        }
      } finally {
        for (Path temporary : temporaries.values()) {
          Files.deleteIfExists(temporary);
        }
      }
      temporaries.keySet().stream().map(Path::getParent).distinct().forEach(AtomicFile::force);
    } catch (IOException e) {
      throw new UnwritableFileException(current, e, state(replaced));
    }
  }

  private static String state(List<Path> replaced) {
    return replaced.isEmpty()
        ? "It is as it was before."
        : "It is as it was before; already written were %s, which belong to it."
            .formatted(replaced.stream().map(Path::toString).collect(Collectors.joining(", ")));
  }

  private static Path createBeside(Path target) throws IOException {
    for (int i = 0; ; i++) {
      Path temporary = target.resolveSibling(".%s.tmp%d".formatted(target.getFileName(), i));
      try {
        return Files.createFile(temporary);
      } catch (FileAlreadyExistsException e) {
        if (i == TEMPORARY_NAMES) {
          throw e;
        }
      }
    }
  }

  private static void fill(Path temporary, Body body) throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
        OutputStream out =
            new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES)) {
      body.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }

  /// Makes renamings and removals in a folder durable, on systems that allow opening a folder.
  ///
  /// @param folder the folder; null, the parent of a root, needs nothing
  public static void force(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException _) {
      // Windows opens no folders; the files' content is on the disk in any case.
    }
  }
}
