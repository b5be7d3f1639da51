package falcon.data.format;

import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import falcon.data.Split;
import falcon.data.SplitReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads [Layout#IMAGES].
final class ImageFolder implements SplitReader {
  private final Path directory;
  private final Dataset.@Nullable ImageShape shape;
  private final @Nullable Integer resize;
  private final @Nullable Integer networkClasses;

  /// What is in the folders and is no image of the data set; null until it is needed.
  private @Nullable Leftovers leftovers;

  /// @param shape shape of the images, null if it is not yet known
  /// @param resize length of an image's shorter side before it is cropped, null for the default
  ///     that suits the shape
  /// @param networkClasses number of classes of the network, null if it is not known
  private ImageFolder(
      Path directory,
      Dataset.@Nullable ImageShape shape,
      @Nullable Integer resize,
      @Nullable Integer networkClasses) {
    this.directory = directory;
    this.shape = shape;
    this.resize = resize;
    this.networkClasses = networkClasses;
  }

  private static ImageFolder of(Path directory) {
    return new ImageFolder(directory, null, null, null);
  }

  static boolean isPresent(Path directory) {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    var folder = of(directory);
    return folder.has(Split.TRAIN) || folder.has(Split.TEST);
  }

  static Dataset open(Path directory) {
    return new Dataset(directory, Layout.IMAGES, of(directory), null, null);
  }

  @Override
  public boolean has(Split split) {
    return root(split) != null;
  }

  @Override
  public Images read(Split split) {
    Path root = required(split);
    List<String> names = classes(root);
    var files = new ArrayList<Path>();
    var labels = new ArrayList<Integer>();
    if (names.isEmpty()) {
      files.addAll(images(root));
    } else {
      ClassOrder order = order();
      for (String name : names) {
        Integer label = order.labels().get(name);
        if (label == null) {
          throw unknownClass(root, name);
        }
        for (Path file : images(root.resolve(name))) {
          files.add(file);
          labels.add(label);
        }
      }
    }
    return Images.ofFiles(
        requiredShape(),
        new ImageFiles(files, requiredShape(), resize),
        files.size(),
        names.isEmpty() ? null : labels.stream().mapToInt(Integer::intValue).toArray());
  }

  private MalformedDataException unknownClass(Path root, String name) {
    Path file = classFile();
    return file == null
        ? new MalformedDataException(
            root,
            "holds a class '%s' that the training images do not have.".formatted(name),
            "Name the folders of both splits alike.")
        : new MalformedDataException(
            root,
            "holds a folder '%s', which is none of the classes in %s.".formatted(name, file),
            "Add it there, in the order of the network's classes, or move the folder away.");
  }

  private Path required(Split split) {
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
    return root;
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
    return new ImageFolder(directory, imageShape, shortSide, networkClasses);
  }

  @Override
  public SplitReader forClasses(int count) {
    var reader = new ImageFolder(directory, shape, resize, count);
    reader.order();
    return reader;
  }

  @Override
  public boolean isLabelled(Split split) {
    return !classes(required(split)).isEmpty();
  }

  @Override
  public int classes() {
    return order().count();
  }

  @Override
  public List<Path> files() {
    var files = new ArrayList<Path>();
    Path classFile = classFile();
    if (classFile != null) {
      files.add(classFile);
    }
    for (Path root : roots()) {
      files.addAll(images(root));
      classes(root).forEach(name -> files.addAll(images(root.resolve(name))));
    }
    return List.copyOf(files);
  }

  @Override
  public List<String> notes() {
    return leftovers().notes();
  }

  @Override
  public List<String> warnings() {
    var warnings = new ArrayList<String>(leftovers().warnings());
    String assumption = networkClasses == null ? null : order().assumption();
    if (assumption != null) {
      warnings.add(assumption);
    }
    return warnings;
  }

  private synchronized Leftovers leftovers() {
    if (leftovers == null) {
      var found = new Leftovers();
      roots().forEach(root -> found.add(root, classes(root)));
      leftovers = found;
    }
    return leftovers;
  }

  /// Returns the labels of the folders: of those of the training images, or else of the test
  /// images.
  private ClassOrder order() {
    List<String> names = List.of();
    var both = new HashSet<String>();
    var all = new TreeSet<String>();
    for (Path root : roots()) {
      List<String> ofSplit = classes(root);
      names = names.isEmpty() ? ofSplit : names;
      both.addAll(ofSplit);
      if (!ofSplit.isEmpty()) {
        all.addAll(folders(root));
      }
    }
    if (names.isEmpty()) {
      throw new IllegalStateException(directory + ": the images have no classes");
    }
    return ClassOrder.of(
        new ClassOrder.Folders(directory, classFile(), names, both, all), networkClasses);
  }

  /// Returns the file that lists the classes: in the folder of the data, or in that of a split;
  /// null if there is none.
  private @Nullable Path classFile() {
    return Stream.concat(Stream.of(directory), roots().stream())
        .map(folder -> folder.resolve(ClassOrder.FILE))
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }

  private List<Path> roots() {
    return Stream.of(Split.values()).map(this::root).filter(Objects::nonNull).toList();
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
    return Files.isDirectory(folder)
        && FolderContent.has(
            folder, entry -> isImage(entry) || (Files.isDirectory(entry) && hasImage(entry)));
  }

  /// Returns the sorted names of the folders with images.
  private static List<String> classes(Path root) {
    return folders(root).stream().filter(name -> hasImage(root.resolve(name))).toList();
  }

  /// Returns the sorted names of all folders.
  private static List<String> folders(Path root) {
    return FolderContent.of(root).stream()
        .filter(Files::isDirectory)
        .map(folder -> String.valueOf(folder.getFileName()))
        .sorted()
        .toList();
  }

  private static boolean hasImage(Path folder) {
    return FolderContent.has(folder, ImageFolder::isImage);
  }

  private static List<Path> images(Path folder) {
    return FolderContent.of(folder).stream().filter(ImageFolder::isImage).toList();
  }

  private static boolean isImage(Path file) {
    return ImageFormat.isNamed(file) && Files.isRegularFile(file);
  }
}
