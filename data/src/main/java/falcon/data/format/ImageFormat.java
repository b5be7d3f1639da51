package falcon.data.format;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.jspecify.annotations.Nullable;

/// The formats of image files that are read: those of the JDK, and WebP.
enum ImageFormat {
  PNG("PNG", 1536, "png"),
  JPEG("JPEG", 1536, "jpg", "jpeg", "jpe", "jfif"),
  BMP("BMP", 1536, "bmp", "dib"),
  GIF("GIF", 1 << 12, "gif"),
  TIFF("TIFF", 1 << 16, "tif", "tiff"),
  WEBP("WebP", 1 << 16, "webp");

  /// Number of first bytes of a file that tell its format.
  static final int START_BYTES = 12;

  private final String title;
  private final long greatestExpansion;
  private final Pattern endings;

  ImageFormat(String title, long greatestExpansion, String... endings) {
    this.title = title;
    this.greatestExpansion = greatestExpansion;
    this.endings = Pattern.compile(".*\\.(%s)".formatted(String.join("|", endings)));
  }

  /// Returns the greatest number of bytes of pixels per byte of a file: at most 1,032 by deflate
  /// (PNG), 256 by the run lengths of a BMP, 2,731 by LZW (GIF); a JPEG needs one bit per 64 pixels
  /// of three bytes. Fax codes (TIFF) and areas of one colour (WebP) are much shorter.
  long greatestExpansion() {
    return greatestExpansion;
  }

  /// Returns the format of a file with these first bytes, null if it is none of them.
  static @Nullable ImageFormat of(byte... start) {
    String latin = new String(start, StandardCharsets.ISO_8859_1);
    if (latin.startsWith("\u0089P")) {
      return PNG;
    }
    if (latin.startsWith("\u00ff\u00d8")) {
      return JPEG;
    }
    if (latin.startsWith("BM")) {
      return BMP;
    }
    if (latin.startsWith("GIF8")) {
      return GIF;
    }
    if (latin.startsWith("II*\0") || latin.startsWith("MM\0*")) {
      return TIFF;
    }
    return latin.startsWith("RIFF") && latin.startsWith("WEBP", 8) ? WEBP : null;
  }

  /// Returns whether a file has the name of an image of one of these formats.
  static boolean isNamed(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).anyMatch(format -> format.endings.matcher(name).matches());
  }

  /// Returns the names of all formats, for messages.
  static String titles() {
    return Arrays.stream(values()).map(format -> format.title).collect(Collectors.joining(", "));
  }

  /// Returns a reader of this format.
  ImageReader reader() throws IOException {
    return this == WEBP
        ? new WebPImageReaderSpi().createReaderInstance()
        : ImageIO.getImageReadersByFormatName(title).next();
  }
}
