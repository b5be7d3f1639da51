package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The formatter wraps code; comments of a line each (`//`, `///`) are left as they are typed.
class CommentsTest {
  private static final int COLUMNS = 100;

  @Test
  void commentsEndWithinTheColumnsOfTheCode() throws IOException {
    var longLines = new ArrayList<String>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path sources : modules.map(module -> module.resolve("src")).toList()) {
        if (Files.isDirectory(sources)) {
          try (Stream<Path> files = Files.walk(sources)) {
            files
                .filter(file -> file.toString().endsWith(".java"))
                .forEach(file -> longLines.addAll(longComments(file)));
          }
        }
      }
    }
    assertThat(longLines).isEmpty();
  }

  private static List<String> longComments(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      assertThat(lines).as(file.toString()).isNotEmpty();
      return lines.stream()
          .filter(line -> line.strip().startsWith("//"))
          .filter(line -> line.codePointCount(0, line.length()) > COLUMNS)
          .map(line -> file + ": " + line.strip())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
