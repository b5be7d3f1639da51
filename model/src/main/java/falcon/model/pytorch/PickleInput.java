package falcon.model.pytorch;

import falcon.model.MalformedModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/// Little-endian bytes of a pickle, with the position for messages; nothing is allocated for bytes
/// that the file does not have.
final class PickleInput {
  /// Greatest length of a line, which is a name in a `GLOBAL`.
  private static final int LONGEST_LINE = 1 << 10;

  private final Path path;
  private final InputStream in;
  private final long end;
  private long position;

  /// @param in stream at `position` 0; the caller closes it
  /// @param length greatest number of bytes that may be read
  PickleInput(Path path, InputStream in, long length) {
    this.path = path;
    this.in = in;
    this.end = length;
  }

  /// Returns the number of bytes read so far.
  long position() {
    return position;
  }

  /// Reads an unsigned byte.
  int u8() {
    return (int) littleEndian(1);
  }

  /// Reads an unsigned number of two bytes.
  int u16() {
    return (int) littleEndian(2);
  }

  /// Reads a signed number of four bytes.
  int i32() {
    return (int) littleEndian(4);
  }

  /// Reads an unsigned number of four bytes.
  long u32() {
    return littleEndian(4);
  }

  /// Reads a signed number of eight bytes.
  long i64() {
    return littleEndian(8);
  }

  private long littleEndian(int count) {
    need(count);
    long value = 0;
    try {
      for (int i = 0; i < count; i++) {
        int b = in.read();
        if (b < 0) {
          throw cutShort(count - i);
        }
        value |= (long) b << (8 * i);
      }
    } catch (IOException e) {
      throw unreadable(path, e);
    }
    position += count;
    return value;
  }

  /// Reads the next `count` bytes.
  byte[] bytes(long count) {
    need(count);
    byte[] bytes;
    try {
      bytes = in.readNBytes((int) count);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
    if (bytes.length < count) {
      throw cutShort(count - bytes.length);
    }
    position += count;
    return bytes;
  }

  /// Reads the bytes up to the next newline, which is skipped, as ASCII text.
  String line() {
    var line = new StringBuilder();
    for (int b = u8(); b != '\n'; b = u8()) {
      if (b < ' ' || b > '~') {
        throw malformed("has byte 0x%02x in a name".formatted(b));
      }
      if (line.length() == LONGEST_LINE) {
        throw malformed("has a name longer than %d characters".formatted(LONGEST_LINE));
      }
      line.append((char) b);
    }
    return line.toString();
  }

  private void need(long count) {
    if (count < 0 || count > Integer.MAX_VALUE - 8 || count > end - position) {
      throw cutShort(count);
    }
  }

  private MalformedModelException cutShort(long count) {
    return new MalformedModelException(
        path,
        "byte %d of the pickle announces %s more bytes, but at most %d follow."
            .formatted(position, Long.toUnsignedString(count), end - position),
        "The file is cut short or damaged; fetch it again.");
  }

  /// Returns an error at this place of a pickle that PyTorch would not have written.
  MalformedModelException malformed(String problem) {
    return malformed(problem, "The file is damaged or no PyTorch checkpoint; fetch it again.");
  }

  /// Returns an error at this place of the pickle.
  MalformedModelException malformed(String problem, String advice) {
    return new MalformedModelException(
        path, "the pickle %s (byte %d).".formatted(problem, position), advice);
  }

  static MalformedModelException unreadable(Path path, IOException cause) {
    return new MalformedModelException(
        path,
        "cannot be read: %s.".formatted(cause),
        "Check that the file exists, is complete and may be read.",
        cause);
  }
}
