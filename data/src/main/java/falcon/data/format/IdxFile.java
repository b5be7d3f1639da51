package falcon.data.format;

import falcon.data.DataFile;
import falcon.data.ForeignFile;
import falcon.data.MalformedDataException;
import falcon.data.Split;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Reads an idx file of unsigned bytes, plain or gzipped: a magic number `0x0000080r` with r
/// dimensions, the dimensions as big-endian 32-bit numbers, then the content.
final class IdxFile {
  /// Greatest size of one file's content in bytes.
  private static final long MOST_BYTES = 1L << 30;

  /// Greatest side of an image in pixels.
  private static final int LONGEST_SIDE = 1 << 14;

  /// Greatest compression ratio of deflate, which codes at most 258 bytes with two bits; the
  /// content of a gzipped file can be no longer than its length times this.
  private static final long GREATEST_DEFLATION = 1032;

  private static final int GZIP_MAGIC = 0x1f8b;

  private IdxFile() {}

  /// The kind of a file's content, with its magic number, the length of its header in bytes, and
  /// its name.
  enum Kind {
    IMAGES(0x803, 16, "images-idx3-ubyte"),
    LABELS(0x801, 8, "labels-idx1-ubyte");

    private final int magic;
    private final int headerBytes;
    private final String nameEnd;

    Kind(int magic, int headerBytes, String nameEnd) {
      this.magic = magic;
      this.headerBytes = headerBytes;
      this.nameEnd = nameEnd;
    }

    /// Returns the name of a plain file of this kind, for example `train-images-idx3-ubyte`.
    String nameIn(Split split) {
      return split.idxPrefix() + "-" + nameEnd;
    }
  }

  /// The header of a file: `count` images of `height` × `width` pixels, or `count` labels (1 × 1).
  record Header(Kind kind, int count, int height, int width) {
    long contentBytes() {
      return (long) count * height * width;
    }
  }

  /// Reads the header and checks its sizes against the length of the file.
  static Header header(Path file, Kind kind) {
    ForeignFile.refuse(file, ForeignFile.GZIP);
    var bytes = new byte[kind.headerBytes];
    long length = DataFile.length(file);
    boolean isGzip;
    try (var raw = Files.newInputStream(file)) {
      isGzip = isGzip(raw.readNBytes(2));
      try (var in = open(file, isGzip)) {
        DataFile.readFully(file, in, bytes, 0, bytes.length);
      }
    } catch (IOException e) {
      throw damaged(file, e);
    }
    var header = parse(file, kind, ByteBuffer.wrap(bytes));
    check(file, header, length, isGzip);
    return header;
  }

  /// Reads the content of `file`, which has `header`.
  static byte[] content(Path file, Header header) {
    var content = new byte[(int) header.contentBytes()];
    try (var in = open(file)) {
      in.skipNBytes(header.kind().headerBytes);
      DataFile.readFully(file, in, content, 0, content.length);
      if (in.read() >= 0) {
        throw new MalformedDataException(
            file,
            "holds more than the %d bytes of content that its header states."
                .formatted(content.length),
            "The file is damaged; fetch it again.");
      }
    } catch (IOException e) {
      throw damaged(file, e);
    }
    return content;
  }

  private static Header parse(Path file, Kind kind, ByteBuffer bytes) {
    int magic = bytes.getInt();
    if (magic != kind.magic) {
      throw new MalformedDataException(
          file,
          "starts with 0x%08x; an idx file of %s starts with 0x%08x."
              .formatted(magic, kind == Kind.IMAGES ? "images" : "labels", kind.magic),
          "The file is damaged or of another kind; fetch it again.");
    }
    int count = bytes.getInt();
    int height = kind == Kind.IMAGES ? bytes.getInt() : 1;
    int width = kind == Kind.IMAGES ? bytes.getInt() : 1;
    if (count < 1 || height < 1 || width < 1 || height > LONGEST_SIDE || width > LONGEST_SIDE) {
      throw new MalformedDataException(
          file,
          "states %d items of %d×%d; wanted are one or more, of sides from 1 to %d."
              .formatted(
                  Integer.toUnsignedLong(count),
                  Integer.toUnsignedLong(height),
                  Integer.toUnsignedLong(width),
                  LONGEST_SIDE),
          "The file is damaged or empty; fetch it again.");
    }
    return new Header(kind, count, height, width);
  }

  private static void check(Path file, Header header, long length, boolean isGzip) {
    long expected = header.kind().headerBytes + header.contentBytes();
    if (isGzip ? expected > length * GREATEST_DEFLATION : expected != length) {
      throw new MalformedDataException(
          file,
          "states %d items of %d×%d, which is %d bytes, but has %d bytes%s."
              .formatted(
                  header.count(),
                  header.height(),
                  header.width(),
                  expected,
                  length,
                  isGzip ? " compressed" : ""),
          "The file is cut short or damaged; fetch it again.");
    }
    if (expected > MOST_BYTES) {
      throw new MalformedDataException(
          file,
          "states %d bytes; at most %d are supported.".formatted(expected, MOST_BYTES),
          "Use a part of the data.");
    }
  }

  private static InputStream open(Path file) throws IOException {
    try (var raw = Files.newInputStream(file)) {
      return open(file, isGzip(raw.readNBytes(2)));
    }
  }

  private static InputStream open(Path file, boolean isGzip) throws IOException {
    var raw = Files.newInputStream(file);
    if (!isGzip) {
      return raw;
    }
    try {
      return new GZIPInputStream(raw, 1 << 16);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  private static boolean isGzip(byte[] start) {
    return start.length == 2 && ((start[0] & 0xff) << 8 | (start[1] & 0xff)) == GZIP_MAGIC;
  }

  private static MalformedDataException damaged(Path file, IOException e) {
    if (e instanceof ZipException || e instanceof EOFException) {
      return new MalformedDataException(
          file,
          "cannot be decompressed: %s.".formatted(e.getMessage()),
          "The file is cut short or damaged; fetch it again.",
          e);
    }
    return DataFile.unreadable(file, e);
  }
}
