package falcon.torch.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.torch.Graph;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
class BinaryOutputTest {
  @Test
  void theOperatorsThatMakeTheOutputTellWhatItMeans() {
    assertThat(of("Sigmoid", "Identity")).isEqualTo(BinaryOutput.PROBABILITY);
    assertThat(of("Sigmoid", "Flatten")).isEqualTo(BinaryOutput.PROBABILITY);
    assertThat(of("HardSigmoid", "Identity")).isEqualTo(BinaryOutput.PROBABILITY);
    assertThat(of("Identity", "Flatten")).isNull();
    assertThat(of("Softmax", "Identity")).isNull();
    assertThat(
            BinaryOutput.of(
                new Graph(1, 4)
                    .noise("w", 4, 1)
                    .node("MatMul", "z", List.of("x", "w"))
                    .node("Flatten", "y", List.of("z"))
                    .network("y")))
        .isEqualTo(BinaryOutput.LOGIT);
  }

  private static @Nullable BinaryOutput of(String first, String last) {
    return BinaryOutput.of(
        new Graph(1, 4).node(first, "p", List.of("x")).node(last, "y", List.of("p")).network("y"));
  }

  @Test
  void numbersFromZeroToOneAreProbabilitiesAndAllOthersLogits() {
    assertThat(BinaryOutput.of(new float[] {0, 0.3f, 1})).isEqualTo(BinaryOutput.PROBABILITY);
    assertThat(BinaryOutput.of(new float[] {0, 1.001f})).isEqualTo(BinaryOutput.LOGIT);
    assertThat(BinaryOutput.of(new float[] {-0.001f})).isEqualTo(BinaryOutput.LOGIT);
  }

  @Test
  void bothMeanTheSameClassAndTheSameLoss() {
    for (double z : new double[] {-3, -0.5, 0.5, 3}) {
      float p = (float) (1 / (1 + Math.exp(-z)));
      for (int label = 0; label < 2; label++) {
        assertThat(BinaryOutput.LOGIT.prediction((float) z)).isEqualTo(z > 0 ? 1 : 0);
        assertThat(BinaryOutput.PROBABILITY.prediction(p)).isEqualTo(z > 0 ? 1 : 0);
        assertThat(BinaryOutput.LOGIT.crossEntropy((float) z, label))
            .isCloseTo(Math.log1p(Math.exp(label == 1 ? -z : z)), within(1e-6));
        assertThat(BinaryOutput.PROBABILITY.crossEntropy(p, label))
            .isCloseTo(BinaryOutput.LOGIT.crossEntropy((float) z, label), within(1e-5));
      }
    }
  }

  @Test
  void slopesAreThoseOfTheCrossEntropy() {
    float step = 1e-3f;
    for (BinaryOutput output : BinaryOutput.values()) {
      for (float value : new float[] {0.2f, 0.5f, 0.9f}) {
        for (int label = 0; label < 2; label++) {
          double found =
              (output.crossEntropy(value + step, label) - output.crossEntropy(value - step, label))
                  / (2 * step);
          assertThat(output.slope(value, label)).isCloseTo(found, within(1e-3));
        }
      }
    }
  }

  @Test
  void extremeOutputsHaveFiniteLosses() {
    for (BinaryOutput output : BinaryOutput.values()) {
      for (float value : new float[] {0, 1, 1000}) {
        for (int label = 0; label < 2; label++) {
          assertThat(output.crossEntropy(value, label)).isFinite();
          assertThat(output.slope(value, label)).isFinite();
        }
      }
    }
  }
}
