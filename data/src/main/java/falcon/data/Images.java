package falcon.data;

/// Labelled images as raw bytes `[n, C, H, W]`, planar, 0 to 255; immutable.
public final class Images implements Samples {
  private final int channels;
  private final int height;
  private final int width;
  private final byte[] pixels;
  private final byte[] labels;

  private Images(int channels, int height, int width, byte[] pixels, byte[] labels) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.pixels = pixels;
    this.labels = labels;
  }

  /// Images of one size.
  ///
  /// @param pixels `[n, C, H, W]`, unsigned bytes; handed over: the caller must not change it
  /// @param labels `[n]`, one unsigned byte each; handed over likewise
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
    return new Images(channels, height, width, pixels, labels);
  }

  /// The number of images, n.
  @Override
  public int count() {
    return labels.length;
  }

  public int channels() {
    return channels;
  }

  /// Rows of an image, in pixels.
  public int height() {
    return height;
  }

  /// Columns of an image, in pixels.
  public int width() {
    return width;
  }

  /// Numbers of one image, C·H·W.
  public int imageSize() {
    return channels * height * width;
  }

  @Override
  public boolean isLabelled() {
    return true;
  }

  /// Class of image `index`, 0 to 255.
  @Override
  public int label(int index) {
    return labels[index] & 0xff;
  }

  /// Value of number `position` in `[C, H, W]` of image `index`, 0 to 255.
  public int pixel(int index, int position) {
    return pixels[index * imageSize() + position] & 0xff;
  }

  /// Copies the raw bytes `[C, H, W]` of image `index` to `target` from `offset`.
  public void copy(int index, byte[] target, int offset) {
    System.arraycopy(pixels, index * imageSize(), target, offset, imageSize());
  }

  /// A copy of the images at `indexes`, in that order.
  public Images select(int... indexes) {
    var chosenPixels = new byte[Math.multiplyExact(indexes.length, imageSize())];
    var chosenLabels = new byte[indexes.length];
    for (int i = 0; i < indexes.length; i++) {
      copy(indexes[i], chosenPixels, i * imageSize());
      chosenLabels[i] = labels[indexes[i]];
    }
    return new Images(channels, height, width, chosenPixels, chosenLabels);
  }

  /// All pixels `[n, C, H, W]` themselves; for this package, which only reads them.
  byte[] pixels() {
    return pixels;
  }
}
