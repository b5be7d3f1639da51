package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.PatternSamples;
import falcon.torch.execution.Evaluation;
import falcon.torch.kernel.Workers;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("native")
@Tag("kernels")
class TrainingTest {
  private static final int SAMPLES = 150;

  private final Network network = Graph.residual(3);

  @Test
  void lossFallsAndTheClassesAreLearnt() {
    var losses = new ArrayList<Double>();
    Network trained = train(2, options(6, 50, 0.1), losses);
    assertThat(losses).hasSize(18);
    assertThat(losses.getLast()).isLessThan(0.5 * losses.getFirst());
    try (var workers = new Workers(1)) {
      Evaluation evaluation = Evaluation.of(trained, new PatternSamples(3, 6, 5, 90, 8), workers);
      assertThat(evaluation.accuracy()).isGreaterThan(90);
    }
  }

  @Test
  void bitsAreTheSameForAnyNumberOfThreads() {
    var options = options(1, 75, 0.1);
    Network one = train(1, options, new ArrayList<>());
    Network two = train(2, options, new ArrayList<>());
    assertThat(two.initializers()).isEqualTo(one.initializers());
  }

  @Test
  void lossThatIsNotFiniteEndsTheTraining() {
    var options = options(2, 50, 1e30);
    assertThatThrownBy(() -> train(1, options, new ArrayList<>()))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageMatching("the loss became \\S+ in epoch \\d; a smaller .+ 1\\.0E30 may help");
  }

  private Network train(int threads, Training.Options options, List<Double> losses) {
    try (var workers = new Workers(threads)) {
      Network trained =
          new Training(options, workers)
              .train(
                  network,
                  Training.Scope.ALL,
                  Objective.crossEntropy(),
                  epoch -> new PatternSamples(3, 6, 5, SAMPLES, epoch),
                  (epoch, done, total, loss) -> losses.add(loss));
      return BatchNormRefresh.refresh(trained, new PatternSamples(3, 6, 5, SAMPLES, 100), workers);
    }
  }

  private static Training.Options options(int epochs, int batch, double rate) {
    return new Training.Options(
        epochs,
        batch,
        new Training.Rate(rate, Training.Decay.COSINE, 0.15),
        new Training.Steps(Optimizer.SGD, 0.9, 5e-4));
  }
}
