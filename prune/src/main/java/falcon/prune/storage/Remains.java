package falcon.prune.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The files that remain of a process that was killed while it wrote: temporary files of
/// [falcon.model.AtomicFile].
public final class Remains {
  private static final Pattern TEMPORARY = Pattern.compile("\\.(.+)\\.tmp\\d+");

  private Remains() {}

  /// Returns whether a file is the unfinished temporary file of one of the names.
  public static boolean isTemporary(Path file, Collection<String> names) {
    Matcher matcher = TEMPORARY.matcher(String.valueOf(file.getFileName()));
    return matcher.matches()
        && names.contains(matcher.group(1))
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /// Removes the unfinished temporary files of the given names.
  ///
  /// @param root folder that the names are relative to; may be absent
  public static void remove(Path root, Collection<String> names) throws IOException {
    for (String name : names) {
      Path file = root.resolve(name);
      for (Path entry : entries(file.resolveSibling(""))) {
        if (isTemporary(entry, List.of(String.valueOf(file.getFileName())))) {
          Files.delete(entry);
        }
      }
    }
  }

  /// Returns the entries of a folder, in the order of their names.
  ///
  /// @param folder the folder; may be absent
  public static List<Path> entries(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
