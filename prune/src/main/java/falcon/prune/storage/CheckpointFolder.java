package falcon.prune.storage;

import falcon.model.StateDict;
import falcon.model.UnwritableFileException;
import falcon.prune.options.Progress;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The folder of a stage that is under way, with a file for each part of it that is kept.
///
/// A file that cannot be written is warned of once, and the stage goes on; one that cannot be used
/// is warned of, and its part is computed again, to the same bits.
public final class CheckpointFolder {
  private static final String EXTENSION = ".safetensors";

  /// Files that are written here, and what is left of one where a process was killed.
  private static final Pattern OWN =
      Pattern.compile("[a-z-]+\\.safetensors|\\.[a-z-]+\\.safetensors\\.tmp\\d+");

  private final Path path;
  private final Progress progress;
  private final Consumer<String> kept;
  private boolean isWarnedOf;

  /// Makes something of a file.
  public interface Decoder<T> {
    /// @throws IllegalArgumentException if it does not fit
    T decode(StateDict content) throws CheckpointFile.UnusableException;
  }

  /// @param path made where something is to be kept
  /// @param kept hears what a run that is broken off from now on goes on from
  public CheckpointFolder(Path path, Progress progress, Consumer<String> kept) {
    this.path = path;
    this.progress = progress;
    this.kept = kept;
  }

  /// The file of a part.
  ///
  /// @param part in lower case letters and spaces
  /// @param run tells runs, stages and settings apart
  public CheckpointFile file(String part, String run) {
    return new CheckpointFile(path.resolve(part.replace(' ', '-') + EXTENSION), run);
  }

  /// What the file holds; null if it is not there or cannot be used.
  ///
  /// @param part that is computed again if the file cannot be used
  public <T> @Nullable T read(CheckpointFile file, String part, Decoder<T> decoder) {
    if (!file.exists()) {
      return null;
    }
    String problem;
    try {
      return decoder.decode(file.read());
    } catch (CheckpointFile.UnusableException | IllegalArgumentException e) {
      problem = String.valueOf(e.getMessage());
    }
    progress.warn(
        "%s %s; it is not used, and the %s begins again.".formatted(file.path(), problem, part));
    return null;
  }

  /// Says that a part need not be computed.
  ///
  /// @param place that the run goes on from
  public void goOn(CheckpointFile file, String place) {
    progress.note("going on from %s, kept in %s".formatted(place, file.path()));
    kept.accept(place);
  }

  /// Says that so many steps of the phase that has begun need not be done.
  public void goOn(CheckpointFile file, String place, int done) {
    goOn(file, place);
    progress.goOn(done);
  }

  /// Writes a file.
  ///
  /// @param place that a run which is broken off goes on from when it is written
  public void write(String place, Runnable writing) {
    try {
      Files.createDirectories(path);
      writing.run();
      kept.accept(place);
    } catch (IOException e) {
      warn(new UnwritableFileException(path, e));
    } catch (UnwritableFileException e) {
      warn(e);
    }
  }

  private void warn(UnwritableFileException e) {
    if (!isWarnedOf) {
      isWarnedOf = true;
      progress.warn(
          "%s%nThe run goes on; if it is broken off, what could not be written is computed again."
              .formatted(e.getMessage()));
    }
  }

  /// Whether a part is kept.
  public boolean holdsSomething() {
    return files().stream().anyMatch(name -> !name.startsWith("."));
  }

  /// Removes what a process that was killed while it wrote left behind.
  ///
  /// @throws UnwritableFileException if that is not allowed
  public void removeRemains() {
    files().stream().filter(name -> name.startsWith(".")).forEach(this::delete);
  }

  /// Removes all files that were written here, and the folder if nothing else is in it.
  ///
  /// @throws UnwritableFileException if that is not allowed
  public void remove() {
    files().forEach(this::delete);
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException _) {
      // somebody else's files
    } catch (IOException e) {
      throw new UnwritableFileException(path, e);
    }
  }

  private void delete(String name) {
    try {
      Files.deleteIfExists(path.resolve(name));
    } catch (IOException e) {
      throw new UnwritableFileException(path.resolve(name), e);
    }
  }

  /// Names of the files that were written here, whole or in part.
  ///
  /// @return empty if the folder is absent
  /// @throws UnwritableFileException if it cannot be read
  public List<String> files() {
    try {
      return Remains.entries(path).stream()
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> OWN.matcher(name).matches())
          .toList();
    } catch (IOException e) {
      throw new UnwritableFileException(path, e);
    }
  }
}
