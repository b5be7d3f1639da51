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

/// The folder of a stage in progress, with one file per stored part.
///
/// The first file that cannot be written causes a warning, and the stage continues; every file that
/// cannot be used causes a warning, and its part is computed again, to the same bits.
public final class CheckpointFolder {
  private static final String EXTENSION = ".safetensors";

  /// The names of the files that are written here, and of the temporary files that a killed process
  /// leaves.
  private static final Pattern OWN =
      Pattern.compile("[a-z-]+\\.safetensors|\\.[a-z-]+\\.safetensors\\.tmp\\d+");

  private final Path path;
  private final Progress progress;
  private final Consumer<String> kept;
  private boolean isWarnedOf;

  /// Decodes the content of a file.
  public interface Decoder<T> {
    /// @throws IllegalArgumentException if the content does not fit
    T decode(StateDict content) throws CheckpointFile.UnusableException;
  }

  /// @param path the folder, which is created before the first file is written
  /// @param kept receives the place that a run continues from if it is interrupted from now on
  public CheckpointFolder(Path path, Progress progress, Consumer<String> kept) {
    this.path = path;
    this.progress = progress;
    this.kept = kept;
  }

  /// Returns the file of a part.
  ///
  /// @param part name of the part, in lower case letters and spaces
  /// @param run identifier of the run, stage and settings
  public CheckpointFile file(String part, String run) {
    return new CheckpointFile(path.resolve(part.replace(' ', '-') + EXTENSION), run);
  }

  /// Returns the decoded content of a file; null if the file does not exist or cannot be used.
  ///
  /// @param part name of the part, which is computed again if the file cannot be used
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

  /// Reports that a part need not be computed.
  ///
  /// @param place the place that the run continues from
  public void goOn(CheckpointFile file, String place) {
    progress.note("going on from %s, kept in %s".formatted(place, file.path()));
    kept.accept(place);
  }

  /// Reports that the first `done` steps of the current phase need not be performed.
  public void goOn(CheckpointFile file, String place, int done) {
    goOn(file, place);
    progress.goOn(done);
  }

  /// Writes a file.
  ///
  /// @param place the place that an interrupted run continues from once the file is written
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

  /// Returns whether a part is stored.
  public boolean holdsSomething() {
    return files().stream().anyMatch(name -> !name.startsWith("."));
  }

  /// Removes the temporary files of a process that was killed while it wrote.
  ///
  /// @throws UnwritableFileException if they cannot be removed
  public void removeRemains() {
    files().stream().filter(name -> name.startsWith(".")).forEach(this::delete);
  }

  /// Removes all files that were written here, and the folder if it is empty then.
  ///
  /// @throws UnwritableFileException if they cannot be removed
  public void remove() {
    files().forEach(this::delete);
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException _) {
      // the folder holds other files
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

  /// Returns the names of the files that were written here, complete or not.
  ///
  /// @return empty if the folder is absent
  /// @throws UnwritableFileException if the folder cannot be read
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
