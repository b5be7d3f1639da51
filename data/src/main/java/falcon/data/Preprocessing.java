package falcon.data;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The conversion of raw bytes to the numbers that a network takes, and the augmentation of
/// training images.
///
/// ```
/// x = (pixel / 255 − mean_c) / deviation_c          per channel c, computed in double
/// ```
///
/// Networks that take whole numbers get pixels as they are ([#ofPixels]). Training images may also
/// be cropped at random from a border of black (pixel 0) and flipped left to right. A network keeps
/// its preprocessing as metadata: [#toMetadata], [#fromMetadata]. Instances are immutable.
public final class Preprocessing {
  private static final String MEAN = "falcon.mean";
  private static final String DEVIATION = "falcon.deviation";
  private static final String BORDER = "falcon.border";
  private static final String FLIP = "falcon.flip";
  private static final String LAYOUT = "falcon.layout";

  /// Greatest value of a pixel.
  private static final double WHITE = 255.0;

  /// Greatest border in pixels; a larger number is taken as a mistake.
  private static final int WIDEST_BORDER = 256;

  private final List<Double> mean;
  private final List<Double> deviation;
  private final int border;
  private final boolean flip;
  private final @Nullable ImageLayout layout;

  /// The number that each byte is converted to, `[C, 256]`.
  private final float[] values;

  private Preprocessing(
      List<Double> mean,
      List<Double> deviation,
      int border,
      boolean flip,
      @Nullable ImageLayout layout) {
    this.mean = List.copyOf(mean);
    this.deviation = List.copyOf(deviation);
    this.border = border;
    this.flip = flip;
    this.layout = layout;
    this.values = new float[256 * mean.size()];
    for (int i = 0; i < values.length; i++) {
      int c = i / 256;
      values[i] = (float) ((i % 256 / WHITE - mean.get(c)) / deviation.get(c));
    }
  }

  /// Returns preprocessing with the given values.
  ///
  /// @param mean per channel, on the scale 0 to 1
  /// @param deviation standard deviation per channel, on the same scale, above 0
  /// @param border width of the black border that random crops are taken from, in pixels, 0 or more
  /// @param flip whether half of the training images are flipped left to right
  /// @throws IllegalArgumentException if a value is out of range or the lists differ in length
  public static Preprocessing of(
      List<Double> mean, List<Double> deviation, int border, boolean flip) {
    if (mean.isEmpty() || mean.size() != deviation.size()) {
      throw new IllegalArgumentException(
          "mean %s and deviation %s: wanted is one of each per channel".formatted(mean, deviation));
    }
    if (!mean.stream().allMatch(Double::isFinite)) {
      throw new IllegalArgumentException("mean %s is not finite".formatted(mean));
    }
    if (!deviation.stream().allMatch(d -> d > 0 && Double.isFinite(d))) {
      throw new IllegalArgumentException("deviation %s is not above 0".formatted(deviation));
    }
    if (border < 0 || border > WIDEST_BORDER) {
      throw new IllegalArgumentException(
          "border of %d pixels: wanted are 0 to %d".formatted(border, WIDEST_BORDER));
    }
    return new Preprocessing(mean, deviation, border, flip, null);
  }

  /// Returns preprocessing that leaves pixels as they are, on the scale 0 to 255, or moves all of
  /// them: x = pixel + offset.
  ///
  /// @param channels number of channels of the images
  /// @param offset 0, or −128 for networks that take signed bytes
  /// @param border width of the black border that random crops are taken from, in pixels, 0 or more
  /// @param flip whether half of the training images are flipped left to right
  public static Preprocessing ofPixels(int channels, int offset, int border, boolean flip) {
    return of(
        Collections.nCopies(channels, offset == 0 ? 0 : -offset / WHITE),
        Collections.nCopies(channels, 1 / WHITE),
        border,
        flip);
  }

  /// Returns this preprocessing with another order of the axes.
  ///
  /// @param axes null for the one that the network's shape determines
  public Preprocessing in(@Nullable ImageLayout axes) {
    return new Preprocessing(mean, deviation, border, flip, axes);
  }

