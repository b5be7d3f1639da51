package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The Java examples in the doc comments of all modules, compiled as they are there and run on the
/// demo's files.
@Tag("native")
@Tag("slow")
class DocExampleTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @MethodSource("examples")
  void runsAsItIsThereAndPrints(JavaExample example) throws IOException, InterruptedException {
    assertThat(example.run(folder)).isNotBlank();
  }

  @Test
  void theDoorOfTheLibraryHasExamples() {
    assertThat(examples().map(JavaExample::place))
        .contains(
            "prune/src/main/java/falcon/prune/Falcon.java, example 1",
            "prune/src/main/java/falcon/prune/Falcon.java, example 2");
  }

  static Stream<JavaExample> examples() {
    return sources().stream()
        .filter(source -> !source.endsWith("PruningMethod.java")) // OwnMethodTest runs that one
        .flatMap(source -> examples(source).stream());
  }

  private static List<JavaExample> examples(Path source) {
    try {
      return JavaExample.of(
          JavaExample.ROOT.relativize(source).toString(), comments(Files.readString(source)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The doc comments of a source, without what marks them.
  private static String comments(String source) {
    return source
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith("///"))
        .map(line -> line.substring(3) + "\n")
        .reduce("", String::concat)
        .replaceAll("(?m)^ ", "");
  }

  private static List<Path> sources() {
    try (Stream<Path> modules = Files.list(JavaExample.ROOT)) {
      return modules
          .map(module -> module.resolve("src/main/java"))
          .filter(Files::isDirectory)
          .flatMap(DocExampleTest::javaFiles)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Path> javaFiles(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
