package falcon.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Bfloat16Test {
  @Test
  void everyBfloat16IsItsOwnRounding() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Bfloat16.widen((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(Bfloat16.narrow(value)).as("bits %x", bits).isEqualTo((short) bits);
      }
    }
  }

  // 1 + 2⁻⁷ is the number after 1.
  @ParameterizedTest
  @CsvSource({
    "0x1.00fffep0, 0x1.0p0",
    "0x1.01p0, 0x1.0p0",
    "0x1.010002p0, 0x1.02p0",
    "0x1.03p0, 0x1.04p0",
    "-0x1.03p0, -0x1.04p0",
    "-0x1.05p0, -0x1.04p0",
    "0x1.fep127, 0x1.fep127",
    "0x0.000002p-126, 0"
  })
  void roundsToTheNearestAndTiesToEven(String value, String expected) {
    assertThat(Bfloat16.widen(Bfloat16.narrow(Float.parseFloat(value))))
        .isEqualTo(Float.parseFloat(expected));
  }

  @Test
  void whatIsNotFiniteStaysSo() {
    assertThat(Bfloat16.widen(Bfloat16.narrow(Float.POSITIVE_INFINITY))).isInfinite();
    assertThat(Bfloat16.widen(Bfloat16.narrow(Float.NaN))).isNaN();
    assertThat(Bfloat16.widen(Bfloat16.narrow(Float.intBitsToFloat(0x7f800001)))).isNaN();
    assertThat(Bfloat16.widen(Bfloat16.narrow(Float.MAX_VALUE))).isInfinite();
  }
}
