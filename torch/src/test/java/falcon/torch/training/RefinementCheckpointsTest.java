package falcon.torch.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import falcon.model.Network;
import falcon.torch.Graph;
import falcon.torch.NoiseSamples;
import falcon.torch.kernel.Workers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("native")
class RefinementCheckpointsTest {
  private static final List<String> MASKED = List.of("c1.w", "c2.w", "logits.w");
  private static final Refinement.Options OPTIONS = new Refinement.Options(24, 0.03, 1, 1);
  private static final int STEPS = 12;

  private final Network dense = Graph.residual(3);
  private final Network pruned = Graph.halved(dense, "c1.w", "c2.w");

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 11, 12})
  void goingOnAfterAnyStepGivesTheSameBits(int broken) {
    Network whole = refine(STEPS, 2, StepCheckpoints.NONE);
    var store = new Store(null, broken);
    refine(STEPS, 2, store);
    Network rest = refine(STEPS, 3, new Store(store.kept, 0));
    assertThat(rest.initializers()).isEqualTo(whole.initializers());
  }

  @Test
  void onlyTheStepsThatAreLeftAreTaken() {
    var store = new Store(null, 9);
    refine(STEPS, 2, store);
    var again = new Store(store.kept, 0);
    refine(STEPS, 2, again);
    assertThat(again.steps).containsExactly(10, 11, 12);
  }

  @Test
  void aStateOfMoreStepsIsRefused() {
    var store = new Store(null, 9);
    refine(STEPS, 2, store);
    assertThatThrownBy(() -> refine(8, 2, new Store(store.kept, 0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the refinement's state is that after 9 steps of 8");
  }

  @Test
  void aStateOfOtherTensorsIsRefused() {
    var state = new StepCheckpoints.State(3, List.of(1.0), Map.of("values/c1.w", new float[3]));
    assertThatThrownBy(() -> refine(STEPS, 2, new Store(state, 0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageMatching(
            "the refinement's state has 3 numbers as 'values/c1.w', wanted are \\d+ numbers");
  }

  private Network refine(int steps, int threads, StepCheckpoints store) {
    var samples = new NoiseSamples(List.of(3L, 6L, 5L), steps * OPTIONS.batch(), 3, 5);
    try (var workers = new Workers(threads)) {
      return new Refinement(dense, MASKED, List.of(), OPTIONS, 1L << 30, workers)
          .keptIn(store)
          .refine(pruned, MASKED, samples, true, (done, loss) -> {});
    }
  }

  /// Stores a copy of the state after one step.
  private static final class Store implements StepCheckpoints {
    private final int step;
    private final List<Integer> steps = new ArrayList<>();
    private @Nullable State kept;

    Store(@Nullable State kept, int step) {
      this.kept = kept;
      this.step = step;
    }

    @Override
    public @Nullable State last() {
      return kept;
    }

    @Override
    public void stepDone(int done, int of, Supplier<State> state) {
      steps.add(done);
      if (done == step) {
        State live = state.get();
        var arrays = new LinkedHashMap<String, float[]>();
        live.arrays().forEach((name, array) -> arrays.put(name, array.clone()));
        kept = new State(done, live.scales(), arrays);
      }
    }
  }
}
