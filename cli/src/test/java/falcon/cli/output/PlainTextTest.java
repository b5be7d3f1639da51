package falcon.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PlainTextTest {
  @Test
  void whatATerminalHasIsLeftAlone() {
    String text = "28×28, 1 − Σ – é漢";
    assertThat(PlainText.fitting(text, StandardCharsets.UTF_8)).isSameAs(text);
  }

  @Test
  void whatItLacksIsReplacedByWhatIsClose() {
    assertThat(PlainText.fitting("28×28 é − – … 漢", StandardCharsets.ISO_8859_1))
        .isEqualTo("28×28 é - - ... ?");
    assertThat(PlainText.fitting("28×28 ≤ é", StandardCharsets.US_ASCII)).isEqualTo("28x28 <= ?");
  }
}