  /// Returns the usual preprocessing of networks trained on data of this layout.
  ///
  /// CIFAR-10: mean and deviation 0.5, border 4, flip, as the ResNet20 checkpoint of FALCON's paper
  /// was trained. idx: mean 0.2860 and deviation 0.3530, those of Fashion-MNIST's training images,
  /// border 2, flip.
  ///
  /// @throws IllegalArgumentException for arrays, which are not preprocessed
  public static Preprocessing defaultsOf(Layout layout) {
    return defaultsOf(layout, 3);
  }

  /// Returns the usual preprocessing of networks trained on data of this layout; image folders:
  /// mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224, 0.225 of red, green, blue, those of
  /// ImageNet's training images, or their means 0.449 and 0.226 of grey ones; no border, flip.
  ///
  /// @param channels number of channels of the images, where the layout leaves that open
  /// @throws IllegalArgumentException for arrays, which are not preprocessed
  public static Preprocessing defaultsOf(Layout layout, int channels) {
    return switch (layout) {
      case CIFAR10 -> of(List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.5), 4, true);
      case IDX -> of(List.of(0.2860), List.of(0.3530), 2, true);
      case IMAGES ->
          channels == 1
              ? of(List.of(0.449), List.of(0.226), 0, true)
              : of(List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225), 0, true);
      case ARRAYS -> throw new IllegalArgumentException("arrays are not preprocessed");
    };
  }

  /// Returns the preprocessing in a network's metadata, or null if there is none.
  ///
  /// @param source file of the metadata, named in messages
  /// @throws MalformedDataException if a part is missing, or a value is out of range
  public static @Nullable Preprocessing fromMetadata(Path source, Map<String, String> metadata) {
    if (Stream.of(MEAN, DEVIATION, BORDER, FLIP).noneMatch(metadata::containsKey)) {
      return null;
    }
    try {
      String axes = metadata.get(LAYOUT);
      return of(
              numbers(metadata, MEAN),
              numbers(metadata, DEVIATION),
              Integer.parseInt(value(metadata, BORDER)),
              switch (value(metadata, FLIP)) {
                case "true" -> true;
                case "false" -> false;
                default ->
                    throw new IllegalArgumentException(
                        "%s is '%s', not true or false".formatted(FLIP, metadata.get(FLIP)));
              })
          .in(axes == null ? null : ImageLayout.of(axes.strip()));
    } catch (IllegalArgumentException e) {
      throw new MalformedDataException(
          source,
          "metadata of the preprocessing is wrong: %s.".formatted(e.getMessage()),
          "Set %s, %s, %s and %s, or none of them.".formatted(MEAN, DEVIATION, BORDER, FLIP),
          e);
    }
  }

  /// Returns metadata keys and values from which [#fromMetadata] makes an equal object.
  public Map<String, String> toMetadata() {
    var metadata = new LinkedHashMap<String, String>();
    metadata.put(MEAN, text(mean));
    metadata.put(DEVIATION, text(deviation));
    metadata.put(BORDER, Integer.toString(border));
    metadata.put(FLIP, Boolean.toString(flip));
    if (layout != null) {
      metadata.put(LAYOUT, layout.id());
    }
    return metadata;
  }

  /// Returns the mean per channel, on the scale 0 to 1.
  public List<Double> mean() {
    return mean;
  }

  /// Returns the standard deviation per channel, on the scale 0 to 1.
  public List<Double> deviation() {
    return deviation;
  }

  /// Returns the width of the black border that random crops are taken from, in pixels.
  public int border() {
    return border;
  }

  /// Returns whether half of the training images are flipped left to right.
  public boolean isFlipped() {
    return flip;
  }

  /// Returns the order of the axes, null if the network's shape determines it.
  public @Nullable ImageLayout layout() {
    return layout;
  }

  /// Returns whether every pixel becomes a whole number of a range.
  ///
  /// @param least least number of the range
  /// @param greatest greatest number of the range
  public boolean isWhole(long least, long greatest) {
    for (float value : values) {
      if (value != Math.rint(value) || value < least || value > greatest) {
        return false;
      }
    }
    return true;
  }

  /// Writes image `index` to `out` from `offset`: as `[H, W, C]` in the layout
  /// [ImageLayout#NHWC], else as `[C, H, W]`.
  ///
  /// @throws IllegalArgumentException if the images have another number of channels
  public void fill(Images images, int index, float[] out, int offset) {
    byte[] image = image(images, index);
    int area = images.height() * images.width();
    int channelStep = channelStep(area);
    int pixelStep = pixelStep(images);
    for (int c = 0; c < images.channels(); c++) {
      int to = offset + c * channelStep;
      for (int i = 0; i < area; i++) {
        out[to + i * pixelStep] = values[256 * c + (image[c * area + i] & 0xff)];
      }
    }
  }

  /// Distance of the same pixel in the next channel.
  private int channelStep(int area) {
    return layout == ImageLayout.NHWC ? 1 : area;
  }

  /// Distance of the next pixel in the same channel.
  private int pixelStep(Images images) {
    return layout == ImageLayout.NHWC ? images.channels() : 1;
  }

  /// Writes like [#fill] a random crop of the image with its black border, randomly flipped.
  ///
  /// It draws three numbers from `random`: row and column of the crop, `0 .. 2·border`, and the
  /// flip.
  public void fillAugmented(
      Images images, int index, float[] out, int offset, SplittableRandom random) {
    byte[] image = image(images, index);
    int down = random.nextInt(2 * border + 1) - border;
    int right = random.nextInt(2 * border + 1) - border;
    boolean isMirrored = random.nextBoolean() && flip;
    int height = images.height();
    int width = images.width();
    int channelStep = channelStep(height * width);
    int pixelStep = pixelStep(images);
    for (int c = 0; c < images.channels(); c++) {
      int plane = c * height * width;
      int to = offset + c * channelStep;
      for (int y = 0; y < height; y++) {
        int row = y + down;
        for (int x = 0; x < width; x++) {
          int column = (isMirrored ? width - 1 - x : x) + right;
          boolean isInside = row >= 0 && row < height && column >= 0 && column < width;
          int pixel = isInside ? image[plane + row * width + column] & 0xff : 0;
          out[to] = values[256 * c + pixel];
          to += pixelStep;
        }
      }
    }
  }

  private byte[] image(Images images, int index) {
    checkChannels(images);
    var image = new byte[images.imageSize()];
    images.copy(index, image, 0);
    return image;
  }

  private void checkChannels(Images images) {
    if (images.channels() != mean.size()) {
      throw new IllegalArgumentException(
          "preprocessing of %d channels, images of %d".formatted(mean.size(), images.channels()));
    }
  }

  private static String value(Map<String, String> metadata, String key) {
    var value = metadata.get(key);
    if (value == null) {
      throw new IllegalArgumentException(key + " is missing");
    }
    return value.strip();
  }

  private static List<Double> numbers(Map<String, String> metadata, String key) {
    return Stream.of(value(metadata, key).split(",", -1)).map(Double::valueOf).toList();
  }

  private static String text(List<Double> numbers) {
    return numbers.stream().map(Object::toString).collect(Collectors.joining(","));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Preprocessing that
        && mean.equals(that.mean)
        && deviation.equals(that.deviation)
        && border == that.border
        && flip == that.flip
        && layout == that.layout;
  }

  @Override
  public int hashCode() {
    return Objects.hash(mean, deviation, border, flip, layout);
  }

  @Override
  public String toString() {
    return "%s, border %d, %s%s"
        .formatted(
            isWhole(-(long) WHITE, (long) WHITE)
                ? "pixels from %.0f to %.0f".formatted(values[0], values[255])
                : "mean %s, deviation %s".formatted(text(mean), text(deviation)),
            border,
            flip ? "flip" : "no flip",
            layout == null ? "" : ", " + layout.id());
  }
}
