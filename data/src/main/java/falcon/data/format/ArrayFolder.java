package falcon.data.format;

import falcon.data.MalformedDataException;
import falcon.data.NamedArrays;
import falcon.data.NpyFile;
import falcon.data.NpzFile;
import falcon.data.NumberArray;
import falcon.data.Samples;
import falcon.data.Split;
import falcon.data.SplitReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads [Layout#ARRAYS].
final class ArrayFolder implements SplitReader {
  private static final String ARCHIVE = ".npz";
  private static final String ARRAY = ".npy";

  private final Path path;
  private final Set<String> inputs;

  ArrayFolder(Path path) {
    this(path, Set.of());
  }

  /// @param inputs names of the network's inputs that otherwise would be those of classes
  private ArrayFolder(Path path, Set<String> inputs) {
    this.path = path;
    this.inputs = inputs;
  }

  @Override
  public SplitReader forInputs(Collection<String> names) {
    Set<String> claimed =
        names.stream().filter(NamedArrays::isClassName).collect(Collectors.toUnmodifiableSet());
    return claimed.equals(inputs) ? this : new ArrayFolder(path, claimed);
  }

  static boolean isPresent(Path path) {
    var folder = new ArrayFolder(path);
    return folder.source(Split.TRAIN) != null || folder.source(Split.TEST) != null;
  }

  @Override
  public boolean has(Split split) {
    return source(split) != null;
  }

  @Override
  public Samples read(Split split) {
    Path source = source(split);
    if (source == null) {
      throw new MalformedDataException(
          path,
          switch (split) {
            case TRAIN -> "holds no training samples (train.npz, or .npy files).";
            case TEST -> "holds no test samples (test.npz, or a folder test with .npy files).";
          },
          switch (split) {
            case TRAIN -> "Add them; calibration and validation samples are drawn from them.";
            case TEST -> Datasets.VALIDATION_INSTEAD;
          });
    }
    if (name(source).endsWith(ARCHIVE)) {
      return NamedArrays.of(source, NpzFile.read(source)).forInputs(inputs);
    }
    var arrays = new LinkedHashMap<String, NumberArray>();
    for (Path file : Files.isDirectory(source) ? arrayFiles(source) : List.of(source)) {
      String name = name(file).substring(0, name(file).length() - ARRAY.length());
      arrays.put(name, NpyFile.open(file, name));
    }
    return NamedArrays.of(source, arrays).forInputs(inputs);
  }

  @Override
  public List<Path> files() {
    return Stream.of(Split.values())
        .map(this::source)
        .filter(source -> source != null)
        .flatMap(
            source -> Files.isDirectory(source) ? arrayFiles(source).stream() : Stream.of(source))
        .toList();
  }

  /// Returns the file, or the folder of `.npy` files, that holds a split; null if there is none.
  private @Nullable Path source(Split split) {
    if (Files.isRegularFile(path)) {
      boolean isArray = name(path).endsWith(ARCHIVE) || name(path).endsWith(ARRAY);
      return split == Split.TRAIN && isArray ? path : null;
    }
    for (String name : split.folders()) {
      Path archive = path.resolve(name + ARCHIVE);
      if (Files.isRegularFile(archive)) {
        return archive;
      }
      Path folder = path.resolve(name);
      if (Files.isDirectory(folder) && !arrayFiles(folder).isEmpty()) {
        return folder;
      }
    }
    return split == Split.TRAIN && Files.isDirectory(path) && !arrayFiles(path).isEmpty()
        ? path
        : null;
  }

  private static List<Path> arrayFiles(Path folder) {
    return FolderContent.of(folder).stream()
        .filter(entry -> name(entry).endsWith(ARRAY) && Files.isRegularFile(entry))
        .toList();
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }
}
