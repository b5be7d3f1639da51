package falcon.prune.resources;

import falcon.gradients.GradientMatrix;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A temporary file for a gradient matrix that does not fit in memory.
///
/// It is deleted while it is still open, so that no file remains even if the process is killed (on
/// Windows, it is deleted when it is closed). Where the file system allows, it bypasses the page
/// cache.
public final class ScratchFile {
  /// The largest block size of a file system that [GradientMatrix] aligns its accesses to.
  private static final long DIRECT_BLOCK_BYTES = 4096;

  private ScratchFile() {}

  /// Returns the default folder for temporary files.
  public static Path defaultFolder() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /// Returns the free bytes of a folder; 0 if the folder is in memory, or does not exist.
  public static long freeBytes(Path folder) {
    try {
      FileStore store = Files.getFileStore(folder);
      boolean isMemory = store.type().equals("tmpfs") || store.type().equals("ramfs");
      return isMemory || !Files.isWritable(folder) ? 0 : store.getUsableSpace();
    } catch (IOException e) {
      return 0;
    }
  }

  /// Creates an empty file.
  ///
  /// @param folder the folder of the file
  /// @throws PruningException if the folder cannot be written
  public static GradientMatrix.Scratch in(Path folder) {
    try {
      Path file = Files.createTempFile(folder, "falcon-gradients-", ".tmp");
      return new GradientMatrix.Scratch(open(file), folder.toString());
    } catch (IOException e) {
      throw new PruningException(
          PruningException.Kind.MACHINE,
          "No temporary file can be made in %s (%s).%nName another folder with %s."
              .formatted(folder, e, Option.SCRATCH),
          e);
    }
  }

  private static FileChannel open(Path file) throws IOException {
    var options =
        Set.<OpenOption>of(
            StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    OpenOption direct = direct();
    if (direct != null && Files.getFileStore(file).getBlockSize() <= DIRECT_BLOCK_BYTES) {
      var all = new HashSet<>(options);
      all.add(direct);
      try {
        return FileChannel.open(file, all);
      } catch (IOException | UnsupportedOperationException e) {
        // a file system without direct access: use the page cache
        if (!Files.exists(file)) {
          Files.createFile(file);
        }
      }
    }
    return FileChannel.open(file, options);
  }

  /// Returns the JDK's option for bypassing the page cache, null where it has none. The option is
  /// exported but not standard, and the compiler warns at its name, so it is looked up by
  /// reflection.
  private static @Nullable OpenOption direct() {
    try {
      for (Object option :
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
        if (option instanceof OpenOption found && found.toString().equals("DIRECT")) {
          return found;
        }
      }
    } catch (ClassNotFoundException e) {
      return null;
    }
    return null;
  }
}
