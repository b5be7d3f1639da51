package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.zoo.Architecture;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.kernel.Workers;
import falcon.torch.sample.SampleSource;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class EvaluationTest {
  private static final int SAMPLES = 75;

  private final Network network =
      Graph.disturbed(Architecture.RESNET20.initial(3, 16, 16, 10, 7), 0.3, 11);
  private final SampleSource samples = new NoiseSamples(List.of(3L, 16L, 16L), SAMPLES, 10, 5);

  @Test
  void logitsHaveTheSameBitsForAnyNumberOfThreads() {
    Logits one = logits(1);
    assertThat(bits(logits(2))).isEqualTo(bits(one));
    assertThat(bits(logits(3))).isEqualTo(bits(one));
  }

  @Test
  void accuracyAndCrossEntropyAreThoseOfTheLogits() {
    Logits logits = logits(2);
    Evaluation evaluation = Evaluation.of(logits, samples);
    int[] labels = samples.batch(0, SAMPLES).labels();
    int correct = 0;
    double loss = 0;
    for (int i = 0; i < SAMPLES; i++) {
      double sum = 0;
      int best = 0;
      for (int c = 0; c < 10; c++) {
        sum += Math.exp(logits.value(i, c));
        best = logits.value(i, c) > logits.value(i, best) ? c : best;
      }
      correct += best == labels[i] ? 1 : 0;
      loss -= Math.log(Math.exp(logits.value(i, labels[i])) / sum);
    }
    assertThat(evaluation.samples()).isEqualTo(SAMPLES);
    assertThat(evaluation.correct()).isEqualTo(correct);
    assertThat(evaluation.accuracy()).isCloseTo(100.0 * correct / SAMPLES, within(1e-12));
    assertThat(evaluation.crossEntropy()).isCloseTo(loss / SAMPLES, within(1e-9));
  }

  @Test
  void greatLogitsDoNotOverflow() {
    var logits = Logits.join(List.of(new float[] {1000, 0}, new float[] {0, 1000}), 2);
    assertThat(logits.crossEntropy(0, 0)).isZero();
    assertThat(logits.crossEntropy(1, 0)).isEqualTo(1000);
  }

  private Logits logits(int threads) {
    try (var workers = new Workers(threads)) {
      return Evaluation.logits(network, samples, workers);
    }
  }

  private static int[] bits(Logits logits) {
    var bits = new int[logits.samples() * logits.classes()];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(logits.value(i / logits.classes(), i % logits.classes()));
    }
    return bits;
  }

  @Test
  void aFewSamplesMoreAreNoImprovement() {
    assertThat(isBetter(4, 0)).isFalse();
    assertThat(isBetter(5, 0)).isTrue();
    assertThat(isBetter(60, 45)).isFalse();
    assertThat(isBetter(80, 45)).isTrue();
    assertThat(isBetter(0, 9)).isFalse();
  }

  private static boolean isBetter(int gained, int lost) {
    var before = new double[gained + lost + 10];
    var after = new double[before.length];
    Arrays.fill(before, 0, gained, 1);
    Arrays.fill(after, gained, gained + lost, 1);
    return new SampleLosses(before, before.length)
        .isWorseThan(new SampleLosses(after, after.length));
  }

  @Test
  void sharesHaveWilsonsIntervalAndErrorsStudents() {
    var labels = new SampleLosses(new double[] {0, 0, 1, 0}, 4);
    assertThat(labels.count()).isEqualTo(4);
    assertThat(labels.interval()).isEqualTo(Interval.ofShare(3, 4));
    var errors = new SampleLosses(new double[] {0, 0, 1, 0}, 9);
    assertThat(errors.interval()).isEqualTo(Interval.ofLosses(new double[] {0, 0, 1, 0}, 9));
    assertThat(new SampleLosses(new double[] {1}, 1).interval()).isEqualTo(Interval.ofShare(0, 1));
    assertThat(new SampleLosses(new double[0], 0).interval()).isNull();
  }

  @Test
  void accuracyOfLossesIsThatOfTheEvaluation() {
    try (var workers = new Workers(1)) {
      var losses =
          SampleLosses.wrongLabels(SampleLosses.predictions(network, samples, workers), samples);
      assertThat(losses.percent()).isEqualTo(Evaluation.of(network, samples, workers).accuracy());
    }
  }

  /// Against outputs of the dense network kept whole, in float64.
  @Test
  void outputErrorsAreSharesOfTheOutputsVariance() {
    Network other = Graph.disturbed(network, 0.1, 12);
    try (var workers = new Workers(2)) {
      Logits wanted = Evaluation.logits(network, samples, workers);
      Logits found = Evaluation.logits(other, samples, workers);
      double errors = 0;
      double variance = 0;
      for (int c = 0; c < 10; c++) {
        double mean = 0;
        for (int i = 0; i < SAMPLES; i++) {
          mean += wanted.value(i, c) / (double) SAMPLES;
        }
        for (int i = 0; i < SAMPLES; i++) {
          errors += Math.pow((double) found.value(i, c) - wanted.value(i, c), 2);
          variance += Math.pow(wanted.value(i, c) - mean, 2);
        }
      }
      var losses = SampleLosses.outputErrors(network, other, samples, workers);
      assertThat(losses.percent()).isCloseTo(100 * (1 - errors / variance), within(1e-6));
      assertThat(losses.percent()).isLessThan(100);
      assertThat(SampleLosses.outputErrors(network, network, samples, workers).percent())
          .isEqualTo(100);
    }
  }
}
