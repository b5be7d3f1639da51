package falcon.prune.run;

import falcon.model.MalformedModelException;
import falcon.model.Network;
import falcon.model.UnwritableFileException;
import falcon.model.format.Networks;
import falcon.prune.options.Option;
import falcon.prune.options.PruningException;
import falcon.prune.storage.InputPlaces;
import falcon.prune.storage.Remains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A folder that a command writes to, checked before any work begins.
///
/// @param directory the folder: absent, empty, or with the command's own earlier files
/// @param inputs inputs that are never written to
/// @param mayHoldOthers whether other files may be in the folder; they are unchanged then
public record OutputFolder(Path directory, InputPlaces inputs, boolean mayHoldOthers) {
  /// The greatest number of a folder's entries that a message lists.
  private static final int NAMES_SHOWN = 5;

  /// Prepares the folder for one file.
  ///
  /// @param fileName name of the new file
  /// @param mayReplace whether a network that Falcon wrote may exist under that name
  /// @return path of the new file
  /// @throws PruningException if the folder is not suitable for the file; nothing was written then
  /// @throws UnwritableFileException if the folder cannot be written to
  public Path requireFile(String fileName, boolean mayReplace) {
    Path file = directory.resolve(fileName);
    requireFolder(List.of(fileName));
    if (RunRecord.of(directory).isRun()) {
      throw refused(
          "holds a run of 'falcon prune'", "Choose another folder (%s).".formatted(Option.OUT));
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      requireNoDanglingLink(
          file, "Remove it, or choose another folder (%s).".formatted(Option.OUT));
      requireReplaceable(file, mayReplace);
    }
    requireNoOthers(List.of(fileName));
    try {
      Files.createDirectories(directory);
      Files.delete(Files.createTempFile(directory, ".falcon", ".probe"));
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
    return file;
  }

  private static void requireReplaceable(Path file, boolean mayReplace) {
    if (!mayReplace) {
      throw isThere(file);
    }
    if (!isOfFalcon(file)) {
      throw new PruningException(
          PruningException.Kind.INPUT,
          "%s: is not a network that Falcon wrote, and %s replaces no others.%nMove it away or choose another folder (%s)."
              .formatted(file, Option.FORCE, Option.OUT));
    }
  }

  /// Returns the exception for a file that is in the way of a new one and may be replaced if asked.
  static PruningException isThere(Path file) {
    return new PruningException(
        PruningException.Kind.INPUT,
        "%s: is there already.%nReplace it (%s) or choose another folder (%s)."
            .formatted(file, Option.FORCE, Option.OUT));
  }

  private static boolean isOfFalcon(Path file) {
    try {
      Network network = Networks.read(file);
      return network.metadata().containsKey(Network.ARCHITECTURE);
    } catch (MalformedModelException _) {
      return false;
    }
  }

  /// Checks that runs may be created below a folder, each in a folder of its own; writes nothing.
  ///
  /// @param names names of these folders
  /// @throws PruningException if the path is not a folder, or holds anything other than runs
  public void requireParentOf(Collection<String> names) {
    requireFolder(List.of());
    var others = new ArrayList<String>();
    for (Path entry : entries()) {
      String name = String.valueOf(entry.getFileName());
      if (!names.contains(name) && !RunRecord.of(entry).isRun()) {
        others.add(name);
      }
    }
    requireNone(others);
  }

  /// Checks that the path is a folder or can become one, and that no input would be overwritten;
  /// writes nothing.
  ///
  /// @param names names of files and folders in it that are written or replaced
  /// @throws PruningException if the path is something else, or an input
  void requireFolder(List<String> names) {
    if (!Files.isDirectory(directory)) {
      requireAbsent(directory);
      for (Path parent = directory.toAbsolutePath().getParent();
          parent != null && !Files.isDirectory(parent);
          parent = parent.getParent()) {
        requireAbsent(parent);
      }
    }
    inputs.requireApart(directory, names);
  }

  private void requireAbsent(Path path) {
    if (Files.exists(path)) {
      throw refused(
          subject(path) + " a file, not a folder",
          "Choose a folder, or a path where nothing is (%s).".formatted(Option.OUT));
    }
    requireNoDanglingLink(
        path, "Make that folder, or choose another one (%s).".formatted(Option.OUT));
  }

  private void requireNoDanglingLink(Path path, String advice) {
    if (Files.isSymbolicLink(path) && !Files.exists(path)) {
      throw refused(
          "%s a link to %s, where nothing is".formatted(subject(path), target(path)), advice);
    }
  }

  private String subject(Path path) {
    return path.equals(directory) ? "is" : "%s is".formatted(path);
  }

  private static @Nullable Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException _) {
      return null;
    }
  }

  /// Checks that only the command's own files are in the folder, unless others are allowed.
  ///
  /// @param own names of the command's own files and folders
  /// @throws PruningException if there are others; the message names them
  void requireNoOthers(Collection<String> own) {
    requireNone(
        entries().stream()
            .map(entry -> String.valueOf(entry.getFileName()))
            .filter(name -> !own.contains(name))
            .toList());
  }

  private void requireNone(List<String> others) {
    if (!others.isEmpty() && !mayHoldOthers) {
      throw refused(
          "holds other files and no run of Falcon (%s)".formatted(listed(others)),
          "Choose an empty folder or one that is not there yet (%s), or say %s to write beside them."
              .formatted(Option.OUT, Option.ALLOW_NON_EMPTY));
    }
  }

  /// Returns the first few of the names.
  static String listed(List<String> names) {
    return names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "))
        + (names.size() > NAMES_SHOWN ? ", …" : "");
  }

  private List<Path> entries() {
    try {
      return Remains.entries(directory);
    } catch (IOException e) {
      throw new UnwritableFileException(directory, e);
    }
  }

  PruningException refused(String problem, String advice) {
    return new PruningException(
        PruningException.Kind.INPUT,
        "%s: %s.%nNothing was written. %s".formatted(directory, problem, advice));
  }
}
