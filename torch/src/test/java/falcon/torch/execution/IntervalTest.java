package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IntervalTest {
  @Test
  void aShareHasWilsonsInterval() {
    // Values of Newcombe 1998, table I, method 3.
    assertInterval(Interval.ofShare(81, 263), 25.53, 36.62, 0.01);
    assertInterval(Interval.ofShare(15, 148), 6.24, 16.05, 0.01);
    assertInterval(Interval.ofShare(0, 20), 0, 16.11, 0.01);
    assertInterval(Interval.ofShare(1, 29), 0.61, 17.18, 0.01);
  }

  @Test
  void aShareOfAllIsNotCertain() {
    Interval four = Interval.ofShare(4, 4);
    assertThat(four.high()).isEqualTo(100);
    assertThat(four.low()).isCloseTo(51.01, within(0.01));
    assertThat(Interval.ofShare(4000, 4000).low()).isGreaterThan(99.9);
  }

  @Test
  void lossesHaveStudentsInterval() {
    // Mean 2, standard deviation 1, three samples: 2 ± 4.30265 / √3 of a scale of 3 · 10.
    assertInterval(ofLosses(1, 2, 3), 80 - 24.84, 100, 0.01);
    assertInterval(ofLosses(2, 2, 2), 80, 80, 1e-9);
  }

  @Test
  void oneSampleOrInfiniteLossesHaveNone() {
    assertThat(Interval.ofLosses(new double[] {1}, 10)).isNull();
    assertThat(Interval.ofLosses(new double[0], 1)).isNull();
    assertThat(Interval.ofLosses(new double[] {1, Double.POSITIVE_INFINITY}, 10)).isNull();
  }

  @Test
  void aboutNineteenOfTwentyIntervalsHoldTheTrueValue() {
    var random = new SplittableRandom(5);
    for (int count : new int[] {4, 12, 50}) {
      int held = 0;
      for (int trial = 0; trial < 4000; trial++) {
        var losses = new double[count];
        Arrays.setAll(losses, i -> 5 + random.nextGaussian());
        Interval interval = Interval.ofLosses(losses, 10.0 * count);
        held += interval != null && interval.low() <= 50 && interval.high() >= 50 ? 1 : 0;
      }
      assertThat(held / 4000.0).as("%d samples", count).isBetween(0.94, 0.96);
    }
  }

  private static Interval ofLosses(double... losses) {
    return Objects.requireNonNull(Interval.ofLosses(losses, 30));
  }

  private static void assertInterval(Interval interval, double low, double high, double within) {
    assertThat(interval.low()).isCloseTo(low, within(within));
    assertThat(interval.high()).isCloseTo(high, within(within));
  }
}
