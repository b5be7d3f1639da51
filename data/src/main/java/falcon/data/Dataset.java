package falcon.data;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Samples to prune and judge a network by: a training split, of which [Splits] holds some out, and a
/// test split. Samples are images or named arrays, with a class each or none.
///
/// The samples of a split are read when first asked for and kept; several threads may ask. A split
/// that is not there is an error only when it is asked for.
public final class Dataset {
  private final Path path;
  private final Layout layout;
  private final SplitReader reader;
  private final @Nullable ImageShape shape;
  private @Nullable Samples train;
  private @Nullable Samples test;
  private @Nullable Integer classes;

  /// @param shape of the images; null of arrays, and of images whose size a network is to say
  /// @param classes number of classes, null if the samples tell it
  Dataset(
      Path path,
      Layout layout,
      SplitReader reader,
      @Nullable ImageShape shape,
      @Nullable Integer classes) {
    this.path = path;
    this.layout = layout;
    this.reader = reader;
    this.shape = shape;
    this.classes = classes;
  }

  /// Size of one image in channels and pixels.
  record ImageShape(int channels, int height, int width) {}

  /// The folder or file that was opened.
  public Path directory() {
    return path;
  }

  public Layout layout() {
    return layout;
  }

  /// The files that hold the data, in a fixed order.
  public List<Path> files() {
    return reader.files();
  }

  /// Channels of an image: 3 for colour, 1 for grey.
  ///
  /// @throws IllegalStateException if the samples are arrays
  public int channels() {
    return imageShape().channels();
  }

  /// Rows of an image, in pixels.
  ///
  /// @throws IllegalStateException if the samples are arrays
  public int height() {
    return imageShape().height();
  }

  /// Columns of an image, in pixels.
  ///
  /// @throws IllegalStateException if the samples are arrays
  public int width() {
    return imageShape().width();
  }

  private ImageShape imageShape() {
    if (shape == null) {
      throw new IllegalStateException(
          "%s: %s has no images of one size".formatted(path, layout.id()));
    }
    return shape;
  }

  /// Whether the samples have a class each.
  ///
  /// @throws MalformedDataException if the data are damaged
  public boolean isLabelled() {
    return any().isLabelled();
  }

  /// The number of classes; labels are `0 .. classes − 1`. It is what the layout says, or else one more
  /// than the greatest label.
  ///
  /// @throws IllegalStateException if there are no classes
  public synchronized int classes() {
    if (classes == null) {
      classes = any().classes();
    }
    return classes;
  }

  /// The training samples, in file order.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  public synchronized Samples train() {
    if (train == null) {
      train = reader.read(Split.TRAIN);
    }
    return train;
  }

  /// The test samples, in file order.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  public synchronized Samples test() {
    if (test == null) {
      test = reader.read(Split.TEST);
    }
    return test;
  }

  /// The training samples of a data set of images.
  ///
  /// @throws IllegalStateException if the samples are arrays
  /// @throws MalformedDataException if they are absent or damaged
  public Images trainImages() {
    return switch (train()) {
      case Images images -> images;
      case NamedArrays _ -> throw new IllegalStateException(path + ": holds no images");
    };
  }

  /// The training samples, or the test samples where there are no others.
  ///
  /// @throws MalformedDataException if they are damaged
  public Samples any() {
    return reader.has(Split.TRAIN) ? train() : test();
  }

  /// Whether there is a test split.
  public boolean hasTest() {
    return reader.has(Split.TEST);
  }
}
