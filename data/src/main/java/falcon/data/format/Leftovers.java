package falcon.data.format;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What a folder of images holds beside the images that are read, counted for people.
final class Leftovers {
  /// Names that a text shows at most.
  private static final int NAMES_SHOWN = 3;

  private final List<String> ignored = new ArrayList<>();
  private final Map<String, Integer> others = new TreeMap<>();
  private final List<String> folders = new ArrayList<>();
  private final List<String> loose = new ArrayList<>();

  /// Counts the content of the folder that the class folders are in.
  ///
  /// @param names names of the class folders; empty if the images are in `root` itself
  void add(Path root, List<String> names) {
    addIgnored(root);
    for (Path entry : FolderContent.of(root)) {
      String name = String.valueOf(entry.getFileName());
      if (Files.isDirectory(entry)) {
        if (!names.contains(name)) {
          folders.add(name);
        }
      } else if (ImageFormat.isNamed(entry)) {
        if (!names.isEmpty()) {
          loose.add(name);
        }
      } else if (!name.equals(ClassOrder.FILE)) {
        others.merge(ending(name), 1, Integer::sum);
      }
    }
    for (String name : names) {
      Path folder = root.resolve(name);
      addIgnored(folder);
      for (Path entry : FolderContent.of(folder)) {
        if (Files.isDirectory(entry)) {
          folders.add(name + "/" + entry.getFileName());
        } else if (!ImageFormat.isNamed(entry)) {
          others.merge(ending(String.valueOf(entry.getFileName())), 1, Integer::sum);
        }
      }
    }
  }

  private void addIgnored(Path folder) {
    FolderContent.ignored(folder)
        .forEach(entry -> ignored.add(String.valueOf(entry.getFileName())));
  }

  private static String ending(String name) {
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "without an ending" : name.substring(dot).toLowerCase(Locale.ROOT);
  }

  /// Returns what is ignored because it is no data.
  List<String> notes() {
    return ignored.isEmpty()
        ? List.of()
        : List.of(
            "ignored in the folders of images: %s (%s)"
                .formatted(
                    counted(ignored.size(), "hidden file or folder", "hidden files or folders"),
                    shown(ignored)));
  }

  /// Returns what is left out although it may have been meant.
  List<String> warnings() {
    var warnings = new ArrayList<String>();
    int files = others.values().stream().mapToInt(Integer::intValue).sum();
    if (files > 0) {
      warnings.add(
          "%s in the folders of images %s left out (%s); images are read from %s files."
              .formatted(
                  counted(files, "file of another type", "files of other types"),
                  files == 1 ? "is" : "are",
                  others.entrySet().stream()
                      .map(entry -> "%d %s".formatted(entry.getValue(), entry.getKey()))
                      .collect(Collectors.joining(", ")),
                  ImageFormat.titles()));
    }
    if (!folders.isEmpty()) {
      warnings.add(
          "%s left out (%s): images are looked for in one folder a class, not below."
              .formatted(counted(folders.size(), "folder is", "folders are"), shown(folders)));
    }
    if (!loose.isEmpty()) {
      warnings.add(
          "%s left out (%s): beside folders of classes an image has no class."
              .formatted(counted(loose.size(), "image is", "images are"), shown(loose)));
    }
    return warnings;
  }

  private static String counted(int count, String one, String several) {
    return "%d %s".formatted(count, count == 1 ? one : several);
  }

  private static String shown(List<String> names) {
    return names.stream().distinct().limit(NAMES_SHOWN).collect(Collectors.joining(", "))
        + (names.stream().distinct().count() > NAMES_SHOWN ? ", …" : "");
  }
}
