package falcon.data.format;

import falcon.data.DataFile;
import falcon.data.Dataset;
import falcon.data.ForeignFile;
import falcon.data.Images;
import falcon.data.Layout;
import falcon.data.MalformedDataException;
import falcon.data.Split;
import falcon.data.SplitReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Reads [Layout#CIFAR10].
final class Cifar10Folder implements SplitReader {
  private static final Dataset.ImageShape SHAPE = new Dataset.ImageShape(3, 32, 32);
  private static final int CLASSES = 10;
  private static final int IMAGE_BYTES = 3 * 32 * 32;

  /// Size of one record in bytes: a label byte, then the image.
  private static final int RECORD_BYTES = 1 + IMAGE_BYTES;

  private static final int OFFICIAL_RECORDS = 10_000;

  /// Greatest number of images of all files of a split together: their pixels stay below 1 GiB.
  private static final int MOST_RECORDS = (1 << 30) / IMAGE_BYTES;

  private final Path directory;

  private Cifar10Folder(Path directory) {
    this.directory = directory;
  }

  static boolean isPresent(Path directory) {
    return !files(directory, Split.TRAIN).isEmpty() || !files(directory, Split.TEST).isEmpty();
  }

  static Dataset open(Path directory) {
    return new Dataset(directory, Layout.CIFAR10, new Cifar10Folder(directory), SHAPE, CLASSES);
  }

  @Override
  public boolean has(Split split) {
    return !files(directory, split).isEmpty();
  }

  @Override
  public List<Path> files() {
    return Stream.of(Split.values()).flatMap(split -> files(directory, split).stream()).toList();
  }

  @Override
  public Images read(Split split) {
    var files = files(directory, split);
    if (files.isEmpty()) {
      throw new MalformedDataException(
          directory,
          switch (split) {
            case TRAIN -> "holds no training images (data_batch_1.bin .. data_batch_5.bin).";
            case TEST -> "holds no test images (test_batch.bin).";
          },
          "Fetch the missing file of CIFAR-10's binary version into the folder.");
    }
    int total = 0;
    for (var file : files) {
      total += records(file, MOST_RECORDS - total);
    }
    var pixels = new byte[total * IMAGE_BYTES];
    var labels = new byte[total];
    int first = 0;
    for (var file : files) {
      first = read(file, first, pixels, labels);
    }
    return Images.of(SHAPE.channels(), SHAPE.height(), SHAPE.width(), pixels, labels);
  }

  private static List<Path> files(Path directory, Split split) {
    return switch (split) {
      case TRAIN ->
          IntStream.rangeClosed(1, 5)
              .mapToObj(i -> directory.resolve("data_batch_%d.bin".formatted(i)))
              .filter(Files::isRegularFile)
              .toList();
      case TEST ->
          List.of(directory.resolve("test_batch.bin")).stream()
              .filter(Files::isRegularFile)
              .toList();
    };
  }

  private static int records(Path file, int most) {
    long length = DataFile.length(file);
    if (length % RECORD_BYTES != 0) {
      ForeignFile.refuse(file); // of whole records any bytes may be right
    }
    if (length == 0 || length % RECORD_BYTES != 0) {
      throw new MalformedDataException(
          file,
          "has %d bytes, which is no whole number of images of %d bytes (the official file has %d)."
              .formatted(length, RECORD_BYTES, (long) RECORD_BYTES * OFFICIAL_RECORDS),
          "The file is cut short or not of CIFAR-10's binary version; fetch it again.");
    }
    if (length / RECORD_BYTES > most) {
      throw new MalformedDataException(
          file,
          "has %d bytes; with it the split is larger than the 1 GiB that is supported."
              .formatted(length),
          "Check that this is CIFAR-10's binary version.");
    }
    return (int) (length / RECORD_BYTES);
  }

  /// Reads `file` and returns the index after its last image.
  private static int read(Path file, int first, byte[] pixels, byte[] labels) {
    int index = first;
    try (var in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      for (int label = in.read(); label >= 0; label = in.read()) {
        if (index == labels.length) {
          throw changed(file);
        }
        if (label >= CLASSES) {
          throw new MalformedDataException(
              file,
              "image %d (byte %d) has label %d; labels are 0 to %d."
                  .formatted(
                      index - first, (long) (index - first) * RECORD_BYTES, label, CLASSES - 1),
              "The file is damaged or not of CIFAR-10's binary version; fetch it again.");
        }
        labels[index] = (byte) label;
        DataFile.readFully(file, in, pixels, index * IMAGE_BYTES, IMAGE_BYTES);
        index++;
      }
    } catch (IOException e) {
      throw DataFile.unreadable(file, e);
    }
    return index;
  }

  private static MalformedDataException changed(Path file) {
    return new MalformedDataException(
        file, "grew while it was read.", "Wait until the file is complete, then start again.");
  }
}
