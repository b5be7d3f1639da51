package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The formatter wraps code; comments of a line each (`//`, `///`) are left as they are typed.
class CommentsTest {
  private static final int COLUMNS = 100;

  @Test
  void commentsEndWithinTheColumnsOfTheCode() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      assertThat(files.filter(CommentsTest::isSource).flatMap(CommentsTest::longComments))
          .isEmpty();
    }
  }

  private static boolean isSource(Path file) {
    return file.toString().matches("\\.\\./[a-z]+/src/.*\\.java");
  }

  private static Stream<String> longComments(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      assertThat(lines).as(file.toString()).isNotEmpty();
      return lines.stream()
          .filter(line -> line.strip().startsWith("//"))
          .filter(line -> line.codePointCount(0, line.length()) > COLUMNS)
          .map(line -> file + ": " + line.strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
