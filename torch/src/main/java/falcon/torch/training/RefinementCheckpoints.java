package falcon.torch.training;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where a [Refinement] leaves its state on the way and finds it again, so that one that is broken
/// off can go on to the same bits. Used from the thread that refines.
public interface RefinementCheckpoints {
  /// Keeps nothing.
  RefinementCheckpoints NONE =
      new RefinementCheckpoints() {
        @Override
        public @Nullable State last() {
          return null;
        }

        @Override
        public void stepDone(int done, int steps, Supplier<State> state) {}
      };

  /// The state of a refinement between two steps: all that the following steps depend on, beside
  /// the networks (their zeros are the support), the samples and the options.
  ///
  /// @param done steps, one or more
  /// @param scales of the loss's terms
  /// @param arrays weights and Adam's two moments, by name. Those of a state that goes out belong
  ///     to the refinement, which changes them in its next step; those of a state that comes in are
  ///     handed over
  record State(int done, List<Double> scales, Map<String, float[]> arrays) {
    public State {
      scales = List.copyOf(scales);
    }
  }

  /// The state that was kept last; null for a refinement that begins.
  @Nullable State last();

  /// Hears of every step and decides whether the state behind it is kept.
  ///
  /// @param done steps that are done
  /// @param steps of the refinement
  /// @param state to be asked for and written before this returns
  void stepDone(int done, int steps, Supplier<State> state);
}
