package falcon.data.format;

import falcon.data.DataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The entries of a folder, without those that operating systems and tools leave there: hidden
/// files and folders (`.ipynb_checkpoints`, macOS's `._1.png`), `__MACOSX`, `Thumbs.db` and the
/// like.
final class FolderContent {
  /// Names of such entries that do not begin with a full stop, in lower case.
  private static final Set<String> CLUTTER =
      Set.of(
          "__macosx",
          "thumbs.db",
          "ehthumbs.db",
          "desktop.ini",
          "icon\r",
          "@eadir",
          "$recycle.bin",
          "system volume information",
          "lost+found",
          "__pycache__");

  private FolderContent() {}

  /// Returns the entries that count, sorted.
  static List<Path> of(Path folder) {
    return entries(folder).stream().filter(entry -> !isClutter(entry)).toList();
  }

  /// Returns whether one of the entries that count is as wanted.
  static boolean has(Path folder, Predicate<Path> wanted) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.anyMatch(entry -> !isClutter(entry) && wanted.test(entry));
    } catch (IOException e) {
      throw DataFile.unreadable(folder, e);
    }
  }

  /// Returns the entries that are ignored, sorted.
  static List<Path> ignored(Path folder) {
    return entries(folder).stream().filter(FolderContent::isClutter).toList();
  }

  /// Returns whether an entry of a folder or an archive is none of the data.
  static boolean isClutter(Path entry) {
    String name = String.valueOf(entry.getFileName());
    return name.startsWith(".") || CLUTTER.contains(name.toLowerCase(Locale.ROOT));
  }

  private static List<Path> entries(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw DataFile.unreadable(folder, e);
    }
  }
}
