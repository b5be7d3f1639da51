package falcon.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparsityPatternTest {
  @ParameterizedTest
  @ValueSource(strings = {"scattered", "blocks", "2:4", "4:8", "1:2", "63:64"})
  void isReadAsItIsWritten(String text) {
    assertThat(SparsityPattern.parse(text)).hasToString(text);
    assertThat(SparsityPattern.parse(text.toUpperCase(java.util.Locale.ROOT))).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "block", "2:", ":4", "2:4:8", "-1:4", "2/4", "9999999:99999999"})
  void refusesOtherWords(String text) {
    assertThatThrownBy(() -> SparsityPattern.parse(text))
        .hasMessage("'%s' is none of scattered, blocks, and N:M, such as 2:4", text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0:4", "4:4", "5:4", "2:65", "0:0"})
  void refusesNumbersThatLimitNothing(String text) {
    assertThatThrownBy(() -> SparsityPattern.parse(text))
        .hasMessageContaining("'%s' is no pattern", text);
  }
}
