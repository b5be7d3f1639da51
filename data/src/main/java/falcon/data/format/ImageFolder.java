package falcon.data.format;

import falcon.data.DataFile;
import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import falcon.data.Split;
import falcon.data.SplitReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads [Layout#IMAGES].
final class ImageFolder implements SplitReader {
  private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg");

  private final Path directory;
  private final Dataset.@Nullable ImageShape shape;
  private final @Nullable Integer resize;

  /// @param shape shape of the images, null if it is not yet known
  /// @param resize length of an image's shorter side before it is cropped, null for the default
  ///     that suits the shape
  ImageFolder(Path directory, Dataset.@Nullable ImageShape shape, @Nullable Integer resize) {
    this.directory = directory;
    this.shape = shape;
    this.resize = resize;
  }

  static boolean isPresent(Path directory) {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    var folder = new ImageFolder(directory, null, null);
    return folder.has(Split.TRAIN) || folder.has(Split.TEST);
  }

  static Dataset open(Path directory) {
    return new Dataset(
        directory, Layout.IMAGES, new ImageFolder(directory, null, null), null, null);
  }

  @Override
  public boolean has(Split split) {
    return root(split) != null;
  }

  @Override
  public Images read(Split split) {
    Path root = root(split);
    if (root == null) {
      throw new MalformedDataException(
          directory,
          "holds no %s images."
              .formatted(split == Split.TRAIN ? "training" : "test (folder test or val)"),
          split == Split.TRAIN
              ? "Add a folder 'train' with a folder of images for each class."
              : Datasets.VALIDATION_INSTEAD);
    }
    List<String> classes = classes(root);
    List<String> known = knownClasses();
    var files = new ArrayList<Path>();
    var labels = new ArrayList<Integer>();
    if (classes.isEmpty()) {
      files.addAll(images(root));
    }
    for (String name : classes) {
      int label = known.indexOf(name);
      if (label < 0) {
        throw new MalformedDataException(
            root,
            "holds a class '%s' that the training images do not have.".formatted(name),
            "Name the folders of both splits alike.");
      }
      for (Path file : images(root.resolve(name))) {
        files.add(file);
        labels.add(label);
      }
    }
    return Images.ofFiles(
        requiredShape(),
        new ImageFiles(files, requiredShape(), resize),
        files.size(),
        classes.isEmpty() ? null : labels.stream().mapToInt(Integer::intValue).toArray());
  }

  private Dataset.ImageShape requiredShape() {
    if (shape == null) {
      throw new IllegalStateException(directory + ": the size of the images is not known yet");
    }
    return shape;
  }

  /// Returns this reader with the image size that a network takes.
  @Override
  public SplitReader sized(Dataset.ImageShape imageShape, @Nullable Integer shortSide) {
    return new ImageFolder(directory, imageShape, shortSide);
  }

  @Override
  public boolean isLabelled() {
    Path root = root(Split.TRAIN);
    return !classes(root == null ? requiredRoot() : root).isEmpty();
  }

  @Override
  public int classes() {
    return knownClasses().size();
  }

  @Override
  public List<Path> files() {
    var files = new ArrayList<Path>();
    for (Split split : Split.values()) {
      Path root = root(split);
      if (root != null) {
        files.addAll(images(root));
        classes(root).forEach(name -> files.addAll(images(root.resolve(name))));
      }
    }
    return List.copyOf(files);
  }

  /// Returns the names of the classes, sorted: those of the training images, or else of the test
  /// images.
  private List<String> knownClasses() {
    Path root = root(Split.TRAIN);
    return classes(root == null ? requiredRoot() : root);
  }

  private Path requiredRoot() {
    Path root = root(Split.TEST);
    if (root == null) {
      throw new MalformedDataException(
          directory, "holds no images any more.", "Start again when they are there.");
    }
    return root;
  }

  /// Returns the folder whose folders are the classes of a split; null if there is none.
  private @Nullable Path root(Split split) {
    for (String name : split.folders()) {
      Path folder = directory.resolve(name);
      if (holdsImages(folder)) {
        return folder;
      }
    }
    boolean isSplit =
        Stream.of(Split.values())
            .flatMap(part -> part.folders().stream())
            .anyMatch(name -> holdsImages(directory.resolve(name)));
    return split == Split.TRAIN && !isSplit && holdsImages(directory) ? directory : null;
  }

  private static boolean holdsImages(Path folder) {
    return Files.isDirectory(folder) && (hasImage(folder) || !classes(folder).isEmpty());
  }

  /// Returns the sorted names of the folders with images.
  private static List<String> classes(Path root) {
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(entry -> Files.isDirectory(entry) && hasImage(entry))
          .map(entry -> String.valueOf(entry.getFileName()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw DataFile.unreadable(root, e);
    }
  }

  private static boolean hasImage(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.anyMatch(ImageFolder::isImage);
    } catch (IOException e) {
      throw DataFile.unreadable(folder, e);
    }
  }

  private static List<Path> images(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(ImageFolder::isImage).sorted().toList();
    } catch (IOException e) {
      throw DataFile.unreadable(folder, e);
    }
  }

  private static boolean isImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(name::endsWith) && Files.isRegularFile(file);
  }
}
