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
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads [Layout#IDX].
final class IdxFolder implements SplitReader {
  private final Path directory;
  private final Dataset.ImageShape shape;
  private final int classes;

  private IdxFolder(Path directory, Dataset.ImageShape shape, int classes) {
    this.directory = directory;
    this.shape = shape;
    this.classes = classes;
  }

  static boolean isPresent(Path directory) {
    return Stream.of(Split.values())
        .anyMatch(split -> existing(directory, split, IdxFile.Kind.IMAGES) != null);
  }

  /// Opens a folder. The number of classes is one more than the greatest training label (test label
  /// where the training images have none), since idx files do not state it.
  static Dataset open(Path directory) {
    var split =
        existing(directory, Split.TRAIN, IdxFile.Kind.IMAGES) == null ? Split.TEST : Split.TRAIN;
    var header =
        IdxFile.header(required(directory, split, IdxFile.Kind.IMAGES), IdxFile.Kind.IMAGES);
    var labelled =
        existing(directory, Split.TRAIN, IdxFile.Kind.LABELS) == null ? Split.TEST : Split.TRAIN;
    byte[] labels = labels(directory, labelled);
    int classes = 0;
    for (int i = 0; labels != null && i < labels.length; i++) {
      classes = Math.max(classes, 1 + (labels[i] & 0xff));
    }
    var shape = new Dataset.ImageShape(1, header.height(), header.width());
    return new Dataset(
        directory,
        Layout.IDX,
        new IdxFolder(directory, shape, classes),
        shape,
        labels == null ? null : classes);
  }

  @Override
  public boolean has(Split split) {
    return existing(directory, split, IdxFile.Kind.IMAGES) != null;
  }

  @Override
  public List<Path> files() {
    var files = new ArrayList<Path>();
    for (Split split : Split.values()) {
      for (IdxFile.Kind kind : IdxFile.Kind.values()) {
        Path file = existing(directory, split, kind);
        if (file != null) {
          files.add(file);
        }
      }
    }
    return List.copyOf(files);
  }

  @Override
  public Images read(Split split) {
    var file = required(directory, split, IdxFile.Kind.IMAGES);
    var header = IdxFile.header(file, IdxFile.Kind.IMAGES);
    if (header.height() != shape.height() || header.width() != shape.width()) {
      throw new MalformedDataException(
          file,
          "holds images of %d×%d pixels, the folder's other images have %d×%d."
              .formatted(header.height(), header.width(), shape.height(), shape.width()),
          "Put the files of one data set into the folder.");
    }
    byte[] labels = labels(directory, split);
    if (labels == null && split == Split.TEST) {
      required(directory, split, IdxFile.Kind.LABELS);
    }
    if (labels == null) {
      byte[] pixels = IdxFile.content(file, header);
      return Images.unlabelled(1, header.height(), header.width(), pixels);
    }
    if (labels.length != header.count()) {
      throw new MalformedDataException(
          file,
          "holds %d images, but %s has %d labels."
              .formatted(
                  header.count(),
                  required(directory, split, IdxFile.Kind.LABELS).getFileName(),
                  labels.length),
          "Images and labels are not of the same data set; fetch both files again.");
    }
    for (int i = 0; i < labels.length; i++) {
      if ((labels[i] & 0xff) >= classes) {
        throw new MalformedDataException(
            required(directory, split, IdxFile.Kind.LABELS),
            "image %d has label %d; the training labels are 0 to %d."
                .formatted(i, labels[i] & 0xff, classes - 1),
            "The file is damaged or of another data set; fetch it again.");
      }
    }
    byte[] pixels = IdxFile.content(file, header);
    return Images.of(1, header.height(), header.width(), pixels, labels);
  }

  /// Returns the labels of a split; null if the file is not there.
  private static byte @Nullable [] labels(Path directory, Split split) {
    Path file = existing(directory, split, IdxFile.Kind.LABELS);
    return file == null ? null : IdxFile.content(file, IdxFile.header(file, IdxFile.Kind.LABELS));
  }

  /// Calibration needs no labels, judging on test images does.
  @Override
  public List<String> warnings() {
    boolean isUnlabelled =
        has(Split.TRAIN) && existing(directory, Split.TRAIN, IdxFile.Kind.LABELS) == null;
    return isUnlabelled
        ? List.of(
            "%s holds no %s: the training images have no classes."
                .formatted(directory, IdxFile.Kind.LABELS.nameIn(Split.TRAIN)))
        : List.of();
  }

  private static Path required(Path directory, Split split, IdxFile.Kind kind) {
    var file = existing(directory, split, kind);
    if (file == null) {
      var name = kind.nameIn(split);
      throw new MalformedDataException(
          directory,
          "holds no %s or %s.gz (the %s of the %s split)."
              .formatted(
                  name,
                  name,
                  kind == IdxFile.Kind.IMAGES ? "images" : "labels",
                  split == Split.TRAIN ? "training" : "test"),
          "Fetch the missing file into the folder.");
    }
    return file;
  }

  private static @Nullable Path existing(Path directory, Split split, IdxFile.Kind kind) {
    var name = kind.nameIn(split);
    return Stream.of(name, name + ".gz")
        .map(directory::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }
}
