package falcon.prune.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The length and the hash of a file, by which two files are compared.
///
/// @param bytes length of the file
/// @param sha256 SHA-256 of the content, in hexadecimal digits
public record FileContent(long bytes, String sha256) {
  private static final int BUFFER_BYTES = 1 << 20;

  /// Reads a file once, from its first byte to its last.
  public static FileContent of(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MessageDigest digest = newDigest();
      var buffer = ByteBuffer.allocate(BUFFER_BYTES);
      long bytes = 0;
      while (channel.read(buffer) >= 0) {
        bytes += buffer.flip().remaining();
        digest.update(buffer);
        buffer.clear();
      }
      return new FileContent(bytes, HexFormat.of().formatHex(digest.digest()));
    }
  }

  /// Returns the SHA-256 of a text, in hexadecimal digits.
  public static String sha256(String text) {
    return HexFormat.of().formatHex(newDigest().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  /// Returns a new SHA-256 digest.
  static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
