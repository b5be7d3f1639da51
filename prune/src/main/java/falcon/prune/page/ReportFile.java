package falcon.prune.page;

import falcon.model.AtomicFile;
import falcon.prune.storage.FileContent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The files of reports. Their last line has the SHA-256 of all lines before it, so that a file
/// that somebody has edited is not taken for one that may be replaced.
public final class ReportFile {
  private static final Pattern MARKED =
      Pattern.compile(
          "(?s)(.*\n)<!-- report of Falcon, SHA-256 of all above: ([0-9a-f]{64}) -->\n");

  /// Greatest length of a file that is looked at; no report is as long.
  private static final long MOST_BYTES = 1L << 28;

  private ReportFile() {}

  /// Returns a text, which ends with a line feed, with its mark.
  static String marked(String content) {
    return "%s<!-- report of Falcon, SHA-256 of all above: %s -->\n"
        .formatted(content, FileContent.sha256(content));
  }

  /// Returns whether a file is a report that Falcon wrote and nobody has changed since.
  public static boolean isUnchanged(Path file) {
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MOST_BYTES) {
        return false;
      }
      byte[] bytes = Files.readAllBytes(file);
      Matcher matcher = MARKED.matcher(new String(bytes, StandardCharsets.UTF_8));
      return matcher.matches() && FileContent.sha256(matcher.group(1)).equals(matcher.group(2));
    } catch (IOException _) {
      return false; // what cannot be read is not replaced
    }
  }

  /// Writes a text to a file, which is either complete or unchanged.
  ///
  /// @throws falcon.model.UnwritableFileException if it cannot be written
  static void write(Path file, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }
}
