package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import falcon.model.DataType;
import falcon.model.Network;
import falcon.model.Node;
import falcon.model.ValueInfo;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.execution.Evaluation;
import falcon.torch.execution.Logits;
import falcon.torch.kernel.Workers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
@Tag("kernels")
class ObjectiveTest {
  private static final int SAMPLES = 50;

  private final Workers workers = new Workers(2);
  private final NoiseSamples samples = new NoiseSamples(List.of(3L, 6L, 5L), SAMPLES, 3, 1);
  private final Network network = Graph.residual(3);
  private final Network other = Graph.disturbed(network, 1, 4);

  @AfterEach
  void end() {
    workers.close();
  }

  @Test
  void crossEntropyIsThatOfTheEvaluation() {
    double wanted = Evaluation.of(network, samples, workers).crossEntropy();
    assertThat(Objective.crossEntropy().mean(network, samples, 7, workers))
        .isCloseTo(wanted, within(1e-5));
  }

  @Test
  void divergenceIsTheDefinition() {
    var parts = new Objective.Parts(1, 0, 0, 2);
    double wanted = 4 * divergence(other, network, 2);
    try (Objective objective =
        Objective.towards(other, Objective.Outputs.LOGITS, parts, List.of(), samples)) {
      assertThat(objective.mean(network, samples, 16, workers)).isCloseTo(wanted, within(1e-5));
      assertThat(objective.mean(other, samples, 16, workers)).isCloseTo(0, within(1e-6));
    }
  }

  @Test
  void bothAreTheWeightedSum() {
    double entropy = Objective.crossEntropy().mean(network, samples, 32, workers);
    double divergence = divergence(other, network, 1);
    try (Objective objective =
        Objective.towards(
            other,
            Objective.Outputs.LOGITS,
            new Objective.Parts(0.5, 0, 0.25, 1),
            List.of(),
            samples)) {
      assertThat(objective.mean(network, samples, 32, workers))
          .isCloseTo(0.5 * divergence + 0.25 * entropy, within(1e-5));
    }
  }

  @Test
  void probabilitiesCountAsTheLogitsBehindThem() {
    Network soft = softmax(network);
    assertThat(Objective.ofClassifier(soft, false)).isEqualTo(Objective.Outputs.PROBABILITIES);
    assertThat(Objective.ofClassifier(network, false)).isEqualTo(Objective.Outputs.LOGITS);
    double ofLogits = Objective.crossEntropy().mean(network, samples, 32, workers);
    assertThat(Objective.labels(Objective.Outputs.PROBABILITIES).mean(soft, samples, 32, workers))
        .isCloseTo(ofLogits, within(1e-4));
  }

  @Test
  void numbersAreComparedOnTheScaleOfTheirVariance() {
    var parts = new Objective.Parts(1, 0, 0, 1);
    try (Objective objective =
        Objective.towards(network, Objective.Outputs.NUMBERS, parts, List.of(), samples)) {
      double near = objective.mean(Graph.disturbed(network, 0.01, 5), samples, 32, workers);
      assertThat(near).isBetween(1e-12, 0.1);
      assertThat(objective.mean(network, samples, 32, workers)).isZero();
    }
  }

  private double divergence(Network teacher, Network student, double temperature) {
    Logits wanted = Evaluation.logits(teacher, samples, workers);
    Logits found = Evaluation.logits(student, samples, workers);
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++) {
      for (int c = 0; c < 3; c++) {
        double p = logShare(wanted, i, c, temperature);
        sum += Math.exp(p) * (p - logShare(found, i, c, temperature));
      }
    }
    return sum / SAMPLES;
  }

  private static double logShare(Logits logits, int sample, int label, double temperature) {
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      sum += Math.exp(logits.value(sample, c) / temperature);
    }
    return logits.value(sample, label) / temperature - Math.log(sum);
  }

  private static Network softmax(Network network) {
    var builder = Network.builder("soft");
    builder.opset("", 17);
    network.inputs().forEach(builder::input);
    network.initializers().forEach(builder::initializer);
    network.nodes().forEach(builder::node);
    builder.node(new Node("soft", "Softmax", "", List.of("logits"), List.of("soft"), Map.of()));
    return builder.output(new ValueInfo("soft", DataType.FLOAT32, null)).build();
  }
}
