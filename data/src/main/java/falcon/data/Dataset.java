package falcon.data;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Samples to prune and judge a network by: a training split, of which [Splits] holds some out, and
/// a test split. Samples are images or named arrays, with a class each or none.
///
/// The samples of a split are read when first asked for and kept; several threads may ask. A split
/// that is not there is an error only when it is asked for.
public final class Dataset {
  /// Longest side of images that are cut to a size, in pixels.
  private static final int LONGEST_SIDE = 1 << 12;

  private final Path path;
  private final Layout layout;
  private final SplitReader reader;
  private final @Nullable ImageShape shape;
  private @Nullable Samples train;
  private @Nullable Samples test;
  private @Nullable Integer classes;

  /// @param shape of the images; null of arrays, and of images whose size a network is to say
  /// @param classes number of classes, null if the samples tell it
  public Dataset(
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
  public record ImageShape(int channels, int height, int width) {}

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

  /// Whether the images are cut to a size that is yet to be given by [#sized].
  public boolean needsImageSize() {
    return layout == Layout.IMAGES && shape == null;
  }

  /// The same with images of the size that a network takes.
  ///
  /// @param channels 1 or 3
  /// @param shortSide length that an image's shorter side is resized to before the middle is cut
  ///     out, at least as long as `height` and `width`; null for 8/7 of the longer one, and none
  ///     for an image that has the size already
  /// @throws IllegalArgumentException if a number is out of its range
  /// @throws IllegalStateException if the data have another layout than [Layout#IMAGES]
  public Dataset sized(int channels, int height, int width, @Nullable Integer shortSide) {
    boolean isSound =
        (channels == 1 || channels == 3)
            && height >= 1
            && width >= 1
            && Math.max(height, width) <= LONGEST_SIDE;
    if (!isSound) {
      throw new IllegalArgumentException(
          "images of %d channels and %d×%d pixels: wanted are 1 or 3 channels, sides from 1 to %d"
              .formatted(channels, height, width, LONGEST_SIDE));
    }
    if (shortSide != null && (shortSide < Math.max(height, width) || shortSide > LONGEST_SIDE)) {
      throw new IllegalArgumentException(
          "resized to a shorter side of %d pixels: wanted are %d to %d"
              .formatted(shortSide, Math.max(height, width), LONGEST_SIDE));
    }
    var imageShape = new ImageShape(channels, height, width);
    return new Dataset(path, layout, reader.sized(imageShape, shortSide), imageShape, classes);
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
    return layout == Layout.IMAGES ? reader.isLabelled() : any().isLabelled();
  }

  /// The number of classes; labels are `0 .. classes − 1`. It is what the layout says, or else one
  /// more than the greatest label.
  ///
  /// @throws IllegalStateException if there are no classes
  public synchronized int classes() {
    if (classes == null) {
      classes = layout == Layout.IMAGES ? reader.classes() : any().classes();
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
