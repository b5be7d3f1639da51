package falcon.cli.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ShellWordsTest {
  @Test
  void wordsAreSeparatedAsByAShell() {
    String text =
        """
        # all of it
        net.onnx --exclude='fc.*',"a \\"b\\" \\n"  # the rest
        --macs 30% \\
          x\\ y 'it'\\''s' a#b ''
        """;
    assertThat(ShellWords.of(text))
        .containsExactly(
            "net.onnx", "--exclude=fc.*,a \"b\" \\n", "--macs", "30%", "x y", "it's", "a#b", "");
  }

  @Test
  void lineEndsOfAnySystemSeparate() {
    assertThat(ShellWords.of("a\r\nb \\\r\nc\n")).containsExactly("a", "b", "c");
  }

  @Test
  void quotedWordsComeBack() {
    List<String> words = List.of("", " ", "it's", "a\"b", "\\", "#", "$x", "ä", "a\nb", "--a=b c");
    assertThat(ShellWords.of(ShellWords.line(words))).isEqualTo(words);
    assertThat(ShellWords.line(List.of("--macs", "30%", "a/b_c.onnx")))
        .isEqualTo("--macs 30% a/b_c.onnx");
  }

  @Test
  void quoteThatIsNotClosedIsNamedWithItsLine() {
    assertThatThrownBy(() -> ShellWords.of("a\nb 'c\nd"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("line 2: the quote ' is not closed");
  }
}
