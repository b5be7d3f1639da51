package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A Java example of a text: statements that are compiled as they are there and run beside the
/// demo's files.
///
/// @param place where the text is
/// @param statements of the example
record JavaExample(String place, String statements) {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern BLOCK = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  private static final String IMPORTS =
      """
      import falcon.data.*;
      import falcon.data.format.*;
      import falcon.model.*;
      import falcon.model.format.Networks;
      import falcon.model.format.StateDicts;
      import falcon.prune.*;
      import falcon.prune.options.*;
      import falcon.prune.plan.*;
      import falcon.prune.report.*;
      import falcon.prune.run.*;
      import java.nio.file.Path;
      import java.util.List;
      """;

  /// All examples of a text, in order.
  static List<JavaExample> of(String place, String text) {
    var examples = new ArrayList<JavaExample>();
    Matcher matcher = BLOCK.matcher(text);
    while (matcher.find()) {
      examples.add(
          new JavaExample(
              "%s, example %d".formatted(place, examples.size() + 1), matcher.group(1)));
    }
    return examples;
  }

  /// Compiles and runs the example in a process of its own.
  ///
  /// @param folder where it runs
  /// @return what it prints
  String run(Path folder) throws IOException, InterruptedException {
    Path source = folder.resolve("Example.java");
    Files.writeString(source, IMPORTS + "void main() throws Exception {\n" + statements + "}\n");
    Files.createSymbolicLink(folder.resolve("demo"), ROOT.resolve("demo"));
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(
        List.of(
            "-Xmx1g",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            source.toString()));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s:%n%s", place, output).isZero();
    return output;
  }

  @Override
  public String toString() {
    return place;
  }
}
