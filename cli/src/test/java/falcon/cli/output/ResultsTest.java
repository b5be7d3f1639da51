package falcon.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ResultsTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream printer = new PrintStream(out, true, StandardCharsets.UTF_8);
  private final Console console = new Console(printer, printer, false, 80);

  @Test
  void textIsPrintedAsItComes() {
    var results = new Results(console, false, 2);
    results.add(() -> "{}", () -> "first");
    assertThat(printed()).isEqualTo("first\n");
  }

  @Test
  void oneResultIsAnObject() {
    new Results(console, true, 1).add(() -> "{\"a\": 1}", () -> "");
    assertThat(printed()).isEqualTo("{\"a\":1}\n");
  }

  @Test
  void severalResultsAreOneArrayInTheEnd() {
    var results = new Results(console, true, 2);
    results.add(() -> "{\"a\":\n1}", () -> "");
    assertThat(printed()).isEmpty();
    results.add(() -> "{\"a\":2}", () -> "");
    assertThat(printed()).isEqualTo("[{\"a\":1},{\"a\":2}]\n");
  }

  @Test
  void jsonIsAsciiWhateverItHolds() {
    new Results(console, true, 1).add(() -> "{\"file\":\"é漢\"}", () -> "");
    assertThat(printed()).isEqualTo("{\"file\":\"\\u00E9\\u6F22\"}\n");
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }
}
