package falcon.benchmarks;

import falcon.data.ClassBalance;
import falcon.data.Dataset;
import falcon.data.Images;
import falcon.data.Seeds;
import falcon.data.Split;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/// Writes a smaller data set as gzipped idx files, as in the demo: a class-balanced part of the
/// training images and all test images.
///
/// The same source, count and seed give the same bytes.
final class IdxSubset {
  private static final String LABEL = "subset";

  /// Magic numbers of the two kinds of files.
  private static final int IMAGES = 0x803;

  private static final int LABELS = 0x801;

  private IdxSubset() {}

  /// Writes the four files of [falcon.data.Layout#IDX] into `directory`, which is made if it is
  /// absent; files of the same names are replaced.
  ///
  /// @param source grey images
  /// @param trainCount number of training images, from 1 to all of them: the same number of each
  ///     class as far as there are as many, in the order of the source
  /// @param seed decides which images of a class are taken
  /// @throws IllegalArgumentException if the images are not grey or there are not as many
  /// @throws falcon.data.MalformedDataException if the source cannot be read
  /// @throws UncheckedIOException if the files cannot be written; the message says where and why
  static void write(Dataset source, int trainCount, long seed, Path directory) {
    if (!(source.train() instanceof Images train) || train.channels() != 1) {
      throw new IllegalArgumentException(
          "idx files hold grey images, %s has others".formatted(source.directory()));
    }
    if (trainCount < 1 || trainCount > train.count()) {
      throw new IllegalArgumentException(
          "%d of %d training images".formatted(trainCount, train.count()));
    }
    var chosen = ClassBalance.choose(train, trainCount, 1, Seeds.of(seed, LABEL, 0));
    try {
      Files.createDirectories(directory);
      write(directory, Split.TRAIN, train.select(chosen));
      write(directory, Split.TEST, (Images) source.test());
    } catch (IOException e) {
      throw new UncheckedIOException(
          ("%s: cannot be written: %s.%n"
                  + "Check that the folder may be written to and that the disk has room.")
              .formatted(directory, e),
          e);
    }
  }

  private static void write(Path directory, Split split, Images images) throws IOException {
    writeFile(
        directory.resolve(split.idxPrefix() + "-images-idx3-ubyte.gz"),
        out -> {
          out.writeInt(IMAGES);
          out.writeInt(images.count());
          out.writeInt(images.height());
          out.writeInt(images.width());
          out.write(images.pixels());
        });
    writeFile(
        directory.resolve(split.idxPrefix() + "-labels-idx1-ubyte.gz"),
        out -> {
          out.writeInt(LABELS);
          out.writeInt(images.count());
          for (int i = 0; i < images.count(); i++) {
            out.writeByte(images.label(i));
          }
        });
  }

  @FunctionalInterface
  private interface Content {
    void writeTo(DataOutputStream out) throws IOException;
  }

  /// Gives the file its name only when it is complete.
  private static void writeFile(Path file, Content content) throws IOException {
    var partial = file.resolveSibling(file.getFileName() + ".partial");
    try {
      try (var out =
          new DataOutputStream(
              new BestGzip(new BufferedOutputStream(Files.newOutputStream(partial))))) {
        content.writeTo(out);
      }
      Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /// Gzip at its slowest and smallest.
  private static final class BestGzip extends GZIPOutputStream {
    BestGzip(OutputStream out) throws IOException {
      super(out, 1 << 16);
      def.setLevel(Deflater.BEST_COMPRESSION);
    }
  }
}
