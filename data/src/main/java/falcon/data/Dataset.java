package falcon.data;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The samples that a network is pruned and evaluated with: a training split, of which [Splits]
/// holds some out, and a test split. Samples are images or named arrays; those of a split have
/// classes, or none has.
///
/// The samples of a split are read on first use and kept; the methods may be called by several
/// threads. A missing split is an error only when it is requested.
public final class Dataset {
  /// Greatest side of images that are cropped to a size, in pixels.
  private static final int LONGEST_SIDE = 1 << 12;

  private final Path path;
  private final Layout layout;
  private final SplitReader reader;
  private final @Nullable ImageShape shape;
  private @Nullable Samples train;
  private @Nullable Samples test;
  private @Nullable Integer classes;

  /// Creates a data set that reads its splits on first use.
  ///
  /// @param shape shape of the images; null for arrays, and for images whose size a network
  ///     determines
  /// @param classes number of classes, null if the samples determine it
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

  /// The size of one image in channels and pixels.
  public record ImageShape(int channels, int height, int width) {}

  /// Returns the folder or file that was opened.
  public Path directory() {
    return path;
  }

  /// Returns the layout of the files.
  public Layout layout() {
    return layout;
  }

  /// Returns the files that hold the data, in a fixed order.
  public List<Path> files() {
    return reader.files();
  }

  /// Returns whether the images are cropped to a size that [#sized] still has to set.
  public boolean needsImageSize() {
    return layout == Layout.IMAGES && shape == null;
  }

  /// Returns this data set with images of the size that a network takes.
  ///
  /// @param channels 1 or 3
  /// @param shortSide length that an image's shorter side is resized to before the centre is
  ///     cropped, at least as long as `height` and `width`; null for 8/7 of the longer one, without
  ///     resizing an image that has the size already
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

  /// Returns the number of channels of an image: 3 for colour, 1 for grey.
  ///
  /// @throws IllegalStateException if the samples are arrays
  public int channels() {
    return imageShape().channels();
  }

  /// Returns the height of an image in pixels.
  ///
  /// @throws IllegalStateException if the samples are arrays
  public int height() {
    return imageShape().height();
  }

  /// Returns the width of an image in pixels.
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

  /// Returns whether the training samples have classes, or the test samples where there are no
  /// training samples.
  ///
  /// @throws MalformedDataException if the data are damaged
  public boolean isLabelled() {
    return isLabelled(hasTrain() ? Split.TRAIN : Split.TEST);
  }

  /// Returns whether the samples of a split have classes.
  ///
  /// @throws MalformedDataException if the split is absent or damaged
  public boolean isLabelled(Split split) {
    return layout == Layout.IMAGES
        ? reader.isLabelled(split)
        : (split == Split.TRAIN ? train() : test()).isLabelled();
  }

  /// Returns this data set for a network with inputs of these names: an array that is named like
  /// one of them holds no classes, even if it is called `y`.
  public Dataset forInputs(Collection<String> names) {
    return with(reader.forInputs(names));
  }

  /// Returns this data set for a network that tells `count` classes apart. Folders of images that
  /// are fewer get the labels that their names, or a file `classes.txt`, determine.
  ///
  /// @throws MalformedDataException if nothing tells which of the network's classes the folders are
  public Dataset forClasses(int count) {
    return with(reader.forClasses(count));
  }

  @SuppressWarnings("ReferenceEquality") // a reader that changes nothing returns itself
  private Dataset with(SplitReader other) {
    return other == reader ? this : new Dataset(path, layout, other, shape, null);
  }

  /// Returns what was ignored on purpose when the files were looked for, such as hidden ones, for
  /// people; one line each.
  public List<String> notes() {
    return reader.notes();
  }

  /// Returns what was left out although it may have been meant, such as files of other types, for
  /// people; one line each.
  public List<String> warnings() {
    return reader.warnings();
  }

  /// Returns the number of classes; labels are `0 .. classes − 1`. The layout states it, or else it
  /// is one more than the greatest label of the training samples, or of the test samples where the
  /// training samples have no classes.
  ///
  /// @throws IllegalStateException if there are no classes
  public synchronized int classes() {
    if (classes == null) {
      classes = layout == Layout.IMAGES ? reader.classes() : labelled().classes();
    }
    return classes;
  }

  private Samples labelled() {
    Samples any = any();
    return any.isLabelled() || !hasTest() ? any : test();
  }

  /// Returns the training samples, in file order.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  public synchronized Samples train() {
    if (train == null) {
      train = reader.read(Split.TRAIN);
    }
    return train;
  }

  /// Returns the test samples, in file order.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  public synchronized Samples test() {
    if (test == null) {
      test = reader.read(Split.TEST);
    }
    return test;
  }

  /// Returns the training samples of a data set of images.
  ///
  /// @throws IllegalStateException if the samples are arrays
  /// @throws MalformedDataException if they are absent or damaged
  public Images trainImages() {
    return switch (train()) {
      case Images images -> images;
      case NamedArrays _ -> throw new IllegalStateException(path + ": holds no images");
    };
  }

  /// Returns the training samples, or the test samples where there are no training samples.
  ///
  /// @throws MalformedDataException if they are damaged
  public Samples any() {
    return hasTrain() ? train() : test();
  }

  /// Returns whether there is a training split.
  public boolean hasTrain() {
    return reader.has(Split.TRAIN);
  }

  /// Returns whether there is a test split.
  public boolean hasTest() {
    return reader.has(Split.TEST);
  }
}
