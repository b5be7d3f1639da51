package falcon.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.Network;
import falcon.model.zoo.Architecture;
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
    assertThat(new Evaluation.Comparison(4, 0).isBetter()).isFalse();
    assertThat(new Evaluation.Comparison(5, 0).isBetter()).isTrue();
    assertThat(new Evaluation.Comparison(60, 45).isBetter()).isFalse();
    assertThat(new Evaluation.Comparison(80, 45).isBetter()).isTrue();
    assertThat(new Evaluation.Comparison(0, 9).isBetter()).isFalse();
  }
}
