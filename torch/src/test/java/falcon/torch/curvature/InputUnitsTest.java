package falcon.torch.curvature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class InputUnitsTest {
  private static final double[] DIAGONAL = {4, 1, 0.25, 1e-20};
  private static final float[] WEIGHTS = {1, -2, 3, 4, 2, 1, -1, 5};

  @Test
  void unitsAreInversesOfTheScalesOfInputsAndDoNotDependOnThoseOfOutputs() {
    float[] plain = InputUnits.of(DIAGONAL, WEIGHTS).values();
    var diagonal = new double[4];
    var weights = new float[8];
    for (int j = 0; j < 4; j++) {
      double scale = Math.scalb(1.0, 3 * j - 5);
      diagonal[j] = DIAGONAL[j] * scale * scale;
      weights[j] = (float) (7 * WEIGHTS[j] / scale); // the first output is seven times as large
      weights[4 + j] = (float) (WEIGHTS[4 + j] / scale);
    }
    InputUnits scaled = InputUnits.of(diagonal, weights);
    double common = scaled.values()[0] / Math.scalb(1.0, -5) / plain[0];
    for (int j = 0; j < 4; j++) {
      assertThat(scaled.values()[j] / Math.scalb(1.0, 3 * j - 5) / common)
          .isCloseTo(plain[j], within(1e-5 * plain[j]));
    }
  }

  @Test
  void meanDiagonalIsOne() {
    InputUnits units = InputUnits.of(DIAGONAL, WEIGHTS);
    double mean = 0;
    for (int j = 0; j < 4; j++) {
      mean += DIAGONAL[j] * units.scale() / units.values()[j] / units.values()[j] / 4;
    }
    assertThat(mean).isCloseTo(1, within(1e-5));
  }

  /// What the samples never use keeps its weights as near as what they use a little.
  @Test
  void anInputOfNextToNothingCountsForAHundredthOfAUsualOne() {
    float[] units = InputUnits.of(new double[] {1, 1, 1, 0}, 1, 1, 1, 1).values();
    double used = units[0];
    assertThat(units[3] / used).isCloseTo(Math.sqrt(0.0075 / 1.0075), within(1e-4));
  }

  @Test
  void inputsWithoutAnyPowerHaveTheUnitOne() {
    assertThat(InputUnits.of(new double[3], 1, 2, 3).values()).containsExactly(1, 1, 1);
  }
}
