package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.PatternSamples;
import falcon.torch.execution.Evaluation;
import falcon.torch.kernel.Workers;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  @ParameterizedTest
  @EnumSource(Optimizer.class)
  void weightsOutsideTheMaskAreZeroAndFrozenTensorsKeepTheirBits(Optimizer optimizer) {
    var kept = new BitSet();
    kept.set(3, 40);
    var scope = new Training.Scope(Map.of("c1.w", kept), Set.of("n1.scale", "logits.b"), 1L << 30);
    Network trained = train(scope, optimizer, Training.Decay.LINEAR, StepCheckpoints.NONE);
    float[] before = network.tensor("c1.w").toFloats();
    float[] after = trained.tensor("c1.w").toFloats();
    for (int i = 0; i < after.length; i++) {
      if (kept.get(i)) {
        assertThat(after[i]).isNotZero().isNotEqualTo(before[i]);
      } else {
        assertThat(Float.floatToRawIntBits(after[i])).as("weight %d", i).isZero();
      }
    }
    assertThat(trained.tensor("n1.scale")).isEqualTo(network.tensor("n1.scale"));
    assertThat(trained.tensor("logits.b")).isEqualTo(network.tensor("logits.b"));
    assertThat(trained.tensor("n1.shift")).isNotEqualTo(network.tensor("n1.shift"));
  }

  @ParameterizedTest
  @EnumSource(Optimizer.class)
  void trainingThatGoesOnFromAStateEndsWithTheSameBits(Optimizer optimizer) {
    var store = new Store(4);
    Network whole = train(Training.Scope.ALL, optimizer, Training.Decay.COSINE, store);
    Network resumed = train(Training.Scope.ALL, optimizer, Training.Decay.COSINE, store);
    assertThat(store.begun).containsExactly(0, 4);
    assertThat(resumed.initializers()).isEqualTo(whole.initializers());
  }

  @Test
  void stateOfAnotherTrainingIsRefused() {
    var store = new Store(4);
    train(Training.Scope.ALL, Optimizer.SGD, Training.Decay.COSINE, store);
    assertThatThrownBy(
            () -> train(Training.Scope.ALL, Optimizer.ADAMW, Training.Decay.COSINE, store))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the training's state has nothing as 'second moments/c1.w'");
  }

  @Test
  void tensorsThatNoGradientReachesAreNamedAndKeepTheirBits() {
    Network behind =
        new Graph(3, 3, 6, 5)
            .convolution("c1", "x", new long[] {4, 3, 3, 3})
            .convolution("side", "x", new long[] {4, 3, 3, 3})
            .node("Shape", "sizes", List.of("side"))
            .node("Reshape", "r", List.of("c1", "sizes"))
            .classifier("logits", "r", 4, 3)
            .network("logits");
    var frozen = new ArrayList<String>();
    try (var workers = new Workers(1)) {
      Network trained =
          new Training(options(1, 50, 0.1), workers)
              .train(
                  behind,
                  Training.Scope.ALL,
                  Objective.crossEntropy(),
                  epoch -> new PatternSamples(3, 6, 5, SAMPLES, epoch),
                  new Training.Listener() {
                    @Override
                    public void frozen(List<String> names) {
                      frozen.addAll(names);
                    }

                    @Override
                    public void step(int epoch, int done, int total, double loss) {}
                  });
      assertThat(frozen).containsExactly("side.w");
      assertThat(trained.tensor("side.w")).isEqualTo(behind.tensor("side.w"));
      assertThat(trained.tensor("c1.w")).isNotEqualTo(behind.tensor("c1.w"));
    }
  }

  @Test
  void drawnWeightsLearnAndFollowTheirRules() {
    Network drawn = DrawnWeights.of(network, 7);
    assertThat(DrawnWeights.of(network, 7).initializers()).isEqualTo(drawn.initializers());
    assertThat(DrawnWeights.of(network, 8).tensor("c1.w")).isNotEqualTo(drawn.tensor("c1.w"));
    assertThat(drawn.tensor("n1.scale").toFloats()).containsOnly(1);
    assertThat(drawn.tensor("n1.shift").toFloats()).containsOnly(0);
    assertThat(drawn.tensor("n1.mean").toFloats()).containsOnly(0);
    assertThat(drawn.tensor("n1.variance").toFloats()).containsOnly(1);
    assertThat(drawn.tensor("logits.b").toFloats()).containsOnly(0);
    assertThat(deviation(drawn.tensor("c2.w").toFloats()))
        .isCloseTo(Math.sqrt(2.0 / 36), Offset.offset(0.05));
    var losses = new ArrayList<Double>();
    try (var workers = new Workers(2)) {
      new Training(options(6, 50, 0.1), workers)
          .train(
              drawn,
              Training.Scope.ALL,
              Objective.crossEntropy(),
              epoch -> new PatternSamples(3, 6, 5, SAMPLES, epoch),
              (epoch, done, total, loss) -> losses.add(loss));
    }
    assertThat(losses.getLast()).isLessThan(0.5 * losses.getFirst());
  }

  private static double deviation(float... values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  private Network train(
      Training.Scope scope,
      Optimizer optimizer,
      Training.Decay decay,
      StepCheckpoints checkpoints) {
    var options =
        new Training.Options(
            3, 64, new Training.Rate(0.01, decay, 0.2), new Training.Steps(optimizer, 0.9, 5e-4));
    try (var workers = new Workers(2)) {
      return new Training(options, workers)
          .keptIn(checkpoints)
          .train(
              network,
              scope,
              Objective.crossEntropy(),
              epoch -> new PatternSamples(3, 6, 5, SAMPLES, epoch),
              (epoch, done, total, loss) -> {});
    }
  }

  /// Keeps the state after one step.
  private static final class Store implements StepCheckpoints {
    private final int keptStep;
    private final List<Integer> begun = new ArrayList<>();
    private @Nullable State kept;

    Store(int keptStep) {
      this.keptStep = keptStep;
    }

    @Override
    public @Nullable State last() {
      begun.add(kept == null ? 0 : kept.done());
      return kept;
    }

    @Override
    public void stepDone(int done, int steps, Supplier<State> state) {
      if (done == keptStep && kept == null) {
        State present = state.get();
        var arrays = new HashMap<String, float[]>();
        present.arrays().forEach((name, array) -> arrays.put(name, array.clone()));
        kept = new State(done, present.scales(), arrays);
      }
    }
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
