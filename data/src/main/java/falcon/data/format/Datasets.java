package falcon.data.format;

import falcon.data.DataOption;
import falcon.data.Dataset;
import falcon.data.ForeignFile;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// Opens data sets of any [Layout].
public final class Datasets {
  /// What to do where there are no test samples.
  static final String VALIDATION_INSTEAD =
      "Add them, or use the validation part (%s validation, %s)."
          .formatted(DataOption.SPLIT, DataOption.NO_TEST);

  /// Greatest number of names of a folder's content that a message lists.
  private static final int NAMES_SHOWN = 8;

  private Datasets() {}

  /// Opens the data in `directory`; the layout is recognised by the names of the files.
  ///
  /// @param directory a folder, or a single `.npz` or `.npy` file
  ///
  /// @throws MalformedDataException if there is no such folder, or it holds no data, or files of
  ///     more than one layout, or headers that contradict each other
  public static Dataset open(Path directory) {
    var found = layouts(directory);
    if (found.size() > 1) { // A picture beside other data does not make a folder of images.
      found = found.stream().filter(layout -> layout != Layout.IMAGES).toList();
    }
    if (found.isEmpty()) {
      throw noData(directory, List.of(Layout.values()));
    }
    if (found.size() > 1) {
      throw new MalformedDataException(
          directory,
          "holds data of several formats: " + ids(found) + ".",
          "Say which one is meant (%s).".formatted(DataOption.DATA_FORMAT));
    }
    return open(directory, found.getFirst());
  }

  /// Opens the data in `directory` as `layout`.
  ///
  /// @throws MalformedDataException if there is no such folder, or it holds no files of that
  ///     layout, or headers that contradict each other
  public static Dataset open(Path directory, Layout layout) {
    if (!layouts(directory).contains(layout)) {
      throw noData(directory, List.of(layout));
    }
    return switch (layout) {
      case CIFAR10 -> Cifar10Folder.open(directory);
      case IDX -> IdxFolder.open(directory);
      case IMAGES -> ImageFolder.open(directory);
      case ARRAYS -> new Dataset(directory, Layout.ARRAYS, new ArrayFolder(directory), null, null);
    };
  }

  private static List<Layout> layouts(Path directory) {
    if (!Files.exists(directory)) {
      throw new MalformedDataException(
          directory, "there is no such folder or file.", "Name the folder that holds the data.");
    }
    if (!Files.isDirectory(directory) && !ArrayFolder.isPresent(directory)) {
      ForeignFile.refuse(directory);
      throw new MalformedDataException(
          directory,
          "is a file, not a folder.",
          "Name the folder that holds the data files; only .npz and .npy files stand alone.");
    }
    return Arrays.stream(Layout.values()).filter(layout -> isPresent(directory, layout)).toList();
  }

  private static boolean isPresent(Path directory, Layout layout) {
    return switch (layout) {
      case CIFAR10 -> Cifar10Folder.isPresent(directory);
      case IDX -> IdxFolder.isPresent(directory);
      case IMAGES -> ImageFolder.isPresent(directory);
      case ARRAYS -> ArrayFolder.isPresent(directory);
    };
  }

  private static MalformedDataException noData(Path directory, List<Layout> wanted) {
    var looked =
        wanted.stream()
            .map(layout -> "%s: %s".formatted(layout.id(), layout.files()))
            .collect(Collectors.joining("; "));
    var names = content(directory);
    for (var name : names) {
      var inside = directory.resolve(name);
      if (Files.isDirectory(inside) && wanted.stream().anyMatch(l -> isPresent(inside, l))) {
        return new MalformedDataException(
            directory,
            "holds no data itself, but its folder '%s' does.".formatted(name),
            "Name %s instead.".formatted(inside));
      }
    }
    var there =
        names.isEmpty()
            ? "nothing"
            : names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "))
                + (names.size() > NAMES_SHOWN ? ", … (%d in all)".formatted(names.size()) : "");
    return new MalformedDataException(
        directory,
        "holds no data. Looked for %s. There is: %s.".formatted(looked, there),
        "Name the folder that holds these files.");
  }

  private static List<String> content(Path directory) {
    return FolderContent.of(directory).stream()
        .map(entry -> String.valueOf(entry.getFileName()))
        .toList();
  }

  private static String ids(List<Layout> layouts) {
    return layouts.stream().map(Layout::id).collect(Collectors.joining(", "));
  }
}
