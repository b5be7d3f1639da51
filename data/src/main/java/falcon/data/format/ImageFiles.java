package falcon.data.format;

import falcon.data.DataFile;
import falcon.data.DataOption;
import falcon.data.Dataset;
import falcon.data.ForeignFile;
import falcon.data.MalformedDataException;
import falcon.data.PixelSource;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/// Image files ([ImageFormat]), decoded on each request and brought to one size: resized so that
/// the shorter side has a given length, then cropped to the centre.
///
/// Bytes are those of the file, without colour profiles, gamma and transparency, as in most
/// training code; grey from colour is (299 R + 587 G + 114 B) / 1000.
public final class ImageFiles implements PixelSource {
  /// Greatest side of a file's image in pixels.
  private static final int LONGEST_SIDE = 1 << 15;

  /// Greatest number of pixels of a file's image: with the four channels of 16 bits that a PNG may
  /// have, half a GiB.
  private static final long MOST_PIXELS = 1L << 26;

  /// The usual share of a resized image's shorter side that the crop keeps: 224 of 256.
  private static final double CROP_SHARE = 0.875;

  private final List<Path> files;
  private final Dataset.ImageShape shape;
  private final @Nullable Integer resize;

  /// Creates a source of images from files.
  ///
  /// @param resize length of the shorter side before the crop; null for 8/7 of the longer side of
  ///     `shape`, without resizing an image that has that size already
  public ImageFiles(List<Path> files, Dataset.ImageShape shape, @Nullable Integer resize) {
    this.files = List.copyOf(files);
    this.shape = shape;
    this.resize = resize;
  }

