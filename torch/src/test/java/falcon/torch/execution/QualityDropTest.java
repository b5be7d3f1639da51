package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QualityDropTest {
  private static final double NORMAL = 1.959964;

  /// At an end of the interval the score, with the likeliest shares by a search, is the quantile.
  @ParameterizedTest
  @CsvSource({"12, 5, 100", "0, 3, 44", "40, 41, 2000", "1, 0, 32", "7, 0, 50", "90, 2, 200"})
  void anEndIsWhereTheScoreIsTheQuantile(int lost, int won, int samples) {
    QualityDrop drop = QualityDrop.ofAnswers(lost, won, samples);
    assertThat(drop.points()).isCloseTo(100.0 * (lost - won) / samples, within(1e-9));
    assertThat(score(lost, won, samples, drop.high() / 100)).isCloseTo(-NORMAL, within(1e-3));
    assertThat(score(lost, won, samples, drop.low() / 100)).isCloseTo(NORMAL, within(1e-3));
  }

  private static double score(int b, int c, int n, double delta) {
    double low = Math.max(0, -delta);
    double high = (1 - delta) / 2;
    for (int i = 0; i < 200; i++) { // ternary search of the likeliest share that is won
      double left = low + (high - low) / 3;
      double right = high - (high - low) / 3;
      if (likelihood(b, c, n, delta, left) < likelihood(b, c, n, delta, right)) {
        low = left;
      } else {
        high = right;
      }
    }
    double variance = n * (2 * low + delta - delta * delta);
    return (b - c - n * delta) / Math.sqrt(variance);
  }

  private static double likelihood(int b, int c, int n, double delta, double won) {
    return term(b, won + delta) + term(c, won) + term(n - b - c, 1 - 2 * won - delta);
  }

  private static double term(int count, double share) {
    return count == 0 ? 0 : count * Math.log(Math.max(share, 1e-300));
  }

  @Test
  void swappedNetworksHaveTheOppositeDrop() {
    QualityDrop drop = QualityDrop.ofAnswers(9, 4, 120);
    QualityDrop swapped = QualityDrop.ofAnswers(4, 9, 120);
    assertThat(swapped.low()).isCloseTo(-drop.high(), within(1e-9));
    assertThat(swapped.high()).isCloseTo(-drop.low(), within(1e-9));
  }

  @Test
  void withFewerSamplesThanTheLeastNoDropIsShown() {
    int least = QualityDrop.leastSamples(1);
    assertThat(least).isEqualTo(381);
    assertThat(QualityDrop.ofAnswers(0, 0, least).high()).isLessThanOrEqualTo(1);
    assertThat(QualityDrop.ofAnswers(0, 0, least - 1).high()).isGreaterThan(1);
    assertThat(QualityDrop.ofAnswers(1, 0, least).high()).isGreaterThan(1);
  }

  /// Of drops at the limit itself some 2.5 % are taken for smaller ones.
  @Test
  void aDropAtTheLimitIsSeldomTakenForASmallerOne() {
    var random = new SplittableRandom(5);
    int taken = 0;
    int rounds = 4000;
    for (int round = 0; round < rounds; round++) {
      int lost = 0;
      int won = 0;
      for (int i = 0; i < 500; i++) {
        double draw = random.nextDouble();
        lost += draw < 0.05 ? 1 : 0;
        won += draw >= 0.05 && draw < 0.07 ? 1 : 0;
      }
      taken += QualityDrop.ofAnswers(lost, won, 500).high() <= 3 ? 1 : 0;
    }
    assertThat((double) taken / rounds).isBetween(0.012, 0.04);
  }

  @Test
  void lossesOfAnswersAreComparedSampleBySample() {
    var dense = new SampleLosses(new double[] {0, 0, 0, 1, 0, 1}, 6);
    var pruned = new SampleLosses(new double[] {1, 0, 0, 0, 1, 1}, 6);
    QualityDrop drop = Objects.requireNonNull(pruned.dropFrom(dense));
    assertThat(drop).isEqualTo(QualityDrop.ofAnswers(2, 1, 6));
    assertThat(SampleLosses.none().dropFrom(SampleLosses.none())).isNull();
  }

  @Test
  void otherLossesHaveStudentsInterval() {
    var dense = new SampleLosses(new double[] {0, 0, 0}, 12);
    var pruned = new SampleLosses(new double[] {0.5, 1, 1.5}, 12);
    QualityDrop drop = Objects.requireNonNull(pruned.dropFrom(dense));
    assertThat(drop.points()).isCloseTo(25, within(1e-9));
    double half = 4.30265 * 0.5 / Math.sqrt(3) * 3 / 12 * 100;
    assertThat(drop.high()).isCloseTo(25 + half, within(1e-6));
    assertThat(
            new SampleLosses(new double[] {1}, 1).dropFrom(new SampleLosses(new double[] {0.5}, 1)))
        .isNull();
  }
}
