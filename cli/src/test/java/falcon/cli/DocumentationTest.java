package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import falcon.cli.process.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `docs/options.md` names every option, `docs/output.md` every key of `result.json`.
class DocumentationTest {
  private static final Path DOCS = Path.of("../docs");

  /// An option as the help of a command lists it.
  private static final Pattern OPTION = Pattern.compile("--(\\[no-])?[a-z][a-z-]*");

  /// Keys whose own keys are names of things: of phases, kernels, options and files.
  private static final Set<String> NAMES = Set.of("seconds", "replacedKernels", "identity");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "prune",
        "inspect",
        "evaluate",
        "retrain",
        "export-mask",
        "train",
        "demo",
        "report",
        "compare",
        "bench",
        "rerun"
      })
  void everyOptionIsNamed(String command) throws IOException {
    String text = Files.readString(DOCS.resolve("options.md"));
    int others = text.indexOf("## Other commands");
    String ofPrune = text.substring(0, others);
    List<String> row =
        text.substring(others)
            .lines()
            .filter(line -> line.startsWith("| `%s` |".formatted(command)))
            .toList();
    String own = command.equals("prune") ? "" : row.getFirst();
    List<String> options = options(command);
    assertThat(options).hasSizeGreaterThan(2);
    for (String option : options) {
      Pattern named = Pattern.compile("`([^`]* )?%s(?![a-z-])[^`]*`".formatted(option));
      assertThat(ofPrune + own).as("%s %s", command, option).containsPattern(named);
    }
  }

  private static List<String> options(String command) {
    var options = new TreeSet<String>();
    Ran.of(command, "--help")
        .out()
        .lines()
        .filter(line -> line.matches(" {2,6}(-[a-z], )?--.*"))
        .forEach(line -> {
          Matcher option = OPTION.matcher(line);
          if (option.find()) {
            String name = option.group().replace("[no-]", "");
            options.add(name);
            if (option.group(1) != null) {
              options.add(name.replace("--", "--no-"));
            }
          }
        });
    return List.copyOf(options);
  }

  @Test
  void everyKeyOfARunWithoutDataIsNamed() throws IOException {
    requireNamed(
        result("prune", Cases.file("base.onnx"), "--method", "magnitude", "--macs", "50%"));
  }

  @Test
  @Tag("native")
  void everyKeyOfARunWithDataIsNamed() throws IOException {
    requireNamed(byFalcon());
    requireNamed(byFalcon("--refit", "backsolve", "--loss", "self"));
    requireNamed(byFalcon("--retrain", "1"));
  }

  private JsonNode byFalcon(String... more) throws IOException {
    var words =
        new ArrayList<>(
            List.of("prune", Cases.file("mlp.onnx"), "--data", Cases.file("data/ok.npz")));
    words.addAll(List.of("--macs", "50%", "--method", "falcon"));
    words.addAll(List.of(more));
    return result(words.toArray(String[]::new));
  }

  private JsonNode result(String... words) throws IOException {
    var all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--out", folder.resolve("out").toString(), "--force"));
    Ran ran = Ran.of(all.toArray(String[]::new));
    assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.DONE);
    return new ObjectMapper().readTree(folder.resolve("out/result.json").toFile());
  }

  private static void requireNamed(JsonNode result) throws IOException {
    String text = Files.readString(DOCS.resolve("output.md"));
    String table = text.substring(text.indexOf("## `result.json`"));
    var keys = new TreeSet<String>();
    addKeys(result, keys);
    assertThat(keys).hasSizeGreaterThan(60);
    assertThat(keys)
        .allSatisfy(key ->
            assertThat(table).containsPattern("`([a-z]+[.\\[\\]]+)*%s(\\[])?`".formatted(key)));
  }

  private static void addKeys(JsonNode node, Set<String> keys) {
    node.properties()
        .forEach(entry -> {
          keys.add(entry.getKey());
          if (!NAMES.contains(entry.getKey())) {
            addKeys(entry.getValue(), keys);
          }
        });
    if (node.isArray()) {
      node.forEach(element -> addKeys(element, keys));
    }
  }
}
