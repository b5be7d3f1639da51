package falcon.torch.training;

import java.util.BitSet;
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
  /// the networks, the samples and the options.
  ///
  /// @param done steps, one or more
  /// @param scales of the loss's terms
  /// @param choice what the choice of the support remembers; empty where it remembers nothing
  /// @param arrays weights and Adam's two moments, by name. Those of a state that goes out belong
  ///     to the refinement, which changes them in its next step; those of a state that comes in are
  ///     handed over
  /// @param kept which weights are not pruned, by tensor; the same holds for whose they are
  record State(
      int done,
      List<Double> scales,
      List<Double> choice,
      Map<String, float[]> arrays,
      Map<String, BitSet> kept) {
    public State {
      scales = List.copyOf(scales);
      choice = List.copyOf(choice);
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