  @Override
  public void copy(int index, byte[] target, int offset) {
    Path file = files.get(index);
    BufferedImage image = decode(file);
    int channels = shape.channels();
    int height = image.getHeight();
    int width = image.getWidth();
    byte[] planes = planes(file, image, channels);
    if (resize != null || height != shape.height() || width != shape.width()) {
      int side = resize != null ? resize : usualSide();
      int shorter = Math.min(height, width);
      int newHeight = Math.toIntExact((long) height * side / shorter);
      int newWidth = Math.toIntExact((long) width * side / shorter);
      refuseThin(file, newHeight, newWidth);
      planes = ImageScale.scaled(planes, channels, height, width, newHeight, newWidth);
      height = newHeight;
      width = newWidth;
    }
    int top = (int) Math.round((height - shape.height()) / 2.0);
    int left = (int) Math.round((width - shape.width()) / 2.0);
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < shape.height(); y++) {
        System.arraycopy(
            planes,
            (c * height + top + y) * width + left,
            target,
            offset + (c * shape.height() + y) * shape.width(),
            shape.width());
      }
    }
  }

  private int usualSide() {
    return (int) Math.round(Math.max(shape.height(), shape.width()) / CROP_SHARE);
  }

  /// Refuses a strip of a picture, which resizing would enlarge to any number of pixels.
  private static void refuseThin(Path file, int height, int width) {
    if ((long) height * width > MOST_PIXELS) {
      throw new MalformedDataException(
          file,
          "would have %d×%d pixels when resized; at most %d are supported."
              .formatted(height, width, MOST_PIXELS),
          "Take the image out, or resize to less (%s).".formatted(DataOption.RESIZE));
    }
  }

  /// Refuses a short file that states many pixels, which would take their memory before it proves
  /// damaged.
  private static void refuseHollow(
      Path file, ImageFormat format, ImageReader reader, int height, int width) throws IOException {
    ImageTypeSpecifier type = reader.getRawImageType(0);
    long bits = type == null ? 24 : type.getColorModel().getPixelSize();
    long length = DataFile.length(file);
    if (height * ((width * bits + 7) / 8) > format.greatestExpansion() * length) {
      throw new MalformedDataException(
          file,
          "states %d×%d pixels, more than its %d bytes can hold.".formatted(height, width, length),
          "The file is damaged; take it out, or fetch it again.");
    }
  }

  private static BufferedImage decode(Path file) {
    try (ImageInputStream in = new MemoryCacheImageInputStream(Files.newInputStream(file))) {
      ImageFormat format = format(file, in);
      ImageReader reader = format.reader();
      try {
        reader.setInput(in, true, true);
        int height = reader.getHeight(0);
        int width = reader.getWidth(0);
        if (height < 1
            || width < 1
            || height > LONGEST_SIDE
            || width > LONGEST_SIDE
            || (long) height * width > MOST_PIXELS) {
          throw new MalformedDataException(
              file,
              "states %d×%d pixels; at most %d are supported, %d a side."
                  .formatted(height, width, MOST_PIXELS, LONGEST_SIDE),
              "Take the image out, or save it smaller.");
        }
        refuseHollow(file, format, reader, height, width);
        return reader.read(0);
      } finally {
        reader.dispose();
      }
    } catch (MalformedDataException e) {
      throw e;
    } catch (IOException
        | RuntimeException e) { // The JDK's decoders fail in any way on damaged files.
      throw new MalformedDataException(
          file,
          "cannot be decoded: %s.".formatted(e.getMessage()),
          "The file is damaged or of a kind that Java does not read (CMYK); save it again or take it out.",
          e);
    }
  }

  private static ImageFormat format(Path file, ImageInputStream in) throws IOException {
    var start = new byte[ImageFormat.START_BYTES];
    int read = Math.max(0, in.read(start));
    in.seek(0);
    ImageFormat format = ImageFormat.of(Arrays.copyOf(start, read));
    if (format == null) {
      ForeignFile.refuse(file);
      throw new MalformedDataException(
          file,
          "is no image file of a kind that is read: %s.".formatted(ImageFormat.titles()),
          "Take it out, or save it as one of these.");
    }
    return format;
  }

  /// Returns the image's bytes, `[channels, H, W]`.
  private static byte[] planes(Path file, BufferedImage image, int channels) {
    int height = image.getHeight();
    int width = image.getWidth();
    var planes = new byte[Math.multiplyExact(channels, height * width)];
    var row = new int[3 * width];
    Colours colours = Colours.of(file, image);
    for (int y = 0; y < height; y++) {
      colours.row(y, row);
      for (int x = 0; x < width; x++) {
        int at = y * width + x;
        int red = row[3 * x];
        int green = row[3 * x + 1];
        int blue = row[3 * x + 2];
        if (channels == 1) {
          planes[at] =
              (byte)
                  (red == green && green == blue
                      ? red
                      : (299 * red + 587 * green + 114 * blue + 500) / 1000);
        } else {
          planes[at] = (byte) red;
          planes[height * width + at] = (byte) green;
          planes[2 * height * width + at] = (byte) blue;
        }
      }
    }
    return planes;
  }

  /// The red, green and blue values of a decoded image, 0 to 255, as in the file.
  private record Colours(BufferedImage image, boolean isConverted, boolean isGrey, int shift) {
    static Colours of(Path file, BufferedImage image) {
      boolean isIndexed = image.getColorModel() instanceof IndexColorModel;
      int space = image.getColorModel().getColorSpace().getType();
      int bits = image.getColorModel().getComponentSize(0);
      boolean isPacked = space == ColorSpace.TYPE_RGB && bits < 8;
      boolean isKnown =
          isIndexed
              || isPacked
              || ((space == ColorSpace.TYPE_RGB || space == ColorSpace.TYPE_GRAY)
                  && (bits == 8 || bits == 16));
      if (!isKnown) {
        throw new MalformedDataException(
            file,
            "has colours of a kind that is not supported (%d bits, colour space %d)."
                .formatted(bits, space),
            "Save it as RGB or grey, 8 bits a channel.");
      }
      return new Colours(image, isIndexed || isPacked, space == ColorSpace.TYPE_GRAY, bits - 8);
    }

    void row(int y, int[] row) {
      int width = image.getWidth();
      if (isConverted) {
        for (int x = 0; x < width; x++) {
          int rgb = image.getRGB(x, y);
          row[3 * x] = rgb >> 16 & 0xff;
          row[3 * x + 1] = rgb >> 8 & 0xff;
          row[3 * x + 2] = rgb & 0xff;
        }
        return;
      }
      Raster raster = image.getRaster();
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          row[3 * x + c] = raster.getSample(x, y, isGrey ? 0 : c) >> shift;
        }
      }
    }
  }
}
