package falcon.data;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A folder of labelled images: training images, of which [Splits] holds some out, and test images.
///
/// The images of a split are read when first asked for and kept; several threads may ask. A split
/// that the folder does not have is an error only when it is asked for.
public final class Dataset {
  private final Path directory;
  private final Layout layout;
  private final ImageShape shape;
  private final int classes;
  private @Nullable Images train;
  private @Nullable Images test;

  Dataset(Path directory, Layout layout, ImageShape shape, int classes) {
    this.directory = directory;
    this.layout = layout;
    this.shape = shape;
    this.classes = classes;
  }

  /// Size of one image in channels and pixels.
  record ImageShape(int channels, int height, int width) {}

  /// The folder that was opened.
  public Path directory() {
    return directory;
  }

  public Layout layout() {
    return layout;
  }

  /// Channels of an image: 3 for colour, 1 for grey.
  public int channels() {
    return shape.channels();
  }

  /// Rows of an image, in pixels.
  public int height() {
    return shape.height();
  }

  /// Columns of an image, in pixels.
  public int width() {
    return shape.width();
  }

  /// The number of classes; labels are `0 .. classes − 1`.
  public int classes() {
    return classes;
  }

  /// The training images, in file order.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  public synchronized Images train() {
    if (train == null) {
      train = read(Split.TRAIN);
    }
    return train;
  }

  /// The test images, in file order.
  ///
  /// @throws MalformedDataException if they are absent or damaged
  public synchronized Images test() {
    if (test == null) {
      test = read(Split.TEST);
    }
    return test;
  }

  private Images read(Split split) {
    return switch (layout) {
      case CIFAR10 -> Cifar10Folder.read(directory, split);
      case IDX -> IdxFolder.read(directory, split, shape, classes);
    };
  }
}
