package falcon.torch.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RidgeTest {
  @Test
  void manyRowsHaveExactlyTheLeastRidge() {
    Ridge ridge = Ridge.growing(0.01);
    assertThat(ridge.of(8 * 576, 576)).isEqualTo(0.01);
    assertThat(ridge.of(512, 64)).isEqualTo(0.01);
    assertThat(ridge.of(1L << 40, 1)).isEqualTo(0.01);
  }

  @Test
  void theRidgeGrowsAsRowsForEachInputFall() {
    Ridge ridge = Ridge.growing(0.01);
    assertThat(ridge.of(2 * 576, 576)).isCloseTo(0.08, within(1e-12));
    double before = 0;
    for (int rows = 1 << 14; rows >= 1; rows /= 2) {
      assertThat(ridge.of(rows, 576)).as("%d rows", rows).isGreaterThanOrEqualTo(before);
      before = ridge.of(rows, 576);
    }
  }

  @Test
  void theRidgeHasALimit() {
    assertThat(Ridge.growing(0.01).of(1, 1 << 20)).isEqualTo(1);
    assertThat(Ridge.growing(0.02).of(1, 1 << 20)).isEqualTo(2);
  }

  @Test
  void aConstantRidgeIsTheSameForAnyNumberOfRows() {
    assertThat(Ridge.constant(0.03).of(1, 1 << 20)).isEqualTo(0.03);
    assertThat(Ridge.constant(0.03).of(1 << 20, 1)).isEqualTo(0.03);
  }

  @Test
  void aRidgeIsFiniteAndAboveZero() {
    for (double share : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Ridge.growing(share))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(String.valueOf(share));
    }
  }
}
