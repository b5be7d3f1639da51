package falcon.prune.storage;

import falcon.model.UnwritableFileException;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;

/// The lock that lets one run at a time, among all processes, work in a folder.
///
/// The lock is the operating system's, on an empty file in the folder, so that it ends with the
/// process, however that ends. The file is never removed: if it were, a process that had opened it
/// before the removal could lock the removed file while another one locks its successor, and both
/// would work.
///
/// It is safe for use by several threads.
public final class FolderLock implements AutoCloseable {
  /// The name of the lock file.
  public static final String FILE = ".lock";

  /// The lock files that this process holds, and the monitor of everything that opens or closes
  /// one. The system treats a lock as the whole process's and drops it as soon as the process
  /// closes any channel of that file, so a file that is held must not be opened a second time. Only
  /// the process itself can know that, so this is the one place where it keeps state of its own.
  private static final Set<Object> HELD = new HashSet<>();

  private final FileChannel channel;
  private final Object key;

  private FolderLock(FileChannel channel, Object key) {
    this.channel = channel;
    this.key = key;
  }

  /// Acquires the lock.
  ///
  /// @param directory the folder; created with its parents if it is absent
  /// @throws PruningException if another run, of this process or another one, holds the lock
  /// @throws UnwritableFileException if the folder or the file cannot be created
  public static FolderLock take(Path directory) {
    Path file = directory.resolve(FILE);
    synchronized (HELD) {
      try {
        Files.createDirectories(directory);
        if (Files.notExists(file)) {
          Files.write(file, new byte[0]);
        }
        Object key = key(file);
        if (!HELD.contains(key)) {
          FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
          if (isLocked(channel)) {
            HELD.add(key);
            return new FolderLock(channel, key);
          }
        }
      } catch (IOException e) {
        throw new UnwritableFileException(directory, e);
      }
    }
    throw new PruningException(
        PruningException.Kind.INPUT,
        "%s: another run works in this folder.%nWait for it or choose another folder (%s)."
            .formatted(directory, Option.OUT));
  }

  /// Locks a file and returns true, or closes its channel and returns false.
  private static boolean isLocked(FileChannel channel) throws IOException {
    boolean isLocked = false;
    try {
      isLocked = channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      // this process holds the file under another name
    } finally {
      if (!isLocked) {
        channel.close();
      }
    }
    return isLocked;
  }

  /// Returns a key that identifies the file, under whatever name.
  private static Object key(Path file) throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? file.toRealPath() : key;
  }

  @Override
  public void close() {
    synchronized (HELD) {
      if (HELD.remove(key)) {
        try {
          channel.close();
        } catch (IOException _) {
          // nothing was written through the channel; the system releases the lock all the same
        }
      }
    }
  }
}
