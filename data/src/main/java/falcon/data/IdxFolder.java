package falcon.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads [Layout#IDX].
final class IdxFolder {
  private IdxFolder() {}

  static boolean isPresent(Path directory) {
    return Stream.of(Split.values()).anyMatch(split -> images(directory, split) != null);
  }

  /// The number of classes is one more than the greatest training label (test label where there are
  /// no training images): idx files do not state it.
  static Dataset open(Path directory) {
    var split = images(directory, Split.TRAIN) == null ? Split.TEST : Split.TRAIN;
    var header = IdxFile.header(required(directory, split, true), IdxFile.Kind.IMAGES);
    int classes = 0;
    for (byte label : labels(directory, split)) {
      classes = Math.max(classes, 1 + (label & 0xff));
    }
    var shape = new Dataset.ImageShape(1, header.height(), header.width());
    return new Dataset(directory, Layout.IDX, shape, classes);
  }

  static Images read(Path directory, Split split, Dataset.ImageShape shape, int classes) {
    var file = required(directory, split, true);
    var header = IdxFile.header(file, IdxFile.Kind.IMAGES);
    if (header.height() != shape.height() || header.width() != shape.width()) {
      throw new MalformedDataException(
          file,
          "holds images of %d×%d pixels, the folder's other images have %d×%d."
              .formatted(header.height(), header.width(), shape.height(), shape.width()),
          "Put the files of one data set into the folder.");
    }
    var labels = labels(directory, split);
    if (labels.length != header.count()) {
      throw new MalformedDataException(
          file,
          "holds %d images, but %s has %d labels."
              .formatted(
                  header.count(), required(directory, split, false).getFileName(), labels.length),
          "Images and labels are not of the same data set; fetch both files again.");
    }
    for (int i = 0; i < labels.length; i++) {
      if ((labels[i] & 0xff) >= classes) {
        throw new MalformedDataException(
            required(directory, split, false),
            "image %d has label %d; the training labels are 0 to %d."
                .formatted(i, labels[i] & 0xff, classes - 1),
            "The file is damaged or of another data set; fetch it again.");
      }
    }
    var pixels = IdxFile.content(file, header);
    return Images.of(1, header.height(), header.width(), pixels, labels);
  }

  private static byte[] labels(Path directory, Split split) {
    var file = required(directory, split, false);
    return IdxFile.content(file, IdxFile.header(file, IdxFile.Kind.LABELS));
  }

  private static Path required(Path directory, Split split, boolean isImages) {
    var file = isImages ? images(directory, split) : existing(directory, name(split, false));
    if (file == null) {
      throw new MalformedDataException(
          directory,
          "holds no %s or %s.gz (the %s of the %s split)."
              .formatted(
                  name(split, isImages),
                  name(split, isImages),
                  isImages ? "images" : "labels",
                  split == Split.TRAIN ? "training" : "test"),
          "Fetch the missing file into the folder.");
    }
    return file;
  }

  private static @Nullable Path images(Path directory, Split split) {
    return existing(directory, name(split, true));
  }

  private static String name(Split split, boolean isImages) {
    return split.idxPrefix() + (isImages ? "-images-idx3-ubyte" : "-labels-idx1-ubyte");
  }

  private static @Nullable Path existing(Path directory, String name) {
    return Stream.of(name, name + ".gz")
        .map(directory::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElse(null);
  }
}
