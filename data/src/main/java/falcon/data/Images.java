package falcon.data;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Images as raw bytes `[n, C, H, W]`, planar, 0 to 255, in memory or decoded from files on each
/// request; each has a class, or none has. Instances are immutable.
public final class Images implements Samples {
  private final Dataset.ImageShape shape;
  private final int count;
  private final PixelSource source;
  private final byte @Nullable [] pixels;
  private final int @Nullable [] labels;

  private Images(
      Dataset.ImageShape shape,
      int count,
      PixelSource source,
      byte @Nullable [] pixels,
      int @Nullable [] labels) {
    this.shape = shape;
    this.count = count;
    this.source = source;
    this.pixels = pixels;
    this.labels = labels;
  }

  /// Returns images of one size, in memory.
  ///
  /// @param pixels `[n, C, H, W]`, unsigned bytes; handed over: the caller must not change the
  ///     array
  /// @param labels `[n]`, one unsigned byte each
  /// @throws IllegalArgumentException if the lengths do not fit each other
  public static Images of(int channels, int height, int width, byte[] pixels, byte[] labels) {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "an image of %d×%d×%d has no pixels".formatted(channels, height, width));
    }
    long expected = (long) labels.length * channels * height * width;
    if (expected != pixels.length) {
      throw new IllegalArgumentException(
          "%d images of %d×%d×%d need %d bytes, got %d"
              .formatted(labels.length, channels, height, width, expected, pixels.length));
    }
    var classes = new int[labels.length];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = labels[i] & 0xff;
    }
    return inMemory(new Dataset.ImageShape(channels, height, width), pixels, classes);
  }

  /// Returns images of one size without classes, in memory.
  ///
  /// @param pixels `[n, C, H, W]`, unsigned bytes; handed over: the caller must not change the
  ///     array
  public static Images unlabelled(int channels, int height, int width, byte[] pixels) {
    return inMemory(new Dataset.ImageShape(channels, height, width), pixels, null);
  }

  private static Images inMemory(Dataset.ImageShape shape, byte[] pixels, int @Nullable [] labels) {
    int size = shape.channels() * shape.height() * shape.width();
    return new Images(
        shape,
        pixels.length / size,
        (index, target, offset) -> System.arraycopy(pixels, index * size, target, offset, size),
        pixels,
        labels);
  }

  /// Returns images that a source supplies one by one.
  ///
  /// @param labels `[count]`, null if there are no classes; handed over
  public static Images ofFiles(
      Dataset.ImageShape shape, PixelSource source, int count, int @Nullable [] labels) {
    return new Images(shape, count, source, null, labels);
  }

  /// Returns the number of images, n.
  @Override
  public int count() {
    return count;
  }

  /// Returns the number of channels of an image.
  public int channels() {
    return shape.channels();
  }

  /// Returns the height of an image in pixels.
  public int height() {
    return shape.height();
  }

  /// Returns the width of an image in pixels.
  public int width() {
    return shape.width();
  }

  /// Returns the number of values of one image, C·H·W.
  public int imageSize() {
    return channels() * height() * width();
  }

  @Override
  public boolean isLabelled() {
    return labels != null;
  }

  @Override
  public int label(int index) {
    if (labels == null) {
      throw new IllegalStateException("the images have no classes");
    }
    return labels[index];
  }

  /// Returns the value at `position` in `[C, H, W]` of image `index`, 0 to 255.
  public int pixel(int index, int position) {
    var image = new byte[imageSize()];
    copy(index, image, 0);
    return image[position] & 0xff;
  }

  /// Copies the raw bytes `[C, H, W]` of image `index` to `target` from `offset`.
  ///
  /// @throws MalformedDataException if its file cannot be decoded
  public void copy(int index, byte[] target, int offset) {
    source.copy(index, target, offset);
  }

  /// Returns a copy in memory of the images at `indexes`, in that order.
  public Images select(int... indexes) {
    var chosenPixels = new byte[Math.multiplyExact(indexes.length, imageSize())];
    var chosenLabels = labels == null ? null : new int[indexes.length];
    for (int i = 0; i < indexes.length; i++) {
      copy(indexes[i], chosenPixels, i * imageSize());
      if (chosenLabels != null) {
        chosenLabels[i] = label(indexes[i]);
      }
    }
    return inMemory(shape, chosenPixels, chosenLabels);
  }

  /// Returns all pixels `[n, C, H, W]`; for images in memory this is their own array, which callers
  /// must only read.
  public byte[] pixels() {
    if (pixels != null) {
      return pixels;
    }
    var indexes = new int[count];
    Arrays.setAll(indexes, i -> i);
    return Objects.requireNonNull(select(indexes).pixels);
  }
}
